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
    struct table_chunk *chunks; // The newest first.
    // The first of the pages that are free again, each with the next one's address in it.
    uint64_t given_back;
    uint64_t left;     // Free pages, including those that were never used.
    uint64_t reserved; // Free pages that are set aside.
    uint64_t all;      // In all chunks.
};

// More than one instruction of a guest takes, whatever it touches.
#define TABLE_PAGES_ENOUGH 128u

// Memory for TABLE_PAGES_ENOUGH more. False when the bound or the host's memory is reached.
bool table_pages_provide(struct table_pages *pages);

// Sets so many aside, for table_pages_take_reserved(), but for those of which it is said that they
// will not be taken. False, with nothing done, when too few would be left for others.
bool table_pages_reserve(struct table_pages *pages, uint64_t count);
void table_pages_release(struct table_pages *pages, uint64_t count);

// The physical address of a page of zeros; 0 when none is left. There always is a reserved one.
uint64_t table_pages_take(struct table_pages *pages);
uint64_t table_pages_take_reserved(struct table_pages *pages);

// The page is zeros again.
void table_pages_give(struct table_pages *pages, uint64_t physical);

void table_pages_clear(struct table_pages *pages);

// The page at a physical address.
uint64_t *table_pages_at(const struct table_pages *pages, uint64_t physical);

#endif // ENGINE_CPU_UNICORN_TABLE_PAGES_H
