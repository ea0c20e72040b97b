// SPDX-License-Identifier: MIT
//
// What the guest's pages are.

#include "engine/cpu/unicorn/memory.h"

#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/flat_engine.h"

#define ALL_MEMORY (1ull << 48)

void memory_open(struct memory *memory, struct engine *engine, struct exit_request *request) {
    memory->engine = engine;
    arena_open(&memory->arena, engine->arena, engine->hidden, request);
    nested_open(&memory->nested, &memory->arena, engine->root);
    tlb_fill_serve(&engine->fill, &memory->nested);
    memory->code = (struct code_pages){
        .engine = engine,
        .arena = &memory->arena,
        .nested = &memory->nested,
        .unguarded = {NO_ARENA_PAGE, NO_ARENA_PAGE},
    };
}

void memory_close(struct memory *memory) {
    dirty_pages_close(&memory->dirty);
    arena_close(&memory->arena);
    nested_close(&memory->nested);
    memory->engine = NULL;
}

static void forget(void *context, uint64_t arena_page) {
    code_pages_forget(context, arena_page);
}

void memory_unmap(struct memory *memory, uint64_t guest_physical, uint64_t length) {
    if (memory->engine == NULL) {
        return;
    }
    engine_begin_forgetting(memory->engine);
    nested_clear(&memory->nested, guest_physical, length, forget, &memory->code);
    engine_end_forgetting(memory->engine);
    memory->engine->tlb_stale = true;
}

// Translations go with the entries: what is translated can be reached through some entry, so that
// an unmapping finds it.
void memory_provide(struct memory *memory) {
    if (!table_pages_provide(&memory->nested.pages)) {
        memory_unmap(memory, 0, ALL_MEMORY);
    }
}

static bool find_page(const struct memory *memory, uint64_t guest_physical, struct backing *out) {
    return memory->client.find_page(memory->client.context, guest_physical, out);
}

// What becomes present at once, from the page on, where no large entry can be had: faults cost more
// than entries that are not needed.
#define RUN_SIZE (1ull << 17)

// A part of what backs guest-physical memory, and is backed itself by neighbours in the arena.
struct stretch {
    uint64_t first; // Guest-physical.
    uint64_t end;
    uint64_t page; // The arena's page at `first`.
    bool writable;
};

// As much as lies around the page of the arena at the address, which `backing` is about.
static struct stretch stretch_around(struct memory *memory, uint64_t guest_physical,
                                     const struct backing *backing, uint64_t page) {
    const uint64_t address = guest_physical & ~0xfffull;
    const struct memslot *memslot = memslot_of(&memory->arena, page);
    const uint64_t in_memslot = memslot_index(memslot, page) << 12;
    const uint64_t left = memslot->size - in_memslot - 0x1000;
    const uint64_t before = backing->before < in_memslot ? backing->before : in_memslot;
    const uint64_t behind = backing->behind < left ? backing->behind : left;
    return (struct stretch){
        .first = address - before,
        .end = address + 0x1000 + behind,
        .page = page - (before >> 12),
        .writable = backing->writable,
    };
}

static bool map_large(struct memory *memory, uint64_t guest_physical,
                      const struct stretch *stretch) {
    for (unsigned level = NESTED_LEVELS - 1; level > 0; level--) {
        const uint64_t size = 1ull << nested_shift(level);
        const uint64_t first = guest_physical & ~(size - 1);
        const uint64_t page = stretch->page + ((first - stretch->first) >> 12);
        if (first >= stretch->first && stretch->end - first >= size && stretch->end > first &&
            page % (size >> 12) == 0 &&
            nested_map(&memory->nested, first, page, level,
                       stretch->writable && memory->dirty.base == NULL)) {
            return true;
        }
    }
    return false;
}

static bool map_page(struct memory *memory, uint64_t guest_physical,
                     const struct stretch *stretch) {
    const uint64_t page = stretch->page + ((guest_physical - stretch->first) >> 12);
    return nested_map(&memory->nested, guest_physical & ~0xfffull, page, 0,
                      stretch->writable && !arena_watches(&memory->arena, page) &&
                          dirty_pages_contain(&memory->dirty, &memory->arena, page));
}

static void map_neighbours(struct memory *memory, uint64_t guest_physical,
                           const struct stretch *stretch) {
    const uint64_t run = guest_physical | (RUN_SIZE - 1);
    const uint64_t end = run < stretch->end ? run : stretch->end;
    uint64_t next = (guest_physical | 0xfff) + 1;
    while (next < end && map_page(memory, next, stretch)) {
        next += 0x1000;
    }
}

bool memory_make_present(struct memory *memory, uint64_t guest_physical, bool write) {
    struct backing backing;
    memory->starved = false;
    if (guest_physical >= ALL_MEMORY || !find_page(memory, guest_physical, &backing) ||
        (write && !backing.writable)) {
        return false;
    }
    const uint64_t shift = (guest_physical & ~0xfffull) - backing.vmo_offset;
    const uint64_t page = arena_page_for(&memory->arena, backing.vmo, backing.vmo_offset, shift);
    if (page == NO_ARENA_PAGE) {
        memory->starved = true;
        return false;
    }
    const struct stretch stretch = stretch_around(memory, guest_physical, &backing, page);
    memory->any_not_executable |= !backing.executable;
    if (map_large(memory, guest_physical, &stretch)) {
        return true;
    }
    memory->starved = !map_page(memory, guest_physical, &stretch);
    if (!memory->starved) {
        map_neighbours(memory, guest_physical, &stretch);
    }
    return !memory->starved;
}

bool memory_is_backed(const struct memory *memory, uint64_t guest_physical) {
    struct backing backing;
    return guest_physical < ALL_MEMORY && find_page(memory, guest_physical, &backing);
}

bool memory_may_execute(struct memory *memory, uint64_t guest_physical) {
    struct backing backing;
    return find_page(memory, guest_physical, &backing) && backing.executable;
}

bool memory_dirty(struct memory *memory, uint64_t page) {
    if (!dirty_pages_add(&memory->dirty, &memory->arena, page)) {
        return false;
    }
    const bool table = (*dirty_pages_mark(&memory->arena, page) & DIRTY_TABLE) != 0;
    memory->engine->tlb_stale |= table && memory->engine->tlb_kept;
    return true;
}

bool memory_written(struct memory *memory, uint64_t guest_physical) {
    struct backing backing;
    const uint64_t page = nested_page(&memory->nested, guest_physical);
    if (page == NO_ARENA_PAGE || !find_page(memory, guest_physical, &backing) ||
        !backing.writable) {
        return false;
    }
    code_pages_stored_to(&memory->code, page);
    memory->dirtied = memory_dirty(memory, page);
    nested_allow_writes(&memory->nested, guest_physical);
    return true;
}

uint8_t *memory_host_address(struct memory *memory, uint64_t guest_physical, bool write) {
    uint64_t found = nested_lookup(&memory->nested, guest_physical);
    if ((found & NESTED_PRESENT) == 0) {
        if (!memory_make_present(memory, guest_physical, write)) {
            return NULL;
        }
        found = nested_lookup(&memory->nested, guest_physical);
    }
    if (write && (found & NESTED_WRITABLE) == 0 && !memory_written(memory, guest_physical)) {
        return NULL;
    }
    return arena_pointer(&memory->arena, (found & NESTED_ADDRESS) - ARENA_BASE) +
           (guest_physical & 0xfff);
}
