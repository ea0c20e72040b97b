// SPDX-License-Identifier: MIT
//
// Page tables of a random guest: valid ones in every format, and what a hostile or broken guest
// makes of them.

#ifndef RANDOM_GUEST_PAGE_TABLES_H
#define RANDOM_GUEST_PAGE_TABLES_H

#include "choices.h"
#include "image.h"

void page_tables_put(struct image *image, struct choices *choices);

// An entry of any table, from sensible to absurd.
uint64_t page_tables_choose_entry(struct choices *choices);

// The guest-physical address of an entry of some table.
uint32_t page_tables_choose_place(struct choices *choices);

#endif // RANDOM_GUEST_PAGE_TABLES_H
