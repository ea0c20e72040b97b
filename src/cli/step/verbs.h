// SPDX-License-Identifier: MIT
//
// What the commands do with a session. Each gets what stands behind its name, and returns false
// when that is wrong, which has been said.

#ifndef CLI_STEP_VERBS_H
#define CLI_STEP_VERBS_H

#include <stdbool.h>

#include "cli/step/pane.h"

struct session;

typedef bool verb_function(struct session *session, const char *argument);

// Moving the guest.
verb_function verb_step_in;
verb_function verb_over;
verb_function verb_continue;
verb_function verb_exit;
verb_function verb_packet;
verb_function verb_until;
verb_function verb_back;
verb_function verb_back_continue;
verb_function verb_back_exit;
verb_function verb_back_packet;
verb_function verb_back_until;
verb_function verb_beginning;

// What comes from outside of it.
verb_function verb_interrupt;

// Where it stops.
verb_function verb_break;
verb_function verb_delete;
verb_function verb_toggle;
verb_function verb_watch;
verb_function verb_unwatch;

// Looking at it.
verb_function verb_show;
verb_function verb_next_pane;
verb_function verb_memory;
verb_function verb_walk;
verb_function verb_code;
verb_function verb_registers;
verb_function verb_scroll;
verb_function verb_screen;
void verb_choose(struct session *session, enum pane pane);

#endif // CLI_STEP_VERBS_H
