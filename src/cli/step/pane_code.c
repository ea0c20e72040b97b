// SPDX-License-Identifier: MIT
//
// Code: the instruction that comes next is marked, breakpoints have a "*", and functions have their
// names.

#include "cli/step/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/step/code_lines.h"

enum { BYTES_SHOWN = 8, WIDE = 62 };

// How many digits an address of this code has, 6 at least.
static int address_width(const struct model *model) {
    char digits[20];
    const int width = snprintf(digits, sizeof(digits), "%" PRIx64, model_code_address(&model->now));
    return width < 6 ? 6 : width;
}

// Where there is little room, "dword ptr [rdi]" is "dword [rdi]".
static void shorten(char *text) {
    static const char word[] = "ptr ";
    for (char *at = text; (at = strstr(at, word)) != NULL;)
        memmove(at, at + sizeof(word) - 1, strlen(at + sizeof(word) - 1) + 1);
}

static unsigned put_bytes(struct grid *grid, const struct box *box, unsigned row, unsigned column,
                          const struct code_line *line) {
    for (size_t i = 0; i < line->length && i < BYTES_SHOWN; i++)
        grid_put(grid, box, row, column + 2 * (unsigned)i, LOOK_FAINT, "%02x", line->bytes[i]);
    column += 2 * BYTES_SHOWN;
    grid_put(grid, box, row, column, LOOK_FAINT, "%s", line->length > BYTES_SHOWN ? "+" : "");
    return column + 1;
}

static void put_line(const struct model *model, struct grid *grid, const struct box *box,
                     unsigned row, struct code_line *line) {
    const bool current = line->linear == model_code_address(&model->now);
    const bool breakpoint = model_has_breakpoint(model, line->linear);
    grid_put(grid, box, row, 0, LOOK_PLAIN, "%c", current ? '>' : ' ');
    grid_put(grid, box, row, 1, LOOK_CHANGED, "%c", breakpoint ? '*' : ' ');
    unsigned column = grid_put(grid, box, row, 2, breakpoint ? LOOK_STRONG : LOOK_FAINT,
                               "%*" PRIx64 " ", address_width(model), line->linear);
    if (box->columns >= WIDE)
        column = put_bytes(grid, box, row, column, line);
    else
        shorten(line->text);
    grid_put(grid, box, row, column + 1, current ? LOOK_STRONG : LOOK_PLAIN, "%s", line->text);
    if (current)
        grid_mark(grid, box, row, LOOK_BAR);
}

// A row of the pane: an instruction, or the name of the function that begins there.
struct row {
    uint64_t linear;
    const struct symbol *name;
};

// How many rows there are, up to the box's number.
static unsigned lay_out(const struct model *model, const struct sight *sight, const struct box *box,
                        struct row *rows) {
    uint64_t before[GRID_MAX_ROWS];
    unsigned count = 0;
    const uint64_t middle = sight->has_code ? sight->code : model_code_address(&model->now);
    const size_t most = sight->has_code ? 0 : box->rows / 3;
    const size_t found = code_lines_before(model, middle, before, most);
    uint64_t next = middle;
    for (size_t i = 0; count < box->rows; i++) {
        const uint64_t linear = i < found ? before[i] : next;
        const struct symbol *symbol = symbols_find(model->symbols, linear);
        if (symbol && symbol->address == linear)
            rows[count++] = (struct row){linear, symbol};
        if (count == box->rows)
            break;
        rows[count++] = (struct row){linear, NULL};
        if (i < found)
            continue;
        const struct code_line line = code_line_at(model, linear);
        if (line.length == 0)
            break;
        next = linear + line.length;
    }
    return count;
}

void pane_code(const struct model *model, const struct sight *sight, struct grid *grid,
               const struct box *box) {
    struct row rows[GRID_MAX_ROWS];
    const unsigned count = lay_out(model, sight, box, rows);
    for (unsigned i = 0; i < count; i++) {
        if (rows[i].name) {
            grid_put(grid, box, i, 2, LOOK_STRONG, "%.100s:", rows[i].name->name);
            continue;
        }
        struct code_line line = code_line_at(model, rows[i].linear);
        put_line(model, grid, box, i, &line);
    }
}

bool pane_code_address(const struct model *model, const struct sight *sight, const struct box *box,
                       unsigned row, uint64_t *linear) {
    struct row rows[GRID_MAX_ROWS];
    if (row >= lay_out(model, sight, box, rows))
        return false;
    *linear = rows[row].linear;
    return true;
}
