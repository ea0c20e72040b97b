// SPDX-License-Identifier: MIT
//
// The guest's page tables, as far as entries of the TLB come from them. Such entries outlive a
// restore where that changes nothing of their tables. Afterwards they are what an empty TLB would
// be filled with, as long as nobody stores to the tables: so the first store to one flushes the
// TLB.
//
// A page that a walk has read a table in is marked (dirty_pages.h), and read-only in the nested
// tables as other pages of an image are, so that a store to it is noticed.

#ifndef ENGINE_CPU_UNICORN_GUEST_TABLES_H
#define ENGINE_CPU_UNICORN_GUEST_TABLES_H

#include <stdbool.h>
#include <stdint.h>

struct memory;

// Whether a walk may read tables in the page, without making it writable as Unicorn's would. If so,
// it is marked.
bool guest_tables_note(struct memory *memory, uint64_t guest_physical);

// A store of the guest's meets a page that is not writable in the nested tables. True if it is now,
// because the store had only to be noticed. False, with nothing done, where more is to be done:
// translations may have to be dropped, or entries of the TLB.
bool guest_tables_spare(struct memory *memory, uint64_t guest_physical);

// Before a run: have calls or other mappings stored to tables since an image was applied?
void guest_tables_look(struct memory *memory);

#endif // ENGINE_CPU_UNICORN_GUEST_TABLES_H
