// SPDX-License-Identifier: MIT
//
// Whatever is written, it stays inside of its box.

#include "cli/step/grid.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

static unsigned within(unsigned number, unsigned most) {
    return number < 1 ? 1 : number > most ? most : number;
}

void grid_open(struct grid *grid, unsigned rows, unsigned columns) {
    grid->rows = within(rows, GRID_MAX_ROWS);
    grid->columns = within(columns, GRID_MAX_COLUMNS);
    for (unsigned row = 0; row < grid->rows; row++)
        for (unsigned column = 0; column < grid->columns; column++)
            grid->cells[row][column] = (struct cell){' ', LOOK_PLAIN};
}

// NULL outside of the box, or of the grid.
static struct cell *cell_at(struct grid *grid, const struct box *box, unsigned row,
                            unsigned column) {
    const bool inside = row < box->rows && column < box->columns && box->row + row < grid->rows &&
                        box->column + column < grid->columns;
    return inside ? &grid->cells[box->row + row][box->column + column] : NULL;
}

static char printable(char byte) {
    if (byte >= ' ' && byte <= '~')
        return byte;
    return '?';
}

unsigned grid_put(struct grid *grid, const struct box *box, unsigned row, unsigned column,
                  enum look look, const char *format, ...) {
    char text[GRID_MAX_COLUMNS + 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (const char *at = text; *at; at++, column++) {
        struct cell *cell = cell_at(grid, box, row, column);
        if (cell)
            *cell = (struct cell){printable(*at), (uint8_t)look};
    }
    return column;
}

void grid_mark(struct grid *grid, const struct box *box, unsigned row, enum look look) {
    for (unsigned column = 0; column < box->columns; column++) {
        struct cell *cell = cell_at(grid, box, row, column);
        if (cell)
            cell->look = (uint8_t)look;
    }
}

void grid_print(const struct grid *grid, const struct box *box, FILE *stream) {
    for (unsigned row = box->row; row < box->row + box->rows && row < grid->rows; row++) {
        char line[GRID_MAX_COLUMNS + 1];
        unsigned length = 0;
        for (unsigned i = 0; i < box->columns && box->column + i < grid->columns; i++)
            line[length++] = grid->cells[row][box->column + i].byte;
        while (length > 0 && line[length - 1] == ' ')
            length--;
        line[length++] = '\n';
        fwrite(line, 1, length, stream);
    }
}
