// SPDX-License-Identifier: MIT
//
// Four levels of tables, filled on demand.

#include "engine/cpu/unicorn/nested.h"

#include "engine/cpu/unicorn/arena.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "platform/check.h"

enum { ENTRIES = 512, TOP_LEVEL = 3 };

#define NESTED_TABLE 0x67ull // Present, writable, user, accessed, dirty.
#define NESTED_LEAF 0x65ull  // The same, but not writable.
#define NESTED_LARGE 0x80ull // A leaf above the lowest level.

// The level of a leaf, in bits that the processor ignores: a table may have been used for another
// level in the meantime.
#define NESTED_LEVEL_SHIFT 9
#define NESTED_LEVEL (3ull << NESTED_LEVEL_SHIFT)

void nested_open(struct nested *nested, struct arena *arena, uint8_t *root) {
    *nested = (struct nested){
        .arena = arena,
        .root = (uint64_t *)(void *)root,
        .pages = {.arena = arena},
    };
}

void nested_close(struct nested *nested) {
    table_pages_clear(&nested->pages);
    *nested = (struct nested){0};
}

// --- Entries ---

static uint64_t *table_at(struct nested *nested, uint64_t entry) {
    return table_pages_at(&nested->pages, entry & NESTED_ADDRESS);
}

static uint64_t size_of(unsigned level) {
    return 1ull << nested_shift(level);
}

static uint64_t *entry_in(uint64_t *table, uint64_t guest_physical, unsigned level) {
    return &table[guest_physical >> nested_shift(level) & (ENTRIES - 1)];
}

static uint64_t leaf(uint64_t arena_page, unsigned level, bool writable) {
    return (ARENA_BASE + (arena_page << 12)) | NESTED_LEAF | (level > 0 ? NESTED_LARGE : 0) |
           (uint64_t)level << NESTED_LEVEL_SHIFT | (writable ? NESTED_WRITABLE : 0);
}

static bool is_leaf(uint64_t entry, unsigned level) {
    return level == 0 || (entry & NESTED_LARGE) != 0;
}

static uint64_t page_in(uint64_t entry) {
    CHECK((entry & NESTED_ADDRESS) >= ARENA_BASE);
    return ((entry & NESTED_ADDRESS) - ARENA_BASE) >> 12;
}

// Whether the entry is a leaf of this level that leads to the page, among others.
static bool leads_to(uint64_t entry, unsigned level, uint64_t arena_page) {
    const uint64_t page = arena_page & ~((size_of(level) >> 12) - 1);
    return (entry & ~NESTED_WRITABLE) == leaf(page, level, false);
}

// The entry that ends the walk: a leaf, or one that is not present.
static uint64_t *last_entry(struct nested *nested, uint64_t guest_physical, unsigned *level) {
    uint64_t *table = nested->root;
    for (*level = TOP_LEVEL;; --*level) {
        uint64_t *entry = entry_in(table, guest_physical, *level);
        if ((*entry & NESTED_PRESENT) == 0 || is_leaf(*entry, *level)) {
            return entry;
        }
        table = table_at(nested, *entry);
    }
}

uint64_t nested_lookup(struct nested *nested, uint64_t guest_physical) {
    unsigned level = 0;
    const uint64_t entry = *last_entry(nested, guest_physical, &level);
    if ((entry & NESTED_PRESENT) == 0) {
        return 0;
    }
    const uint64_t offset = guest_physical & (size_of(level) - 1) & NESTED_ADDRESS;
    return ((entry & NESTED_ADDRESS) + offset) | (entry & (NESTED_PRESENT | NESTED_WRITABLE));
}

uint64_t nested_entry(struct nested *nested, uint64_t guest_physical, uint64_t *size) {
    unsigned level = 0;
    const uint64_t entry = *last_entry(nested, guest_physical, &level);
    const bool present = (entry & NESTED_PRESENT) != 0;
    *size = present ? size_of(level) : 0;
    return present ? entry : 0;
}

uint64_t nested_page(struct nested *nested, uint64_t guest_physical) {
    const uint64_t found = nested_lookup(nested, guest_physical);
    return (found & NESTED_PRESENT) != 0 ? page_in(found) : NO_ARENA_PAGE;
}

// --- From a page of the arena back to its entries ---

// A page keeps the last entry of each level that led to it. SEVERAL in its place means that several
// entries lead there, and that all must be searched.
static uint64_t several;
#define SEVERAL (&several)

