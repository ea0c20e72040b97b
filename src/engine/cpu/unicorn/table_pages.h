// SPDX-License-Identifier: MIT
//
// Memory of the nested page tables, in the arena. The tables only repeat what the guest's mappings
// say, so they may be thrown away at any time between runs; that bounds what they take.

#ifndef ENGINE_CPU_UNICORN_TABLE_PAGES_H
#define ENGINE_CPU_UNICORN_TABLE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

struct table_chunk;
struct arena;

struct table_pages {
    struct arena *arena;
    struct table_chunk *chunks;
    uint64_t given_back; // The first of the pages that are free again, each with the next one's
                         // address in it.
    uint64_t next;       // The first that was never used, in the newest chunk.
    unsigned left;       // How many there are of both.
    uint64_t all;        // In all chunks.
};

// More than one instruction of a guest takes, whatever it touches.
#define TABLE_PAGES_ENOUGH 128u

// Memory for TABLE_PAGES_ENOUGH more. False when the bound or the host's memory is reached.
bool table_pages_provide(struct table_pages *pages);

// The physical address of a page of zeros; 0 when none is left.
uint64_t table_pages_take(struct table_pages *pages);

// The page is zeros again.
void table_pages_give(struct table_pages *pages, uint64_t physical);

void table_pages_clear(struct table_pages *pages);

// The page at a physical address.
uint64_t *table_pages_at(const struct table_pages *pages, uint64_t physical);

#endif // ENGINE_CPU_UNICORN_TABLE_PAGES_H
