// SPDX-License-Identifier: MIT
//
// Finding walks, and looking whether they are still right.

#include "engine/cpu/x86/walk_cache.h"

#include <stdbool.h>
#include <string.h>

struct cached_walk *walk_cache_slot(struct walk_cache *cache, const struct walk_key *key) {
    const uint64_t page = key->page >> 12;
    return &cache->walks[(page ^ page >> 5 ^ key->kind * 5) % CACHED_WALKS];
}

// Nearly always they are, so one branch is faster than seven.
static bool same(const struct walk_key *a, const struct walk_key *b) {
    return ((a->page ^ b->page) | (a->kind ^ b->kind) | (a->changes ^ b->changes) |
            (a->cr3 ^ b->cr3) | (a->cr0 ^ b->cr0) | (a->cr4 ^ b->cr4) | (a->efer ^ b->efer)) == 0;
}

// What differs between the entries as they are and as they were.
static uint64_t differences_of_64(const struct cached_walk *walk) {
    uint64_t differences = 0;
    for (unsigned level = 0; level < walk->levels; level++) {
        uint64_t entry;
        memcpy(&entry, walk->entries[level], sizeof entry);
        differences |= entry ^ walk->values[level];
    }
    return differences;
}

static uint64_t differences_of_32(const struct cached_walk *walk) {
    uint64_t differences = 0;
    for (unsigned level = 0; level < walk->levels; level++) {
        uint32_t entry;
        memcpy(&entry, walk->entries[level], sizeof entry);
        differences |= entry ^ walk->values[level];
    }
    return differences;
}

uint8_t *cached_walk_host(const struct cached_walk *walk, const struct walk_key *key) {
    if (walk->host == NULL || !same(&walk->key, key)) {
        return NULL;
    }
    const uint64_t differences =
        walk->entry_size == sizeof(uint64_t) ? differences_of_64(walk) : differences_of_32(walk);
    return differences == 0 ? walk->host : NULL;
}
