// SPDX-License-Identifier: MIT
//
// A grid on a terminal, by the sequences of a VT100. What is there already is not sent again.

#ifndef CLI_STEP_SCREEN_H
#define CLI_STEP_SCREEN_H

#include <stdbool.h>

#include "cli/step/grid.h"

// What takes a terminal into use, and what gives it back.
extern const char screen_greeting[];
extern const char screen_farewell[];

struct screen {
    bool known; // `shown` is what the terminal shows.
    struct grid shown;
};

void screen_draw(struct screen *screen, const struct grid *grid, FILE *stream);

#endif // CLI_STEP_SCREEN_H
