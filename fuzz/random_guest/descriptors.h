// SPDX-License-Identifier: MIT
//
// A random guest's GDT, LDT, IDTs, task states and gates.

#ifndef RANDOM_GUEST_DESCRIPTORS_H
#define RANDOM_GUEST_DESCRIPTORS_H

#include "choices.h"
#include "image.h"

void descriptors_put(struct image *image, struct choices *choices);

// A descriptor or half of a gate, from sensible to absurd.
uint64_t descriptors_choose(struct choices *choices);

// A selector: of the table, with any RPL, of the LDT, null or absurd.
uint16_t descriptors_choose_selector(struct choices *choices);

#endif // RANDOM_GUEST_DESCRIPTORS_H
