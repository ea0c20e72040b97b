// SPDX-License-Identifier: MIT
//
// A guest, and somebody who looks at it and says what it is to do.

#ifndef CLI_STEP_SESSION_H
#define CLI_STEP_SESSION_H

#include <stdbool.h>
#include <zircon/compiler.h>

#include "cli/step/debuggee.h"
#include "cli/step/view.h"

struct session {
    struct debuggee debuggee;
    struct view view;
    FILE *out; // What is said goes there as lines; NULL: to the screen.
    bool over;
    char last[VIEW_LINE_SIZE]; // The last command of a key, which Enter repeats.
};

// Says something.
#ifdef __GNUC__
__PRINTFLIKE(2, 3)
#endif
void session_say(struct session *session, const char *format, ...);

#endif // CLI_STEP_SESSION_H
