// SPDX-License-Identifier: MIT
//
// Walks through the guest's page tables that succeeded, with the entries that they read. The result
// of a walk depends on these entries and on a few registers only. While both are unchanged the walk
// need not be made again: the kept result is the one that a walk would have now, whatever the guest
// has done to its tables, with or without INVLPG. Besides, host addresses must not have moved; see
// machine_address_changes().

#ifndef ENGINE_CPU_X86_WALK_CACHE_H
#define ENGINE_CPU_X86_WALK_CACHE_H

#include <stdint.h>

enum { WALK_LEVELS = 4, CACHED_WALKS = 32 };

struct walk_key {
    uint64_t page; // The linear address less its lowest 12 bits.
    uint64_t cr0;
    uint64_t cr3;
    uint64_t cr4;
    uint64_t efer;
    uint64_t changes; // machine_address_changes() before the walk.
    uint32_t kind;    // The kind of access and its privilege, as one number.
};

struct cached_walk {
    struct walk_key key;
    unsigned levels; // 0 where paging is off.
    unsigned entry_size;
    const uint8_t *entries[WALK_LEVELS];
    uint64_t values[WALK_LEVELS];
    uint8_t *host; // The page. NULL: no walk.
};

struct walk_cache {
    struct cached_walk walks[CACHED_WALKS];
};

// The slot of walks with this key.
struct cached_walk *walk_cache_slot(struct walk_cache *cache, const struct walk_key *key);

// The host's address of the page, or NULL if the slot has another walk or an old one.
uint8_t *cached_walk_host(const struct cached_walk *walk, const struct walk_key *key);

#endif // ENGINE_CPU_X86_WALK_CACHE_H
