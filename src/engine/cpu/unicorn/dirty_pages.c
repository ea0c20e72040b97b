// SPDX-License-Identifier: MIT
//
// The list, and a byte for each page of a memslot that says whether the page is in it.

#include "engine/cpu/unicorn/dirty_pages.h"

#include "engine/cpu/unicorn/arena.h"
#include "engine/instruments/machine_image.h"

#include <stdlib.h>

uint8_t *dirty_pages_mark(struct arena *arena, uint64_t page) {
    struct memslot *memslot = memslot_of(arena, page);
    return memslot->stored != NULL ? &memslot->stored[memslot_index(memslot, page)] : NULL;
}

void dirty_pages_close(struct dirty_pages *dirty) {
    if (dirty->base != NULL) {
        machine_image_unref(dirty->base);
    }
    free(dirty->pages);
    *dirty = (struct dirty_pages){0};
}

// A memslot without marks is in no image.
bool dirty_pages_contain(const struct dirty_pages *dirty, struct arena *arena, uint64_t page) {
    if (dirty->base == NULL) {
        return true;
    }
    const uint8_t *mark = dirty_pages_mark(arena, page);
    return mark == NULL || (*mark & DIRTY_LISTED) != 0;
}

static bool grow(struct dirty_pages *dirty) {
    const size_t room = dirty->room == 0 ? 256 : 2 * dirty->room;
    uint64_t *pages = realloc(dirty->pages, room * sizeof *pages);
    if (pages == NULL) {
        return false;
    }
    dirty->pages = pages;
    dirty->room = room;
    return true;
}

bool dirty_pages_add(struct dirty_pages *dirty, struct arena *arena, uint64_t page) {
    uint8_t *mark = dirty->base != NULL ? dirty_pages_mark(arena, page) : NULL;
    if (mark == NULL || (*mark & DIRTY_LISTED) != 0) {
        return false;
    }
    if (dirty->count == dirty->room && !grow(dirty)) {
        dirty->all = true;
        return true;
    }
    const unsigned count = (*mark & DIRTY_COUNT) < DIRTY_COUNT ? *mark + 1u : *mark;
    *mark = (uint8_t)(count | DIRTY_LISTED);
    dirty->pages[dirty->count++] = page;
    return true;
}
