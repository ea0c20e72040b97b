// SPDX-License-Identifier: MIT
//
// The ranges of the arena that calls such as zx_vmo_write() have stored to since the last look, for
// images of memory. Any thread may add a range, inside vmo.lock; the thread that has the turn
// looks.
//
// Lock: `lock` guards everything but `active`. It is a leaf.

#ifndef ENGINE_CPU_UNICORN_HOST_STORES_H
#define ENGINE_CPU_UNICORN_HOST_STORES_H

#include "platform/platform.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { HOST_STORES_KEPT = 64 };

struct page_range {
    uint64_t first; // The first page, by its number in the arena.
    uint64_t count;
};

struct host_stores {
    atomic_bool active; // An image will look at the ranges.
    struct platform_mutex lock;
    unsigned count;
    struct page_range ranges[HOST_STORES_KEPT];
};

void host_stores_open(struct host_stores *stores);
void host_stores_close(struct host_stores *stores);

void host_stores_note(struct host_stores *stores, uint64_t first, uint64_t count);

// Takes one range out. False when no range is left.
bool host_stores_take(struct host_stores *stores, struct page_range *out);

#endif // ENGINE_CPU_UNICORN_HOST_STORES_H
