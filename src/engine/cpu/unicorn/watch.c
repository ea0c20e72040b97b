// SPDX-License-Identifier: MIT
//
// Three rows of bits.

#include "engine/cpu/unicorn/watch.h"

#include "platform/check.h"

#include <stdlib.h>
#include <string.h>

static unsigned char bit_of(uint64_t page) {
    return (unsigned char)(1u << page % 8);
}

bool watch_init(struct watch *watch, uint64_t pages) {
    watch->pages = pages;
    watch->watched = calloc(pages / 8 + 1, sizeof *watch->watched);
    watch->written = calloc(pages / 8 + 1, sizeof *watch->written);
    watch->spared = calloc(pages / 8 + 1, sizeof *watch->spared);
    return watch->watched != NULL && watch->written != NULL && watch->spared != NULL;
}

void watch_free(struct watch *watch) {
    free(watch->watched);
    free(watch->written);
    free(watch->spared);
}

bool watch_contains(const struct watch *watch, uint64_t page) {
    return (atomic_load(&watch->watched[page / 8]) & bit_of(page)) != 0;
}

bool watch_contains_any(const struct watch *watch, uint64_t first, uint64_t count) {
    for (uint64_t page = first; page < first + count; page++) {
        if (page % 8 == 0 && first + count - page >= 8 &&
            atomic_load(&watch->watched[page / 8]) == 0) {
            page += 7;
        } else if (watch_contains(watch, page)) {
            return true;
        }
    }
    return false;
}

// The bit is set before the bytes are read, and watch_note() looks at it after they were written:
// one of the two sees the other.
void watch_add(struct watch *watch, uint64_t page) {
    atomic_fetch_or(&watch->watched[page / 8], bit_of(page));
    watch->spared[page / 8] &= (unsigned char)~bit_of(page);
}

void watch_remove(struct watch *watch, uint64_t page) {
    atomic_fetch_and(&watch->watched[page / 8], (unsigned char)~bit_of(page));
}

void watch_spare(struct watch *watch, uint64_t page) {
    watch->spared[page / 8] |= bit_of(page);
}

void watch_spare_none(struct watch *watch) {
    memset(watch->spared, 0, watch->pages / 8 + 1);
}

bool watch_spares(const struct watch *watch, uint64_t page) {
    return (watch->spared[page / 8] & bit_of(page)) != 0;
}

bool watch_note(struct watch *watch, uint64_t first, uint64_t count) {
    CHECK(first + count <= watch->pages);
    bool any = false;
    for (uint64_t page = first; page < first + count; page++) {
        if (watch_contains(watch, page)) {
            atomic_fetch_or(&watch->written[page / 8], bit_of(page));
            any = true;
        }
    }
    return any;
}

uint64_t watch_next_written(struct watch *watch, uint64_t page) {
    while (page < watch->pages) {
        const unsigned bits = atomic_load_explicit(&watch->written[page / 8], memory_order_relaxed);
        if (bits >> page % 8 == 0) {
            page = (page / 8 + 1) * 8;
        } else if ((bits & bit_of(page)) == 0) {
            page++;
        } else {
            atomic_fetch_and(&watch->written[page / 8], (unsigned char)~bit_of(page));
            return page;
        }
    }
    return watch->pages;
}
