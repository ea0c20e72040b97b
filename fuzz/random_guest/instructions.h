// SPDX-License-Identifier: MIT
//
// Single instructions of a random guest: any form with any prefixes, and those that are known to be
// delicate.

#ifndef RANDOM_GUEST_INSTRUCTIONS_H
#define RANDOM_GUEST_INSTRUCTIONS_H

#include "choices.h"
#include "code.h"

// A linear address where something is, or where nothing is.
uint64_t instructions_choose_address(struct choices *choices, unsigned bits);

// Any form: prefixes, an opcode of any map, an operand at an address that was loaded before, and
// whatever an immediate finds.
void instructions_put_form(struct code *code, struct choices *choices);

// One of the delicate ones, at most four bytes and an operand at [RBX] or [BX].
void instructions_put_delicate(struct code *code, struct choices *choices);

// One instruction many times.
void instructions_put_run(struct code *code, struct choices *choices);

// A string instruction over the end of a page.
void instructions_put_string(struct code *code, struct choices *choices);

// Division and string comparison of SSE 4.2, with operands at their limits.
void instructions_put_limits(struct code *code, struct choices *choices);

#endif // RANDOM_GUEST_INSTRUCTIONS_H
