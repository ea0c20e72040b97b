// SPDX-License-Identifier: MIT
//
// Row by row, from the first cell that differs to the last. Colours and mouse are xterm's; a
// terminal without them shows the same in bold and in reverse.

#include "cli/step/screen.h"

// The other screen, no cursor, clicks and the wheel in the form of mode 1006.
const char screen_greeting[] = "\033[?1049h\033[?25l\033[?1000h\033[?1006h";
const char screen_farewell[] = "\033[0m\033[?1006l\033[?1000l\033[?25h\033[?1049l";

static const char *const looks[] = {
    [LOOK_PLAIN] = "\033[0m",        [LOOK_STRONG] = "\033[0;1m", [LOOK_FAINT] = "\033[0;2m",
    [LOOK_CHANGED] = "\033[0;1;33m", [LOOK_BAR] = "\033[0;7m",
};

static bool differs(const struct screen *screen, const struct grid *grid, unsigned row,
                    unsigned column) {
    const struct cell *now = &grid->cells[row][column];
    const struct cell *shown = &screen->shown.cells[row][column];
    return !screen->known || now->byte != shown->byte || now->look != shown->look;
}

static void draw_cells(const struct grid *grid, unsigned row, unsigned first, unsigned last,
                       FILE *stream) {
    int look = -1;
    fprintf(stream, "\033[%u;%uH", row + 1, first + 1);
    for (unsigned column = first; column <= last; column++) {
        const struct cell *cell = &grid->cells[row][column];
        if (cell->look != look)
            fputs(looks[cell->look], stream);
        look = cell->look;
        fputc(cell->byte, stream);
    }
}

void screen_draw(struct screen *screen, const struct grid *grid, FILE *stream) {
    if (screen->shown.rows != grid->rows || screen->shown.columns != grid->columns)
        screen->known = false;
    if (!screen->known)
        fputs("\033[0m\033[2J", stream);
    for (unsigned row = 0; row < grid->rows; row++) {
        unsigned first = 0;
        unsigned last = grid->columns;
        while (first < last && !differs(screen, grid, row, first))
            first++;
        while (last > first && !differs(screen, grid, row, last - 1))
            last--;
        if (first < last)
            draw_cells(grid, row, first, last - 1, stream);
    }
    fflush(stream);
    screen->shown = *grid;
    screen->known = true;
}
