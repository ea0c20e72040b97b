// SPDX-License-Identifier: MIT
//
// A random guest's code: pieces of a few instructions each, which do what kernels do to the machine
// and what attackers do.

#ifndef RANDOM_GUEST_FRAGMENTS_H
#define RANDOM_GUEST_FRAGMENTS_H

#include "choices.h"
#include "code.h"

// Fills the code with pieces that begin at multiples of 16 bytes, to its end.
void fragments_put(struct code *code, struct choices *choices);

#endif // RANDOM_GUEST_FRAGMENTS_H
