// SPDX-License-Identifier: MIT
//
// What stands behind a command's name. What is wrong with it is said.

#ifndef CLI_STEP_ARGUMENTS_H
#define CLI_STEP_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/step/debuggee.h"

struct session;

// A number of times, 1 when there is none. False for what is no number above 0.
bool take_count(struct session *session, const char *argument, uint64_t *count);

// The vector of an interrupt. False for what is none.
bool take_vector(struct session *session, const char *argument, uint8_t *vector);

// A linear address. False for what is none.
bool take_address(struct session *session, const char *argument, uint64_t *linear);

// A linear address, where the guest is when there is none. False for what is none.
bool take_place(struct session *session, const char *argument, uint64_t *linear);

// A kind of exit, all of them when there is none. False for what is none.
bool take_kinds(struct session *session, const char *argument, struct debuggee_wish *wish);

#endif // CLI_STEP_ARGUMENTS_H
