// SPDX-License-Identifier: MIT
//
// The nested page tables: they decide what of guest-physical memory the guest reaches without an
// exit. Unicorn remembers entries; whoever takes something away from one says so to the engine.

#ifndef ENGINE_CPU_UNICORN_NESTED_H
#define ENGINE_CPU_UNICORN_NESTED_H

#include "engine/cpu/unicorn/table_pages.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

struct nested {
    struct arena *arena;
    uint64_t *root;
    struct table_pages pages;
    uint64_t changes; // How often something was taken away from entries.
};

#define NESTED_PRESENT 1ull
#define NESTED_WRITABLE 2ull
#define NESTED_LEAF 0x65ull // Present, user, accessed, dirty.
#define NESTED_ADDRESS 0xffffffffff000ull

// The root lies in the hidden region, which is all zeros there.
void nested_open(struct nested *nested, struct arena *arena, uint8_t *hidden);
void nested_close(struct nested *nested);

// The leaf entry of a 4 KiB page, its tables made if `create`; NULL if there is none.
uint64_t *nested_entry(struct nested *nested, uint64_t guest_physical, bool create);

// The page of the arena that is present there, or NO_ARENA_PAGE.
uint64_t nested_page(struct nested *nested, uint64_t guest_physical);

// Makes the page of the arena appear at the guest-physical page. False without memory for tables.
bool nested_map(struct nested *nested, uint64_t guest_physical, uint64_t arena_page, bool writable);

// Makes each leaf entry that leads to this page of the arena read-only. True if one was not.
bool nested_protect(struct nested *nested, uint64_t arena_page);

// Clears the range; `forget` is told of each page of the arena that was present in it.
void nested_clear(struct nested *nested, uint64_t guest_physical, uint64_t length,
                  void (*forget)(void *context, uint64_t arena_page), void *context);

#endif // ENGINE_CPU_UNICORN_NESTED_H
