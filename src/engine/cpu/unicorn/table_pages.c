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
};

// A page of tables leads to 512 pages. Twice as many as that takes, for pages that are mapped in
// several places, and 4 MiB for guests that touch few pages far from each other.
static uint64_t bound(const struct table_pages *pages) {
    return 1024 + pages->arena->pages / 256;
}

static bool add_chunk(struct table_pages *pages) {
    struct table_chunk *chunk = malloc(sizeof *chunk);
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
    pages->next = ARENA_BASE + (uint64_t)(chunk->pages - pages->arena->base);
    pages->left += CHUNK_PAGES;
    pages->all += CHUNK_PAGES;
    return true;
}

// Pages of the chunk before that were never used join those that were given back.
static void keep_rest(struct table_pages *pages) {
    const struct table_chunk *chunk = pages->chunks;
    if (chunk == NULL) {
        return;
    }
    const uint64_t end = ARENA_BASE + (uint64_t)(chunk->pages - pages->arena->base) + CHUNK_SIZE;
    for (uint64_t page = pages->next; page < end; page += 0x1000) {
        pages->left--;
        table_pages_give(pages, page);
    }
    pages->next = end;
}

uint64_t *table_pages_at(const struct table_pages *pages, uint64_t physical) {
    CHECK(physical >= ARENA_BASE && physical < ARENA_BASE + ARENA_SIZE);
    return (uint64_t *)(void *)arena_pointer(pages->arena, physical - ARENA_BASE);
}

bool table_pages_provide(struct table_pages *pages) {
    if (pages->left >= TABLE_PAGES_ENOUGH) {
        return true;
    }
    if (pages->all + CHUNK_PAGES > bound(pages)) {
        return false;
    }
    keep_rest(pages);
    return add_chunk(pages);
}

uint64_t table_pages_take(struct table_pages *pages) {
    uint64_t page = pages->given_back;
    if (pages->left == 0) {
        return 0;
    }
    pages->left--;
    if (page == 0) {
        page = pages->next;
        pages->next += 0x1000;
    } else {
        uint64_t *link = table_pages_at(pages, page);
        pages->given_back = *link;
        *link = 0;
    }
    return page;
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
