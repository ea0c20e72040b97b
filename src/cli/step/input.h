// SPDX-License-Identifier: MIT
//
// What keys and the mouse mean: commands, or letters of one that is being typed.

#ifndef CLI_STEP_INPUT_H
#define CLI_STEP_INPUT_H

#include "cli/step/keys.h"

struct session;

void input_key(struct session *session, const struct key *key);

#endif // CLI_STEP_INPUT_H
