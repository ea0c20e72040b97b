// SPDX-License-Identifier: MIT
//
// A session at a terminal.

#ifndef CLI_STEP_TUI_H
#define CLI_STEP_TUI_H

#include "cli/step/session.h"

// Until the session is over, or the terminal. False when the terminal cannot be used, which has
// been said.
bool tui_run(struct session *session);

#endif // CLI_STEP_TUI_H
