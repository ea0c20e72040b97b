// SPDX-License-Identifier: MIT
//
// An ordered array of traps.

#include "engine/trap_map.h"

#include "objects/refusal.h"

#include <stdlib.h>

// The number of traps that start at or below `address`.
static size_t upper_bound(const struct trap_map *map, uint64_t address) {
    size_t low = 0;
    size_t high = map->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (map->traps[middle].base <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool trap_map_find(const struct trap_map *map, uint64_t address, struct trap *out) {
    const size_t index = upper_bound(map, address);
    if (index == 0) {
        return false;
    }
    *out = map->traps[index - 1];
    return address - out->base < out->size;
}

void trap_map_narrow(const struct trap_map *map, uint64_t address, uint64_t *first, uint64_t *end) {
    const size_t index = upper_bound(map, address);
    if (index > 0) {
        const struct trap *before = &map->traps[index - 1];
        const uint64_t free = (before->base + before->size + 0xfff) & ~0xfffull;
        *first = free > *first ? free : *first;
    }
    if (index < map->count) {
        const uint64_t taken = map->traps[index].base & ~0xfffull;
        *end = taken < *end ? taken : *end;
    }
}

zx_status_t trap_map_insert(struct trap_map *map, const struct trap *trap, bool may_meet) {
    const size_t index = upper_bound(map, trap->base);
    const struct trap *before = index > 0 ? &map->traps[index - 1] : NULL;
    const struct trap *after = index < map->count ? &map->traps[index] : NULL;
    const bool same = before != NULL && before->base == trap->base;
    const bool meets_before = before != NULL && trap->base - before->base < before->size;
    const bool meets_after = after != NULL && after->base - trap->base < trap->size;
    if (same || (!may_meet && (meets_before || meets_after))) {
        return refuse_value(ZX_ERR_ALREADY_EXISTS, "the trap meets the one at %",
                            same || meets_before ? before->base : after->base);
    }
    if (map->traps == NULL || map->count == map->capacity) {
        const size_t capacity = map->capacity == 0 ? 8 : map->capacity * 2;
        struct trap *grown = realloc(map->traps, capacity * sizeof *grown);
        if (grown == NULL) {
            return ZX_ERR_NO_MEMORY;
        }
        map->traps = grown;
        map->capacity = capacity;
    }
    for (size_t i = map->count; i > index; i--) {
        map->traps[i] = map->traps[i - 1];
    }
    map->traps[index] = *trap;
    map->count++;
    return ZX_OK;
}

void trap_map_destroy(struct trap_map *map) {
    for (size_t i = 0; i < map->count; i++) {
        if (map->traps[i].pool != NULL) {
            packet_pool_retire(map->traps[i].pool);
        }
    }
    free(map->traps);
}