static uint64_t **place_of(struct nested *nested, unsigned level, uint64_t arena_page) {
    return memslot_place(memslot_of(nested->arena, arena_page), level, arena_page);
}

static void note_place(struct nested *nested, uint64_t *entry, unsigned level,
                       uint64_t arena_page) {
    uint64_t **place = place_of(nested, level, arena_page);
    if (*place == NULL || (*place != SEVERAL && !leads_to(**place, level, arena_page))) {
        *place = entry;
    } else if (*place != entry) {
        *place = SEVERAL;
    }
}

// Changes an entry of this level that leads to the page. True if Unicorn must be told.
typedef bool (*entry_change)(struct nested *nested, uint64_t *entry, unsigned level,
                             uint64_t arena_page);

static bool change_below(struct nested *nested, uint64_t *table, unsigned table_level,
                         unsigned level, uint64_t arena_page, entry_change change) {
    bool changed = false;
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (table_level == level) {
            changed |= leads_to(table[i], level, arena_page) &&
                       change(nested, &table[i], level, arena_page);
        } else if ((table[i] & NESTED_PRESENT) != 0 && !is_leaf(table[i], table_level)) {
            changed |= change_below(nested, table_at(nested, table[i]), table_level - 1, level,
                                    arena_page, change);
        }
    }
    return changed;
}

// Every entry of the level that leads to the page.
static bool change_all(struct nested *nested, unsigned level, uint64_t arena_page,
                       entry_change change) {
    uint64_t *place = *place_of(nested, level, arena_page);
    if (place == SEVERAL) {
        return change_below(nested, nested->root, TOP_LEVEL, level, arena_page, change);
    }
    return place != NULL && leads_to(*place, level, arena_page) &&
           change(nested, place, level, arena_page);
}

// --- Splitting ---

// The number of tables that it takes to split an entry of this level down to 4 KiB.
static uint64_t tables_to_split(unsigned level) {
    return level == 2 ? 1 + ENTRIES : level;
}

static void split(struct nested *nested, uint64_t *entry, unsigned level) {
    const bool writable = (*entry & NESTED_WRITABLE) != 0;
    const uint64_t first = page_in(*entry);
    const uint64_t physical = table_pages_take_reserved(&nested->pages);
    uint64_t *table = table_pages_at(&nested->pages, physical);
    *entry = physical | NESTED_TABLE;
    nested->leaves += ENTRIES - 1;
    for (unsigned i = 0; i < ENTRIES; i++) {
        const uint64_t page = first + i * (size_of(level - 1) >> 12);
        table[i] = leaf(page, level - 1, writable);
        note_place(nested, &table[i], level - 1, page);
    }
}

static bool split_one(struct nested *nested, uint64_t *entry, unsigned level, uint64_t arena_page) {
    (void)arena_page;
    split(nested, entry, level);
    return false;
}

void nested_isolate(struct nested *nested, uint64_t arena_page) {
    for (unsigned level = NESTED_LEVELS - 1; level > 0; level--) {
        change_all(nested, level, arena_page, split_one);
    }
}

static bool protect_one(struct nested *nested, uint64_t *entry, unsigned level,
                        uint64_t arena_page) {
    (void)nested;
    (void)level;
    (void)arena_page;
    const bool writable = (*entry & NESTED_WRITABLE) != 0;
    *entry &= ~NESTED_WRITABLE;
    return writable;
}

bool nested_protect(struct nested *nested, uint64_t arena_page) {
    nested_isolate(nested, arena_page);
    nested->changes++; // What guards it matters to tlb_fill.c, also where it was read-only already.
    return change_all(nested, 0, arena_page, protect_one);
}

bool nested_protect_if_single(struct nested *nested, uint64_t arena_page) {
    for (unsigned level = 0; level < NESTED_LEVELS; level++) {
        if (*place_of(nested, level, arena_page) == SEVERAL) {
            return false;
        }
    }
    return nested_protect(nested, arena_page);
}

static void protect_leaves(struct nested *nested, uint64_t *table, unsigned level) {
    for (unsigned i = 0; i < ENTRIES; i++) {
        if ((table[i] & NESTED_PRESENT) != 0 && is_leaf(table[i], level)) {
            table[i] &= ~NESTED_WRITABLE;
        } else if ((table[i] & NESTED_PRESENT) != 0) {
            protect_leaves(nested, table_at(nested, table[i]), level - 1);
        }
    }
}

