// SPDX-License-Identifier: MIT
//
// What the guest has written to its serial port: the last lines.

#include "cli/step/pane.h"

#include <string.h>

// Where the row begins that many rows before the end of the text.
static size_t rows_before_end(const char *text, size_t length, unsigned rows) {
    size_t at = length;
    if (at > 0 && text[at - 1] == '\n')
        at--;
    while (at > 0 && (text[at - 1] != '\n' || --rows > 0))
        at--;
    return at;
}

void pane_serial(const struct model *model, const struct sight *sight, struct grid *grid,
                 const struct box *box) {
    char text[RECORD_OUTPUT];
    const size_t length = record_read_output(model->record, text, sizeof(text));
    const int scroll = sight->scroll[PANE_SERIAL];
    unsigned row = 0;
    unsigned column = 0;
    if (length == 0)
        grid_put(grid, box, 0, 1, LOOK_FAINT, "%s",
                 model->options->has_serial ? "The guest has written nothing yet."
                                            : "There is no serial port: see --serial.");
    size_t at = rows_before_end(text, length, box->rows + (unsigned)(scroll < 0 ? -scroll : 0));
    for (; at < length && row < box->rows; at++) {
        if (text[at] == '\n') {
            row++;
            column = 0;
        } else if (text[at] != '\r') {
            column = grid_put(grid, box, row, column, LOOK_PLAIN, "%c", text[at]);
        }
    }
}
