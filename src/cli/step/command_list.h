// SPDX-License-Identifier: MIT
//
// The commands in words, for whoever lists them.

#ifndef CLI_STEP_COMMAND_LIST_H
#define CLI_STEP_COMMAND_LIST_H

#include <stdio.h>

#include "cli/step/grid.h"

enum command {
    COMMAND_STEP,
    COMMAND_OVER,
    COMMAND_CONTINUE,
    COMMAND_EXIT,
    COMMAND_PACKET,
    COMMAND_UNTIL,
    COMMAND_BACK,
    COMMAND_BACK_CONTINUE,
    COMMAND_BACK_EXIT,
    COMMAND_BACK_PACKET,
    COMMAND_BACK_UNTIL,
    COMMAND_BEGINNING,
    COMMAND_INTERRUPT,
    COMMAND_TOGGLE,
    COMMAND_BREAK,
    COMMAND_DELETE,
    COMMAND_WATCH,
    COMMAND_UNWATCH,
    COMMAND_MEMORY,
    COMMAND_WALK,
    COMMAND_CODE,
    COMMAND_REGISTERS,
    COMMAND_SHOW,
    COMMAND_NEXT_PANE,
    COMMAND_SCROLL,
    COMMAND_SCREEN,
    COMMAND_HELP,
    COMMAND_QUIT,
    COMMANDS,
};

struct command_words {
    const char *name;
    const char *key; // The short name, which is a key as well; or "".
    const char *argument;
    const char *help;
};

extern const struct command_words command_list[COMMANDS];

// Draws the commands that have keys, and what else keys and the mouse do.
void command_list_draw(struct grid *grid, const struct box *box);

// Prints all of them.
void command_list_print(FILE *stream);

#endif // CLI_STEP_COMMAND_LIST_H
