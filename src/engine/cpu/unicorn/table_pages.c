// SPDX-License-Identifier: MIT
//
// Chunks of pages, and the list of those that were given back.

#include "engine/cpu/unicorn/table_pages.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/machine.h"
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
static uint64_t bound(const struct machine *machine) {
    return 1024 + machine->slots.pages / 256;
}

static bool add_chunk(struct machine *machine) {
    struct table_pages *pages = &machine->tables;
    struct table_chunk *chunk = malloc(sizeof *chunk);
    if (chunk == NULL) {
        return false;
    }
    chunk->pages = window_take(machine, CHUNK_SIZE);
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
    pages->next = WINDOW_BASE + (uint64_t)(chunk->pages - machine->window);
    pages->left += CHUNK_PAGES;
    pages->all += CHUNK_PAGES;
    return true;
}

// Pages of the chunk before that were never used join those that were given back.
static void keep_rest(struct machine *machine) {
    const struct table_chunk *chunk = machine->tables.chunks;
    if (chunk == NULL) {
        return;
    }
    const uint64_t end = WINDOW_BASE + (uint64_t)(chunk->pages - machine->window) + CHUNK_SIZE;
    for (uint64_t page = machine->tables.next; page < end; page += 0x1000) {
        machine->tables.left--;
        table_pages_give(machine, page);
    }
    machine->tables.next = end;
}

bool table_pages_provide(struct machine *machine) {
    struct table_pages *pages = &machine->tables;
    if (pages->left >= TABLE_PAGES_ENOUGH) {
        return true;
    }
    if (pages->all + CHUNK_PAGES > bound(machine)) {
        return false;
    }
    keep_rest(machine);
    return add_chunk(machine);
}

uint64_t table_pages_take(struct machine *machine) {
    struct table_pages *pages = &machine->tables;
    uint64_t page = pages->given_back;
    if (pages->left == 0) {
        return 0;
    }
    pages->left--;
    if (page == 0) {
        page = pages->next;
        pages->next += 0x1000;
    } else {
        uint64_t *link = nested_table(machine, page);
        pages->given_back = *link;
        *link = 0;
    }
    return page;
}

void table_pages_give(struct machine *machine, uint64_t physical) {
    struct table_pages *pages = &machine->tables;
    CHECK((physical & 0xfff) == 0 && pages->left < pages->all);
    *nested_table(machine, physical) = pages->given_back;
    pages->given_back = physical;
    pages->left++;
}

void table_pages_clear(struct machine *machine) {
    while (machine->tables.chunks != NULL) {
        struct table_chunk *chunk = machine->tables.chunks;
        machine->tables.chunks = chunk->next;
        platform_unmap(chunk->pages, CHUNK_SIZE);
        free(chunk);
    }
    machine->tables = (struct table_pages){0};
}
