// SPDX-License-Identifier: MIT
//
// The ranges, which do not overlap. One that the program has put something of its own into cannot
// be covered.

#include "objects/unmapped.h"

#include "platform/platform.h"

enum { KEPT = 16 };

struct range {
    uintptr_t start;
    uintptr_t end;
    bool covered;
};

static struct {
    struct platform_mutex lock;
    struct range ranges[KEPT];
    unsigned next;
} unmapped = {.lock = PLATFORM_MUTEX_INIT(LOCK_UNMAPPED)};

// Takes [start, end) out of a range. Of a range that is cut in two, the first part stays.
static void take_out(struct range *range, uintptr_t start, uintptr_t end) {
    if (end <= range->start || start >= range->end) {
        return;
    }
    if (start > range->start) {
        range->end = start;
    } else {
        range->start = end < range->end ? end : range->end;
    }
}

static void forget(uintptr_t start, uintptr_t end) REQUIRES(unmapped.lock) {
    for (size_t i = 0; i < KEPT; i++) {
        take_out(&unmapped.ranges[i], start, end);
    }
}

void unmapped_note(void *address, size_t length) {
    const uintptr_t start = (uintptr_t)address;
    platform_mutex_lock(&unmapped.lock);
    forget(start, start + length);
    unmapped.ranges[unmapped.next] = (struct range){.start = start, .end = start + length};
    unmapped.next = (unmapped.next + 1) % KEPT;
    platform_mutex_unlock(&unmapped.lock);
}

void unmapped_forget(void *address, size_t length) {
    platform_mutex_lock(&unmapped.lock);
    forget((uintptr_t)address, (uintptr_t)address + length);
    platform_mutex_unlock(&unmapped.lock);
}

bool unmapped_reserve_at(void *address, size_t length, bool *taken) {
    platform_mutex_lock(&unmapped.lock);
    const bool reserved = platform_reserve_at(address, length, taken);
    if (reserved) {
        forget((uintptr_t)address, (uintptr_t)address + length);
    }
    platform_mutex_unlock(&unmapped.lock);
    return reserved;
}

void unmapped_cover(void) ACQUIRES(unmapped.lock) {
    platform_mutex_lock(&unmapped.lock);
    for (size_t i = 0; i < KEPT; i++) {
        struct range *range = &unmapped.ranges[i];
        bool taken = false;
        range->covered =
            range->start < range->end &&
            platform_reserve_at((void *)range->start, range->end - range->start, &taken);
    }
}

void unmapped_uncover(void) RELEASES(unmapped.lock) {
    for (size_t i = 0; i < KEPT; i++) {
        const struct range *range = &unmapped.ranges[i];
        if (range->covered) {
            platform_unmap((void *)range->start, range->end - range->start);
        }
    }
    platform_mutex_unlock(&unmapped.lock);
}
