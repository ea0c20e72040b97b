// SPDX-License-Identifier: MIT
//
// The nested page tables: four levels of 4 KiB pages in the hidden region, filled on demand. They
// decide what of guest-physical memory the guest reaches without an exit.

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/machine.h"

#include <string.h>

enum { ENTRIES = 512 };

static uint64_t *table_at(struct machine *machine, uint64_t physical) {
    return (uint64_t *)(void *)(machine->hidden + (physical - HIDDEN_BASE));
}

static uint64_t *new_table(struct machine *machine, uint64_t *entry) {
    if (machine->next_table + 0x1000 > HIDDEN_SIZE) {
        return NULL;
    }
    const uint64_t physical = HIDDEN_BASE + machine->next_table;
    machine->next_table += 0x1000;
    *entry = physical | NESTED_LEAF | NESTED_WRITABLE;
    return table_at(machine, physical);
}

uint64_t *nested_entry(struct machine *machine, uint64_t guest_physical, bool create) {
    uint64_t *table = table_at(machine, HIDDEN_BASE + HIDDEN_TABLES);
    for (unsigned shift = 39; shift > 12; shift -= 9) {
        uint64_t *entry = &table[guest_physical >> shift & (ENTRIES - 1)];
        if ((*entry & NESTED_PRESENT) != 0) {
            table = table_at(machine, *entry & NESTED_ADDRESS);
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

bool nested_leads_to(struct machine *machine, uint64_t guest_physical, uint64_t window_page) {
    const uint64_t *entry = nested_entry(machine, guest_physical, false);
    return entry != NULL && (*entry & NESTED_PRESENT) != 0 &&
           (*entry & NESTED_ADDRESS) == WINDOW_BASE + (window_page << 12);
}

// --- From a page of the window back to its entries ---

enum { SEVERAL = UINT32_MAX }; // Look at all entries.

static uint32_t place_of(const struct machine *machine, const uint64_t *entry) {
    return (uint32_t)((const uint8_t *)entry - machine->hidden) / sizeof *entry;
}

bool nested_map(struct machine *machine, uint64_t guest_physical, uint64_t window_page,
                bool writable) {
    uint64_t *entry = nested_entry(machine, guest_physical, true);
    if (entry == NULL) {
        return false;
    }
    uint32_t *place = &machine->places[window_page];
    if (*place == 0) {
        *place = place_of(machine, entry);
    } else if (*place != place_of(machine, entry)) {
        *place = SEVERAL;
    }
    *entry = (WINDOW_BASE + (window_page << 12)) | NESTED_LEAF | (writable ? NESTED_WRITABLE : 0);
    return true;
}

static bool protect_entry(uint64_t *entry, uint64_t window_page) {
    const uint64_t address = WINDOW_BASE + (window_page << 12);
    const uint64_t wanted = NESTED_PRESENT | NESTED_WRITABLE;
    if ((*entry & wanted) != wanted || (*entry & NESTED_ADDRESS) != address) {
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
            changed |= protect_table(machine, table_at(machine, table[i] & NESTED_ADDRESS),
                                     shift - 9, window_page);
        }
    }
    return changed;
}

bool nested_protect(struct machine *machine, uint64_t window_page) {
    const uint32_t place = machine->places[window_page];
    if (place == SEVERAL) {
        return protect_table(machine, table_at(machine, HIDDEN_BASE + HIDDEN_TABLES), 39,
                             window_page);
    }
    return place != 0 && protect_entry((uint64_t *)(void *)machine->hidden + place, window_page);
}

// --- Unmapping ---

struct range {
    uint64_t start;
    uint64_t end;
    void (*forget)(struct machine *machine, uint64_t window_page);
};

// Clears what lies below one table; `base` is the first address that the table covers.
static void clear_table(struct machine *machine, uint64_t *table, unsigned shift, uint64_t base,
                        const struct range *range) {
    for (unsigned i = 0; i < ENTRIES; i++) {
        const uint64_t first = base + ((uint64_t)i << shift);
        const uint64_t last = first + (1ull << shift);
        if (first >= range->end || last <= range->start || (table[i] & NESTED_PRESENT) == 0) {
            continue;
        }
        if (shift == 12) {
            range->forget(machine, ((table[i] & NESTED_ADDRESS) - WINDOW_BASE) >> 12);
            table[i] = 0;
        } else {
            clear_table(machine, table_at(machine, table[i] & NESTED_ADDRESS), shift - 9, first,
                        range);
        }
    }
}

void nested_clear(struct machine *machine, uint64_t guest_physical, uint64_t length,
                  void (*forget)(struct machine *machine, uint64_t window_page)) {
    const struct range range = {guest_physical, guest_physical + length, forget};
    clear_table(machine, table_at(machine, HIDDEN_BASE + HIDDEN_TABLES), 39, 0, &range);
    machine->tlb_stale = true;
}
