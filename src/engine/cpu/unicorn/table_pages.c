// SPDX-License-Identifier: MIT
//
// Chunks of pages, and the list of those that were given back.

#include "engine/cpu/unicorn/table_pages.h"

#include "engine/cpu/unicorn/arena.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "platform/check.h"
#include "platform/platform.h"

#include <stdlib.h>

enum { CHUNK_PAGES = 256 };
#define CHUNK_SIZE (CHUNK_PAGES * 0x1000u)

struct table_chunk {
    struct table_chunk *next;
    uint8_t *pages;
    unsigned used; // How many pages of the chunk are in use; the others take no memory yet.
};

// A page of tables leads to 512 pages. Twice as many as that takes, for pages that are mapped in
// several places, and 4 MiB for guests that touch few pages far from each other.
static uint64_t bound(const struct table_pages *pages) {
    return 1024 + pages->arena->pages / 256;
}

static bool add_chunk(struct table_pages *pages) {
    struct table_chunk *chunk = calloc(1, sizeof *chunk);
    if (chunk == NULL) {
        return false;
    }
    chunk->pages = arena_take(pages->arena, CHUNK_SIZE);
    if (chunk->pages == NULL ||
        !platform_protect(chunk->pages, CHUNK_SIZE, PLATFORM_READ | PLATFORM_WRITE)) {
        if (chunk->pages != NULL) {
            platform_unmap(chunk->pages, CHUNK_SIZE);
        }
        free(chunk);
        return false;
    }
    chunk->next = pages->chunks;
    pages->chunks = chunk;
    pages->left += CHUNK_PAGES;
    pages->all += CHUNK_PAGES;
    return true;
}

uint64_t *table_pages_at(const struct table_pages *pages, uint64_t physical) {
    CHECK(physical >= ARENA_BASE && physical < ARENA_BASE + ARENA_SIZE);
    return (uint64_t *)(void *)arena_pointer(pages->arena, physical - ARENA_BASE);
}

// Whether so many pages are free and not set aside, after adding memory if need be.
static bool have(struct table_pages *pages, uint64_t count) {
    while (pages->left - pages->reserved < count) {
        if (pages->all + CHUNK_PAGES > bound(pages) || !add_chunk(pages)) {
            return false;
        }
    }
    return true;
}

bool table_pages_provide(struct table_pages *pages) {
    return have(pages, TABLE_PAGES_ENOUGH);
}

bool table_pages_reserve(struct table_pages *pages, uint64_t count) {
    if (!have(pages, count + TABLE_PAGES_ENOUGH)) {
        return false;
    }
    pages->reserved += count;
    return true;
}

void table_pages_release(struct table_pages *pages, uint64_t count) {
    CHECK(pages->reserved >= count);
    pages->reserved -= count;
}

static uint64_t take_unused(struct table_pages *pages) {
    struct table_chunk *chunk = pages->chunks;
    while (chunk->used == CHUNK_PAGES) {
        chunk = chunk->next;
    }
    const uint64_t offset = (uint64_t)(chunk->pages - pages->arena->base);
    return ARENA_BASE + offset + 0x1000 * (uint64_t)chunk->used++;
}

static uint64_t take_given_back(struct table_pages *pages) {
    const uint64_t page = pages->given_back;
    uint64_t *link = table_pages_at(pages, page);
    pages->given_back = *link;
    *link = 0;
    return page;
}

uint64_t table_pages_take(struct table_pages *pages) {
    if (pages->left == pages->reserved) {
        return 0;
    }
    pages->left--;
    return pages->given_back != 0 ? take_given_back(pages) : take_unused(pages);
}

uint64_t table_pages_take_reserved(struct table_pages *pages) {
    table_pages_release(pages, 1);
    return table_pages_take(pages);
}

void table_pages_give(struct table_pages *pages, uint64_t physical) {
    CHECK((physical & 0xfff) == 0 && pages->left < pages->all);
    *table_pages_at(pages, physical) = pages->given_back;
    pages->given_back = physical;
    pages->left++;
}

void table_pages_clear(struct table_pages *pages) {
    while (pages->chunks != NULL) {
        struct table_chunk *chunk = pages->chunks;
        pages->chunks = chunk->next;
        platform_unmap(chunk->pages, CHUNK_SIZE);
        free(chunk);
    }
    *pages = (struct table_pages){.arena = pages->arena};
}
