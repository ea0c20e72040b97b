// SPDX-License-Identifier: MIT
//
// The ranges of the arena that calls such as zx_vmo_write() have stored to since the last look, for
// images of memory. Any thread may add a range, inside vmo.lock; the thread that has the turn
// looks.
//
// Lock: `lock` guards everything but `active` and `any_new`. It is a leaf.

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
    atomic_bool active;  // An image will look at the ranges.
    atomic_bool any_new; // A range was added since somebody asked.
    struct platform_mutex lock;
    unsigned count;
    struct page_range ranges[HOST_STORES_KEPT];
};

void host_stores_open(struct host_stores *stores);
void host_stores_close(struct host_stores *stores);

void host_stores_note(struct host_stores *stores, uint64_t first, uint64_t count);

// Takes one range out. False when no range is left.
bool host_stores_take(struct host_stores *stores, struct page_range *out);

// Whether there are ranges that were added since the last call.
bool host_stores_any_new(struct host_stores *stores);

// The range at the index, which stays. False when there are not so many.
bool host_stores_look(struct host_stores *stores, unsigned index, struct page_range *out);

#endif // ENGINE_CPU_UNICORN_HOST_STORES_H