void nested_protect_all(struct nested *nested) {
    protect_leaves(nested, nested->root, TOP_LEVEL);
    nested->changes++;
}

void nested_allow_writes(struct nested *nested, uint64_t guest_physical) {
    unsigned level = 0;
    uint64_t *entry = last_entry(nested, guest_physical, &level);
    while (level > 0) {
        split(nested, entry, level);
        entry = last_entry(nested, guest_physical, &level);
    }
    *entry |= NESTED_WRITABLE;
}

// --- Mapping ---

// Whether the entry may be made: no page of a large entry, nor a writable page, may be watched.
static bool is_allowed(struct nested *nested, uint64_t arena_page, unsigned level, bool writable) {
    const struct memslot *memslot = memslot_of(nested->arena, arena_page);
    return (level == 0 && !writable) ||
           !watch_contains_any(&memslot->watch, memslot_index(memslot, arena_page),
                               size_of(level) >> 12);
}

// The entry of the level for an address, after making the tables above it; NULL when there is no
// memory for tables, or a leaf of a higher level is in the way.
static uint64_t *make_entry(struct nested *nested, uint64_t guest_physical, unsigned level) {
    uint64_t *table = nested->root;
    for (unsigned at = TOP_LEVEL; at > level; at--) {
        uint64_t *entry = entry_in(table, guest_physical, at);
        if ((*entry & NESTED_PRESENT) == 0) {
            const uint64_t physical = table_pages_take(&nested->pages);
            if (physical == 0) {
                return NULL;
            }
            *entry = physical | NESTED_TABLE;
        } else if (is_leaf(*entry, at)) {
            return NULL;
        }
        table = table_at(nested, *entry);
    }
    return entry_in(table, guest_physical, level);
}

bool nested_map(struct nested *nested, uint64_t guest_physical, uint64_t arena_page, unsigned level,
                bool writable) {
    if (!is_allowed(nested, arena_page, level, writable)) {
        return false;
    }
    uint64_t *entry = make_entry(nested, guest_physical, level);
    if (entry == NULL || (*entry & NESTED_PRESENT) != 0 ||
        (level > 0 && !table_pages_reserve(&nested->pages, tables_to_split(level)))) {
        return false;
    }
    *entry = leaf(arena_page, level, writable);
    nested->leaves++;
    note_place(nested, entry, level, arena_page);
    return true;
}

// --- Unmapping ---

struct range {
    uint64_t start;
    uint64_t end;
    void (*forget)(void *context, uint64_t arena_page);
    void *context;
};

static void clear_leaf(struct nested *nested, uint64_t *entry, unsigned level,
                       const struct range *range) {
    const uint64_t page = page_in(*entry);
    CHECK(nested->leaves > 0);
    nested->leaves--;
    *entry = 0;
    if (level == 0) {
        range->forget(range->context, page);
    } else {
        table_pages_release(&nested->pages, tables_to_split(level));
    }
}

// Clears what lies below one table; `base` is the first address that the table covers, and the
// range has some of what it covers. Tables that have nothing left in them are given back.
static void clear_table(struct nested *nested, uint64_t *table, unsigned level, uint64_t base,
                        const struct range *range) {
    const uint64_t size = size_of(level);
    uint64_t first = range->start > base ? base + ((range->start - base) & ~(size - 1)) : base;
    for (; first < range->end && first - base < ENTRIES * size; first += size) {
        uint64_t *entry = entry_in(table, first, level);
        const bool whole = first >= range->start && first + size <= range->end;
        if ((*entry & NESTED_PRESENT) == 0) {
            continue;
        }
        if (is_leaf(*entry, level)) {
            if (whole) {
                clear_leaf(nested, entry, level, range);
                continue;
            }
            split(nested, entry, level);
        }
        const uint64_t found = *entry;
        clear_table(nested, table_at(nested, found), level - 1, first, range);
        if (whole) {
            *entry = 0;
            table_pages_give(&nested->pages, found & NESTED_ADDRESS);
        }
    }
}

void nested_clear(struct nested *nested, uint64_t guest_physical, uint64_t length,
                  void (*forget)(void *context, uint64_t arena_page), void *context) {
    const struct range range = {guest_physical, guest_physical + length, forget, context};
    nested->changes++;
    clear_table(nested, nested->root, TOP_LEVEL, 0, &range);
}
