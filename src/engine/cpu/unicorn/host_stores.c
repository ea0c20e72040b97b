// SPDX-License-Identifier: MIT
//
// A short list of ranges. When it is full the last range grows up to the new one.

#include "engine/cpu/unicorn/host_stores.h"

void host_stores_open(struct host_stores *stores) {
    platform_mutex_init(&stores->lock, LOCK_HOST_STORES);
}

void host_stores_close(struct host_stores *stores) {
    platform_mutex_destroy(&stores->lock);
}

static bool contains(const struct page_range *range, uint64_t first, uint64_t count) {
    return first >= range->first && first + count <= range->first + range->count;
}

static void extend(struct page_range *range, uint64_t first, uint64_t count) {
    const uint64_t end = range->first + range->count;
    const uint64_t other_end = first + count;
    range->first = first < range->first ? first : range->first;
    range->count = (other_end > end ? other_end : end) - range->first;
}

static void add(struct host_stores *stores, uint64_t first, uint64_t count) REQUIRES(stores->lock) {
    for (unsigned i = 0; i < stores->count; i++) {
        if (contains(&stores->ranges[i], first, count)) {
            return;
        }
    }
    if (stores->count < HOST_STORES_KEPT) {
        stores->ranges[stores->count++] = (struct page_range){first, count};
    } else {
        extend(&stores->ranges[HOST_STORES_KEPT - 1], first, count);
    }
}

void host_stores_note(struct host_stores *stores, uint64_t first, uint64_t count) {
    if (!atomic_load(&stores->active)) {
        return;
    }
    platform_mutex_lock(&stores->lock);
    add(stores, first, count);
    platform_mutex_unlock(&stores->lock);
    atomic_store(&stores->any_new, true);
}

bool host_stores_take(struct host_stores *stores, struct page_range *out) {
    platform_mutex_lock(&stores->lock);
    const bool any = stores->count > 0;
    if (any) {
        *out = stores->ranges[--stores->count];
    }
    platform_mutex_unlock(&stores->lock);
    return any;
}

bool host_stores_any_new(struct host_stores *stores) {
    return atomic_load_explicit(&stores->any_new, memory_order_relaxed) &&
           atomic_exchange(&stores->any_new, false);
}

bool host_stores_look(struct host_stores *stores, unsigned index, struct page_range *out) {
    platform_mutex_lock(&stores->lock);
    const bool have = index < stores->count;
    if (have) {
        *out = stores->ranges[index];
    }
    platform_mutex_unlock(&stores->lock);
    return have;
}
