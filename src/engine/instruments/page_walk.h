// SPDX-License-Identifier: MIT
//
// What a debugger sees of the way of an address: a walk through the guest's page tables, told entry
// by entry, and the nested entry that follows.

#ifndef ENGINE_INSTRUMENTS_PAGE_WALK_H
#define ENGINE_INSTRUMENTS_PAGE_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct machine;

enum page_walk_end {
    PAGE_WALK_MAPPED,
    PAGE_WALK_NOT_PRESENT,
    PAGE_WALK_RESERVED,
    PAGE_WALK_UNBACKED, // A table is not in memory.
    PAGE_WALK_NOT_CANONICAL,
};

enum { PAGE_WALK_LEVELS = 4 };

struct page_walk {
    enum page_walk_end end;
    unsigned count;
    unsigned entry_size; // 0 where paging is off.
    struct {
        uint64_t address; // Guest-physical.
        uint64_t value;
        unsigned shift; // The entry covers 1 << shift bytes.
    } entries[PAGE_WALK_LEVELS];
    bool writable; // By all levels together.
    bool user;
    bool executable;
    uint64_t physical; // MAPPED: where it leads. UNBACKED: where the next entry would be.
};

// Walks where the linear address leads, whoever may access it. Changes nothing.
void cpu_walk_linear(struct cpu *cpu, uint64_t linear, struct page_walk *out);

// The entry of the nested page tables that a guest-physical address leads to, as it is now, and how
// many bytes it leads to; 0 when none is present.
uint64_t machine_nested_entry(struct machine *machine, uint64_t guest_physical, uint64_t *size);

#endif // ENGINE_INSTRUMENTS_PAGE_WALK_H
