// SPDX-License-Identifier: MIT
//
// Swapping pages, which are the host's: they may be larger than the guest's.

#include "engine/cpu/unicorn/page_swap.h"

#include "engine/cpu/unicorn/arena.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_SIZE 0x1000u

static uint8_t *was(const struct page_swap *swap, unsigned index) {
    return swap->buffer + index * platform_page_size();
}

// The index of the page of the host; `count` where it is not swapped.
static unsigned find(const struct page_swap *swap, const uint8_t *at) {
    unsigned i = 0;
    while (i < swap->count && swap->pages[i].at != at) {
        i++;
    }
    return i;
}

static bool has_buffer(struct page_swap *swap) {
    if (swap->buffer == NULL) {
        swap->buffer = malloc((PAGE_SWAP_PAGES + 1) * platform_page_size());
    }
    return swap->buffer != NULL;
}

bool page_swap_begin(struct page_swap *swap, struct arena *arena, uint64_t page,
                     const uint8_t *copy, size_t first) {
    const size_t size = platform_page_size();
    uint8_t *const guest_page = arena_pointer(arena, page * PAGE_SIZE);
    const size_t within = (uintptr_t)guest_page % size;
    uint8_t *const at = guest_page - within;
    const unsigned index = find(swap, at);
    if (index == PAGE_SWAP_PAGES || !has_buffer(swap)) {
        return false;
    }
    uint8_t *const contents = was(swap, index);
    if (index == swap->count) {
        memcpy(contents, at, size);
        if (!platform_replace(at, size)) {
            return false;
        }
        swap->pages[index].at = at;
        swap->pages[index].memslot = memslot_of(arena, page);
        swap->count++;
        memcpy(at, contents, size);
    }
    memcpy(contents + within + first, copy + first, PAGE_SIZE - first);
    memcpy(guest_page + first, copy + first, PAGE_SIZE - first);
    return true;
}

// Bytes that have not changed are left to whoever else stores there.
static void store_changes(uint8_t *at, const uint8_t *before, const uint8_t *after, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (before[i] != after[i]) {
            at[i] = after[i];
        }
    }
}

static bool end_one(struct page_swap *swap, unsigned index) {
    const size_t size = platform_page_size();
    const struct memslot *memslot = swap->pages[index].memslot;
    uint8_t *const at = swap->pages[index].at;
    const uint64_t offset = (uint64_t)(at - memslot->arena->base) - memslot->base;
    const uint8_t *const before = was(swap, index);
    uint8_t *const after = was(swap, PAGE_SWAP_PAGES);
    const bool changed = memcmp(at, before, size) != 0;
    if (changed) {
        memcpy(after, at, size);
    }
    if (platform_memory_map(memslot->vmo->memory, memslot->vmo_offset + offset, size,
                            PLATFORM_READ | PLATFORM_WRITE, at) == NULL) {
        return false;
    }
    if (changed) {
        store_changes(at, before, after, size);
    }
    return true;
}

bool page_swap_end(struct page_swap *swap) {
    while (swap->count > 0 && end_one(swap, swap->count - 1)) {
        swap->count--;
    }
    return swap->count == 0;
}

void page_swap_close(struct page_swap *swap) {
    free(swap->buffer);
    swap->buffer = NULL;
    swap->count = 0;
}
