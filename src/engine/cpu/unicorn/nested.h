// SPDX-License-Identifier: MIT
//
// The nested page tables: they decide what of guest-physical memory the guest reaches without an
// exit. Unicorn remembers entries; whoever takes something away from one says so to the engine.
//
// Where memory allows it an entry leads to 2 MiB or 1 GiB at once, which Unicorn walks to in less
// time. None does to a page that is watched (watch.h): such an entry is split, and where it is to
// be split the tables for that were set aside when it was made, so that splitting never fails.

#ifndef ENGINE_CPU_UNICORN_NESTED_H
#define ENGINE_CPU_UNICORN_NESTED_H

#include "engine/cpu/unicorn/nested_levels.h"
#include "engine/cpu/unicorn/table_pages.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

struct nested {
    struct arena *arena;
    uint64_t *root;
    struct table_pages pages;
    uint64_t changes; // How often entries lost a page or a right.
    uint64_t leaves;  // Entries that lead to pages.
};

#define NESTED_PRESENT 1ull
#define NESTED_WRITABLE 2ull
#define NESTED_ADDRESS 0xffffffffff000ull

// Begins with an empty root, which is a page of zeros.
void nested_open(struct nested *nested, struct arena *arena, uint8_t *root);
void nested_close(struct nested *nested);

// The translation of the 4 KiB page: its address in physical memory with NESTED_PRESENT, and
// NESTED_WRITABLE if it may be written; 0 when it is not mapped.
uint64_t nested_lookup(struct nested *nested, uint64_t guest_physical);

// The entry that leads there, as it is, and how many bytes it leads to; 0 when none is present.
uint64_t nested_entry(struct nested *nested, uint64_t guest_physical, uint64_t *size);

// The page of the arena that is present there, or NO_ARENA_PAGE.
uint64_t nested_page(struct nested *nested, uint64_t guest_physical);

// Makes the page of the arena, or at a higher level all pages from it on that the entry leads to,
// appear there; both addresses are aligned to that. False, with nothing done, where there are
// entries already, for pages of which one is watched if the entry would be large or writable, and
// without memory for tables.
bool nested_map(struct nested *nested, uint64_t guest_physical, uint64_t arena_page, unsigned level,
                bool writable);

// Makes the page there, which must be present, writable.
void nested_allow_writes(struct nested *nested, uint64_t guest_physical);

// From now on only entries of 4 KiB lead to this page of the arena.
void nested_isolate(struct nested *nested, uint64_t arena_page);

// Isolates the page, and makes each entry that leads to it read-only. True if one was writable.
bool nested_protect(struct nested *nested, uint64_t arena_page);

// As nested_protect(), but leaves alone pages that are mapped in several places, which take a
// search.
bool nested_protect_if_single(struct nested *nested, uint64_t arena_page);

// Makes all entries read-only.
void nested_protect_all(struct nested *nested);

// Clears the range; `forget` is told of each page of the arena that an entry of 4 KiB led to.
void nested_clear(struct nested *nested, uint64_t guest_physical, uint64_t length,
                  void (*forget)(void *context, uint64_t arena_page), void *context);

#endif // ENGINE_CPU_UNICORN_NESTED_H
