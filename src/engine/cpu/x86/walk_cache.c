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

static bool same(const struct walk_key *a, const struct walk_key *b) {
    return a->page == b->page && a->kind == b->kind && a->changes == b->changes &&
           a->cr3 == b->cr3 && a->cr0 == b->cr0 && a->cr4 == b->cr4 && a->efer == b->efer;
}

static uint64_t entry_of(const struct cached_walk *walk, unsigned level) {
    uint64_t entry = 0;
    if (walk->entry_size == sizeof entry) {
        memcpy(&entry, walk->entries[level], sizeof entry);
    } else {
        memcpy(&entry, walk->entries[level], sizeof(uint32_t));
    }
    return entry;
}

uint8_t *cached_walk_host(const struct cached_walk *walk, const struct walk_key *key) {
    if (walk->host == NULL || !same(&walk->key, key)) {
        return NULL;
    }
    for (unsigned level = 0; level < walk->levels; level++) {
        if (entry_of(walk, level) != walk->values[level]) {
            return NULL;
        }
    }
    return walk->host;
}
