// SPDX-License-Identifier: MIT
//
// The commands: lines of a script, of the prompt, and what keys and the mouse stand for.

#ifndef CLI_STEP_COMMANDS_H
#define CLI_STEP_COMMANDS_H

#include <stdbool.h>

struct session;

// Carries a line out. False when it is wrong, which has been said.
bool commands_run(struct session *session, const char *line);

// What to begin the command with that this short name stands for, if it needs more words; NULL when
// it needs none.
const char *commands_needs_argument(const char *key);

// Chooses a pane by its number. False when there is none of it.
bool commands_choose(struct session *session, unsigned pane);

#endif // CLI_STEP_COMMANDS_H
