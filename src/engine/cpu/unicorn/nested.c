// SPDX-License-Identifier: MIT
//
// Four levels of 4 KiB pages, filled on demand.

#include "engine/cpu/unicorn/nested.h"

#include "engine/cpu/unicorn/arena.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "platform/check.h"

enum { ENTRIES = 512 };

void nested_open(struct nested *nested, struct arena *arena, uint8_t *hidden) {
    *nested = (struct nested){
        .arena = arena,
        .root = (uint64_t *)(void *)(hidden + HIDDEN_ROOT),
        .pages = {.arena = arena},
    };
}

void nested_close(struct nested *nested) {
    table_pages_clear(&nested->pages);
    *nested = (struct nested){0};
}

static uint64_t *table_at(struct nested *nested, uint64_t entry) {
    return table_pages_at(&nested->pages, entry & NESTED_ADDRESS);
}

static uint64_t *new_table(struct nested *nested, uint64_t *entry) {
    const uint64_t physical = table_pages_take(&nested->pages);
    if (physical == 0) {
        return NULL;
    }
    *entry = physical | NESTED_LEAF | NESTED_WRITABLE;
    return table_pages_at(&nested->pages, physical);
}

uint64_t *nested_entry(struct nested *nested, uint64_t guest_physical, bool create) {
    uint64_t *table = nested->root;
    for (unsigned shift = 39; shift > 12; shift -= 9) {
        uint64_t *entry = &table[guest_physical >> shift & (ENTRIES - 1)];
        if ((*entry & NESTED_PRESENT) != 0) {
            table = table_at(nested, *entry);
        } else if (create) {
            table = new_table(nested, entry);
        } else {
            table = NULL;
        }
        if (table == NULL) {
            return NULL;
        }
    }
    return &table[guest_physical >> 12 & (ENTRIES - 1)];
}

static uint64_t page_in(uint64_t entry) {
    CHECK((entry & NESTED_ADDRESS) >= ARENA_BASE);
    return ((entry & NESTED_ADDRESS) - ARENA_BASE) >> 12;
}

static bool leads_to(const uint64_t *entry, uint64_t arena_page) {
    return (*entry & NESTED_PRESENT) != 0 &&
           (*entry & NESTED_ADDRESS) == ARENA_BASE + (arena_page << 12);
}

uint64_t nested_page(struct nested *nested, uint64_t guest_physical) {
    const uint64_t *entry = nested_entry(nested, guest_physical, false);
    const bool present = entry != NULL && (*entry & NESTED_PRESENT) != 0;
    return present ? page_in(*entry) : NO_ARENA_PAGE;
}

// --- From a page of the arena back to its entries ---

// A page keeps the last entry that led there. Look at all entries instead:
static uint64_t several;
#define SEVERAL (&several)

static uint64_t **place_of(struct nested *nested, uint64_t arena_page) {
    const struct memslot *memslot = memslot_of(nested->arena, arena_page);
    return &memslot->places[memslot_index(memslot, arena_page)];
}

bool nested_map(struct nested *nested, uint64_t guest_physical, uint64_t arena_page,
                bool writable) {
    uint64_t *entry = nested_entry(nested, guest_physical, true);
    if (entry == NULL) {
        return false;
    }
    uint64_t **place = place_of(nested, arena_page);
    CHECK(!writable || !arena_watches(nested->arena, arena_page));
    if (*place == NULL || (*place != SEVERAL && !leads_to(*place, arena_page))) {
        *place = entry;
    } else if (*place != entry) {
        *place = SEVERAL;
    }
    *entry = (ARENA_BASE + (arena_page << 12)) | NESTED_LEAF | (writable ? NESTED_WRITABLE : 0);
    return true;
}

static bool protect_entry(uint64_t *entry, uint64_t arena_page) {
    if (!leads_to(entry, arena_page) || (*entry & NESTED_WRITABLE) == 0) {
        return false;
    }
    *entry &= ~NESTED_WRITABLE;
    return true;
}

static bool protect_table(struct nested *nested, uint64_t *table, unsigned shift,
                          uint64_t arena_page) {
    bool changed = false;
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (shift == 12) {
            changed |= protect_entry(&table[i], arena_page);
        } else if ((table[i] & NESTED_PRESENT) != 0) {
            changed |= protect_table(nested, table_at(nested, table[i]), shift - 9, arena_page);
        }
    }
    return changed;
}

bool nested_protect(struct nested *nested, uint64_t arena_page) {
    uint64_t *place = *place_of(nested, arena_page);
    const bool changed = place == SEVERAL ? protect_table(nested, nested->root, 39, arena_page)
                                          : place != NULL && protect_entry(place, arena_page);
    nested->changes += changed;
    return changed;
}

// --- Unmapping ---

struct range {
    uint64_t start;
    uint64_t end;
    void (*forget)(void *context, uint64_t arena_page);
    void *context;
};

// Clears what lies below one table; `base` is the first address that the table covers, and the
// range has some of what it covers. Tables that have nothing left in them are given back.
static void clear_table(struct nested *nested, uint64_t *table, unsigned shift, uint64_t base,
                        const struct range *range) {
    const uint64_t size = 1ull << shift;
    uint64_t first = range->start > base ? base + ((range->start - base) & ~(size - 1)) : base;
    for (; first < range->end && first - base < ENTRIES * size; first += size) {
        uint64_t *entry = &table[(first - base) >> shift];
        const uint64_t found = *entry;
        if ((found & NESTED_PRESENT) == 0) {
            continue;
        }
        if (shift == 12) {
            *entry = 0;
            range->forget(range->context, page_in(found));
            continue;
        }
        clear_table(nested, table_at(nested, found), shift - 9, first, range);
        if (first >= range->start && first + size <= range->end) {
            *entry = 0;
            table_pages_give(&nested->pages, found & NESTED_ADDRESS);
        }
    }
}

void nested_clear(struct nested *nested, uint64_t guest_physical, uint64_t length,
                  void (*forget)(void *context, uint64_t arena_page), void *context) {
    const struct range range = {guest_physical, guest_physical + length, forget, context};
    nested->changes++;
    clear_table(nested, nested->root, 39, 0, &range);
}
