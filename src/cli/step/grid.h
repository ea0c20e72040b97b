// SPDX-License-Identifier: MIT
//
// A screen in memory: rows of characters, each with a look. It knows nothing of terminals.

#ifndef CLI_STEP_GRID_H
#define CLI_STEP_GRID_H

#include <stdint.h>
#include <stdio.h>
#include <zircon/compiler.h>

enum { GRID_MAX_ROWS = 128, GRID_MAX_COLUMNS = 256 };

enum look {
    LOOK_PLAIN,
    LOOK_STRONG,
    LOOK_FAINT,
    LOOK_CHANGED, // Something is other than it was.
    LOOK_BAR,     // A title, or the current line.
};

struct cell {
    char byte;
    uint8_t look; // An enum look.
};

struct grid {
    unsigned rows;
    unsigned columns;
    struct cell cells[GRID_MAX_ROWS][GRID_MAX_COLUMNS];
};

// A part of a grid.
struct box {
    unsigned row;
    unsigned column;
    unsigned rows;
    unsigned columns;
};

// Makes it blank and of that size, or as near to it as it can be.
void grid_open(struct grid *grid, unsigned rows, unsigned columns);

// Writes into a row of the box, from a column on, what fits. Bytes that are not printable become
// '?'. Returns the column behind it.
#ifdef __GNUC__
__PRINTFLIKE(6, 7)
#endif
unsigned grid_put(struct grid *grid, const struct box *box, unsigned row, unsigned column,
                  enum look look, const char *format, ...);

// Gives a whole row of the box a look.
void grid_mark(struct grid *grid, const struct box *box, unsigned row, enum look look);

// As text, without spaces at the ends of rows.
void grid_print(const struct grid *grid, const struct box *box, FILE *stream);

#endif // CLI_STEP_GRID_H
