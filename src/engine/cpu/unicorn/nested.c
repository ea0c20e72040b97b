// SPDX-License-Identifier: MIT
//
// The nested page tables: four levels of 4 KiB pages, filled on demand. They decide what of
// guest-physical memory the guest reaches without an exit. The root lies in the hidden region.

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/machine.h"
#include "platform/check.h"

#include <string.h>

enum { ENTRIES = 512 };

#define ROOT (HIDDEN_BASE + HIDDEN_ROOT)

uint64_t *nested_table(struct machine *machine, uint64_t physical) {
    CHECK(physical == ROOT || (physical >= WINDOW_BASE && physical < WINDOW_BASE + WINDOW_SIZE));
    uint8_t *page = physical == ROOT ? machine->hidden + HIDDEN_ROOT
                                     : window_pointer(machine, physical - WINDOW_BASE);
    return (uint64_t *)(void *)page;
}

static uint64_t *new_table(struct machine *machine, uint64_t *entry) {
    const uint64_t physical = table_pages_take(machine);
    if (physical == 0) {
        return NULL;
    }
    *entry = physical | NESTED_LEAF | NESTED_WRITABLE;
    return nested_table(machine, physical);
}

uint64_t *nested_entry(struct machine *machine, uint64_t guest_physical, bool create) {
    uint64_t *table = nested_table(machine, ROOT);
    for (unsigned shift = 39; shift > 12; shift -= 9) {
        uint64_t *entry = &table[guest_physical >> shift & (ENTRIES - 1)];
        if ((*entry & NESTED_PRESENT) != 0) {
            table = nested_table(machine, *entry & NESTED_ADDRESS);
        } else if (create) {
            table = new_table(machine, entry);
        } else {
            table = NULL;
        }
        if (table == NULL) {
            return NULL;
        }
    }
    return &table[guest_physical >> 12 & (ENTRIES - 1)];
}

static bool leads_to(const uint64_t *entry, uint64_t window_page) {
    return (*entry & NESTED_PRESENT) != 0 &&
           (*entry & NESTED_ADDRESS) == WINDOW_BASE + (window_page << 12);
}

bool nested_leads_to(struct machine *machine, uint64_t guest_physical, uint64_t window_page) {
    const uint64_t *entry = nested_entry(machine, guest_physical, false);
    return entry != NULL && leads_to(entry, window_page);
}

// --- From a page of the window back to its entries ---

// A page keeps the last entry that led there. Look at all entries instead:
static uint64_t several;
#define SEVERAL (&several)

static uint64_t **place_of(struct machine *machine, uint64_t window_page) {
    const struct window_slot *slot = window_slot_of(machine, window_page);
    return &slot->places[window_page - (slot->base >> 12)];
}

bool nested_map(struct machine *machine, uint64_t guest_physical, uint64_t window_page,
                bool writable) {
    uint64_t *entry = nested_entry(machine, guest_physical, true);
    if (entry == NULL) {
        return false;
    }
    uint64_t **place = place_of(machine, window_page);
    CHECK(!writable || !code_pages_contain(machine, window_page));
    if (*place == NULL || (*place != SEVERAL && !leads_to(*place, window_page))) {
        *place = entry;
    } else if (*place != entry) {
        *place = SEVERAL;
    }
    *entry = (WINDOW_BASE + (window_page << 12)) | NESTED_LEAF | (writable ? NESTED_WRITABLE : 0);
    return true;
}

static bool protect_entry(uint64_t *entry, uint64_t window_page) {
    if (!leads_to(entry, window_page) || (*entry & NESTED_WRITABLE) == 0) {
        return false;
    }
    *entry &= ~NESTED_WRITABLE;
    return true;
}

static bool protect_table(struct machine *machine, uint64_t *table, unsigned shift,
                          uint64_t window_page) {
    bool changed = false;
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (shift == 12) {
            changed |= protect_entry(&table[i], window_page);
        } else if ((table[i] & NESTED_PRESENT) != 0) {
            changed |= protect_table(machine, nested_table(machine, table[i] & NESTED_ADDRESS),
                                     shift - 9, window_page);
        }
    }
    return changed;
}

bool nested_protect(struct machine *machine, uint64_t window_page) {
    uint64_t *place = *place_of(machine, window_page);
    if (place == SEVERAL) {
        return protect_table(machine, nested_table(machine, ROOT), 39, window_page);
    }
    return place != NULL && protect_entry(place, window_page);
}

// --- Unmapping ---

struct range {
    uint64_t start;
    uint64_t end;
    void (*forget)(struct machine *machine, uint64_t window_page);
};

// Clears what lies below one table; `base` is the first address that the table covers. Tables that
// have nothing left in them are given back.
static void clear_table(struct machine *machine, uint64_t *table, unsigned shift, uint64_t base,
                        const struct range *range) {
    for (unsigned i = 0; i < ENTRIES; i++) {
        const uint64_t first = base + ((uint64_t)i << shift);
        const uint64_t last = first + (1ull << shift);
        if (first >= range->end || last <= range->start || (table[i] & NESTED_PRESENT) == 0) {
            continue;
        }
        const uint64_t address = table[i] & NESTED_ADDRESS;
        if (shift == 12) {
            table[i] = 0;
            range->forget(machine, (address - WINDOW_BASE) >> 12);
            continue;
        }
        clear_table(machine, nested_table(machine, address), shift - 9, first, range);
        if (first >= range->start && last <= range->end) {
            table[i] = 0;
            table_pages_give(machine, address);
        }
    }
}

void nested_clear(struct machine *machine, uint64_t guest_physical, uint64_t length,
                  void (*forget)(struct machine *machine, uint64_t window_page)) {
    const struct range range = {guest_physical, guest_physical + length, forget};
    clear_table(machine, nested_table(machine, ROOT), 39, 0, &range);
    machine->tlb_stale = true;
}

// Translations go with the entries: what is translated can be reached through some entry, so that
// an unmapping finds it.
void nested_provide(struct machine *machine) {
    if (!table_pages_provide(machine)) {
        machine_unmap(machine, 0, 1ull << 48);
    }
}
