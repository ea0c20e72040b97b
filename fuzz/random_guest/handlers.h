// SPDX-License-Identifier: MIT
//
// A random guest's handlers of exceptions and interrupts. They go on at the next place, or
// elsewhere, so that a guest lives on; after a number of events they end the run by a port.

#ifndef RANDOM_GUEST_HANDLERS_H
#define RANDOM_GUEST_HANDLERS_H

#include "choices.h"
#include "image.h"

// Where a handler lets the guest go on.
enum handlers_reach {
    HANDLERS_CODE,  // In the code, whatever the alias.
    HANDLERS_BASED, // In the code, as code of 16 bits sees it: from its segment's base.
    HANDLERS_ANYWHERE,
};

struct handlers_use {
    enum handlers_reach long_mode;
    enum handlers_reach legacy;
    bool real_vectors;
};

// At HANDLERS_64, HANDLERS_32 and HANDLERS_REAL, and real mode's vectors if asked for.
void handlers_put(struct image *image, struct choices *choices, const struct handlers_use *use);

// Where the handler of a vector begins in the handlers of one width.
uint32_t handlers_address(uint32_t handlers, unsigned vector);

#endif // RANDOM_GUEST_HANDLERS_H
