// SPDX-License-Identifier: MIT
//
// Marking tables, and looking for stores to them.

#include "engine/cpu/unicorn/guest_tables.h"

#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/image_chain.h"
#include "engine/cpu/unicorn/memory.h"

// NULL for a page of no image.
static uint8_t *mark_of(struct memory *memory, uint64_t page) {
    const bool have = page != NO_ARENA_PAGE && memory->dirty.base != NULL;
    return have ? dirty_pages_mark(&memory->arena, page) : NULL;
}

// Whether the page is read-only until a store to it is noticed, and for no other reason.
static bool is_clean(struct memory *memory, uint64_t guest_physical, uint64_t page,
                     const uint8_t *mark) {
    struct backing backing;
    const struct machine_client *client = &memory->client;
    return mark != NULL && (*mark & DIRTY_LISTED) == 0 && !arena_watches(&memory->arena, page) &&
           client->find_page(client->context, guest_physical, &backing) && backing.writable;
}

bool guest_tables_note(struct memory *memory, uint64_t guest_physical) {
    const uint64_t found = nested_lookup(&memory->nested, guest_physical);
    const uint64_t page = nested_page(&memory->nested, guest_physical);
    uint8_t *mark = mark_of(memory, page);
    if ((found & NESTED_WRITABLE) == 0 && !is_clean(memory, guest_physical, page, mark)) {
        return false;
    }
    // A page that the image has not may be writable without having been stored to.
    if (mark != NULL && image_part_of(memory->dirty.base, page) != NULL) {
        *mark |= DIRTY_TABLE;
    } else {
        memory->engine->fill.unmarked = true;
    }
    return true;
}

bool guest_tables_spare(struct memory *memory, uint64_t guest_physical) {
    const uint64_t page = nested_page(&memory->nested, guest_physical);
    const uint8_t *mark = mark_of(memory, page);
    return mark != NULL && (*mark & DIRTY_TABLE) == 0 &&
           is_clean(memory, guest_physical, page, mark) && memory_written(memory, guest_physical);
}

// --- Stores of others ---

static bool has_table(const struct memslot *memslot, const struct page_range *range) {
    const uint64_t start = memslot->base >> 12;
    const uint64_t end = start + (memslot->size >> 12);
    uint64_t page = range->first > start ? range->first : start;
    bool has = false;
    for (; !has && page < end && page < range->first + range->count; page++) {
        has = (memslot->stored[page - start] & DIRTY_TABLE) != 0;
    }
    return has;
}

static bool calls_have_stored(struct memory *memory, const struct memslot *memslot) {
    struct page_range range;
    bool have = false;
    for (unsigned i = 0; !have && host_stores_look(&memory->arena.stores, i, &range); i++) {
        have = has_table(memslot, &range);
    }
    return have;
}

// What has no marks has no tables that entries come from.
void guest_tables_look(struct memory *memory) {
    struct engine *engine = memory->engine;
    if (!engine->tlb_kept) {
        return;
    }
    const bool any = host_stores_any_new(&memory->arena.stores);
    const bool noted = memory->dirty.base->options.noted;
    for (size_t i = 0; i < memory->arena.count; i++) {
        const struct memslot *memslot = memory->arena.memslots[i];
        if (memslot->stored != NULL) {
            engine->tlb_stale |= (!noted && memslot_is_mapped_anew(memslot)) ||
                                 (any && calls_have_stored(memory, memslot));
        }
    }
}
