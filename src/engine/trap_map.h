// SPDX-License-Identifier: MIT
//
// The traps of a guest: one tree of guest-physical ranges (MEM and BELL), one of I/O ports
// (hypervisor ABI 6). Traps are never removed. The owner's lock guards a map.

#ifndef ENGINE_TRAP_MAP_H
#define ENGINE_TRAP_MAP_H

#include "ports/port.h"

#include <stdbool.h>
#include <stdint.h>
#include <zircon/types.h>

struct trap {
    uint32_t kind;
    uint64_t base;
    uint64_t size;
    uint64_t key;
    struct packet_pool *pool; // BELL only.
};

struct trap_map {
    struct trap *traps; // By base.
    size_t count;
    size_t capacity;
};

// ALREADY_EXISTS when the range starts where another does, or, unless it `may_meet` others, has an
// address in common with one.
zx_status_t trap_map_insert(struct trap_map *map, const struct trap *trap, bool may_meet);

// Copies the trap with the greatest start at or below `address`, if it contains it. A copy, because
// a trap that is set while a VCPU waits without the turn moves the others; its pool stays as long
// as the guest.
bool trap_map_find(const struct trap_map *map, uint64_t address, struct trap *out);

// Narrows a range around an address to the pages without a trap next to it. The address's own page
// has none.
void trap_map_narrow(const struct trap_map *map, uint64_t address, uint64_t *first, uint64_t *end);

void trap_map_destroy(struct trap_map *map);

#endif // ENGINE_TRAP_MAP_H
