// SPDX-License-Identifier: MIT
//
// Unicorn translates a copy of the guest's code: the very bytes that were read ahead (block.h).
// Memory may change in between, by a call, by the client's own mapping, by another guest that has
// the same memory, and what nobody has looked at must not reach Unicorn. It fetches code through an
// entry of its TLB that leads to the host's memory; while it translates, that entry is made to lead
// to the copy. The entry is recognised by its contents: the page, and the distance to the host
// address of the page. In the copy other instructions can stand in for some (stand_in.h).
//
// Where the entry is not found the page itself is swapped (page_swap.h).

#ifndef ENGINE_CPU_UNICORN_CODE_COPY_H
#define ENGINE_CPU_UNICORN_CODE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicorn/unicorn.h>

// Right before the state Unicorn has, for each kind of access, a mask and a table.
enum { CODE_COPY_SEARCHED = 0x100, CODE_COPY_ENTRIES = 3 };

struct code_copy {
    unsigned count;                      // Entries that lead to the copy until code_copy_end().
    uint8_t *entries[CODE_COPY_ENTRIES]; // Words of Unicorn's that were changed.
    uint64_t distance;                   // How far they were moved.
    uint32_t *known;   // Which pairs of words are those of a table of entries: a bit each.
    uint8_t *pages[2]; // What was read, at its place. Unicorn has to know this memory.
};

// The page at the linear address, which is at `host`, is about to be fetched from, and will be
// until code_copy_end(), before which nothing but code may be read. `state` is the engine's, in
// place. False where the entry is not found.
bool code_copy_show(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                    const uint8_t *host);
void code_copy_end(struct code_copy *copy);

// Shows the copy's second page for the fetch that is about to be made and no other: before
// translation ends Unicorn looks up where in its memory the page is, and must not find the copy.
// The entry is not used again, and `entry` says what it was.
bool code_copy_show_once(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                         const uint8_t *host, uc_tlb_entry *entry);

#endif // ENGINE_CPU_UNICORN_CODE_COPY_H
