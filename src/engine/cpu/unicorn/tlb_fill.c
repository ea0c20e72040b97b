// SPDX-License-Identifier: MIT
//
// The walk, and how Unicorn comes to it.

#include "engine/cpu/unicorn/tlb_fill.h"

#include "engine/cpu/unicorn/arena.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/nested.h"
#include "engine/cpu/unicorn/tlb_fill_trial.h"
#include "engine/cpu/x86/page_entry.h"

#include <string.h>

#define PAGE_SIZE 0x1000ull

// --- The walk ---

enum { TOP_SHIFT = 39, LEAF_SHIFT = 12, INDEX_BITS = 9 };

// Not of this processor, and looked at by Unicorn's walk.
#define CR4_LA57 (1ull << 12)
#define CR4_PKE (1ull << 22)

struct tlb_walk {
    struct tlb_fill *fill;
    uint64_t cr0;
    uint64_t cr3;
    uint64_t cr4;
    uint64_t efer;
    uint64_t linear;
    enum fill_access access;
    enum fill_mode mode;
    uint64_t rights; // ENTRY_WRITABLE and ENTRY_USER of all levels, ENTRY_NO_EXECUTE of any.
    uint64_t leaf;
    unsigned shift; // The shift of the leaf.
    uint64_t page;  // The guest-physical page that it leads to.
};

#define NESTED_WHOLE (NESTED_PRESENT | NESTED_WRITABLE)

// What has been taken away from entries is counted; what was given to them is not, so what lacks
// something is looked up again.
static struct nested_page_kept *nested_found(struct tlb_fill *fill, uint64_t guest_physical) {
    struct nested *nested = fill->nested;
    const uint64_t page = guest_physical >> 12;
    struct nested_page_kept *kept = &fill->kept[(page ^ page >> 8) % NESTED_PAGES_KEPT];
    const bool known = kept->page == page && kept->changes == nested->changes + 1;
    if (!known || (kept->found & NESTED_WHOLE) != NESTED_WHOLE) {
        const uint64_t found = nested_lookup(nested, guest_physical);
        *kept = (struct nested_page_kept){page, found, nested->changes + 1, known && kept->table};
    }
    return kept;
}

// Unicorn's walk wants tables writable. This one stores nothing in them.
static bool read_entry(const struct tlb_walk *walk, uint64_t address, uint64_t *entry) {
    struct tlb_fill *fill = walk->fill;
    struct nested_page_kept *kept = nested_found(fill, address);
    kept->table = kept->table || fill->hooks->table(fill->context, address);
    if (!kept->table) {
        return false;
    }
    const uint64_t offset =
        (kept->found & NESTED_ADDRESS) - ARENA_BASE + (address & (PAGE_SIZE - 1));
    memcpy(entry, arena_pointer(fill->nested->arena, offset), sizeof *entry);
    return true;
}

static bool is_leaf(uint64_t entry, unsigned shift) {
    return shift == LEAF_SHIFT || (shift < TOP_SHIFT && (entry & ENTRY_LARGE) != 0);
}

static bool is_reserved(const struct tlb_walk *walk, uint64_t entry, unsigned shift) {
    uint64_t reserved = ENTRY_BEYOND_ADDRESS;
    reserved |= (walk->efer & EFER_NXE) == 0 ? ENTRY_NO_EXECUTE : 0;
    reserved |= shift == TOP_SHIFT ? ENTRY_LARGE : 0;
    if (shift > LEAF_SHIFT && is_leaf(entry, shift)) {
        reserved |= ((1ull << shift) - 1) & ENTRY_ADDRESS & ~ENTRY_ATTRIBUTE_TABLE;
    }
    return (entry & reserved) != 0;
}

// Down to the leaf, which needs no bit set.
static bool find_leaf(struct tlb_walk *walk) {
    const uint64_t needed = ENTRY_PRESENT | ENTRY_ACCESSED;
    uint64_t table = walk->cr3 & ENTRY_ADDRESS;
    for (unsigned shift = TOP_SHIFT;; shift -= INDEX_BITS) {
        const uint64_t index = walk->linear >> shift & ((1u << INDEX_BITS) - 1);
        uint64_t entry = 0;
        if (!read_entry(walk, table + index * sizeof entry, &entry) || (entry & needed) != needed ||
            is_reserved(walk, entry, shift)) {
            return false;
        }
        walk->rights &= entry | ENTRY_NO_EXECUTE;
        walk->rights |= entry & ENTRY_NO_EXECUTE;
        if (is_leaf(entry, shift)) {
            walk->leaf = entry;
            walk->shift = shift;
            return true;
        }
        table = entry & ENTRY_ADDRESS;
    }
}

// As Unicorn has it, which is as the SDM has it in volume 3A, section 4.6.1: for all accesses of
// the mode, because the entry will serve them.
static unsigned permissions(const struct tlb_walk *walk) {
    const bool user = walk->mode == FILL_USER;
    const bool user_page = (walk->rights & ENTRY_USER) != 0;
    unsigned permitted = 0;
    if (user && !user_page) {
        return 0;
    }
    if (walk->mode != FILL_SUPERVISOR_SMAP || !user_page) {
        const bool writable =
            (walk->rights & ENTRY_WRITABLE) != 0 || (!user && (walk->cr0 & CR0_WP) == 0);
        permitted |= UC_PROT_READ;
        permitted |= writable && (walk->leaf & ENTRY_DIRTY) != 0 ? UC_PROT_WRITE : 0;
    }
    if ((walk->rights & ENTRY_NO_EXECUTE) == 0 &&
        (user || !user_page || (walk->cr4 & CR4_SMEP) == 0)) {
        permitted |= UC_PROT_EXEC;
    }
    return permitted;
}

// UC_PROT_READ, UC_PROT_WRITE and UC_PROT_EXEC.
static unsigned permission_for(enum fill_access access) {
    return 1u << access;
}

enum resolution { RESOLVED, ABSENT, UNRESOLVED };

static enum resolution resolve(struct tlb_walk *walk, uc_tlb_entry *entry) {
    const uint64_t within = ((1ull << walk->shift) - 1) & ENTRY_ADDRESS;
    walk->page = (walk->leaf & ENTRY_ADDRESS & ~within) | (walk->linear & within);
    struct tlb_fill *fill = walk->fill;
    const struct nested_page_kept *kept = nested_found(fill, walk->page);
    const uint64_t found = kept->found;
    unsigned permitted = permissions(walk);
    if ((permitted & permission_for(walk->access)) == 0) {
        return UNRESOLVED;
    }
    if ((found & NESTED_PRESENT) == 0) {
        return ABSENT;
    }
    const bool writable =
        (found & NESTED_WRITABLE) != 0 ||
        (walk->access == FILL_STORE && fill->hooks->store(fill->context, walk->page));
    permitted &= writable ? UC_PROT_ALL : ~(unsigned)UC_PROT_WRITE;
    entry->paddr = found & NESTED_ADDRESS;
    entry->perms = (uc_prot)permitted;
    return (permitted & permission_for(walk->access)) != 0 ? RESOLVED : UNRESOLVED;
}

// Long mode alone: what else guests do they do for a moment.
static bool is_for_us(const struct tlb_walk *walk) {
    const uint64_t upper = walk->linear >> 47;
    return (walk->cr0 & CR0_PG) != 0 && (walk->efer & EFER_LMA) != 0 &&
           (walk->cr4 & (CR4_PAE | CR4_LA57 | CR4_PKE)) == CR4_PAE &&
           (upper == 0 || upper == 0x1ffff);
}

// --- Unicorn's account of large pages ---

// It keeps, for each mode, the region in which they lie, whose entries go together. The words are
// at this distance before the state.
#define REGIONS_DISTANCE 2160u
#define REGION_STRIDE 696u

// Without a page both words are NO_REGION.
struct region {
    uint64_t first;
    uint64_t mask;
};
#define NO_REGION UINT64_MAX

static uint8_t *region_words(const struct tlb_walk *walk) {
    return walk->fill->state - REGIONS_DISTANCE + (size_t)REGION_STRIDE * walk->mode;
}

static struct region region_of(const struct tlb_walk *walk) {
    struct region region;
    memcpy(&region, region_words(walk), sizeof region);
    return region;
}

static bool is_empty(const struct region *region) {
    return region->first == NO_REGION && region->mask == NO_REGION;
}

// Whether the words can be those of pages.
static bool is_region(const struct region *region) {
    const uint64_t within = ~region->mask;
    return (within & (within + 1)) == 0 && within >= PAGE_SIZE - 1 && (region->first & within) == 0;
}

static bool region_has(const struct region *region, const struct tlb_walk *walk) {
    const uint64_t within = (1ull << walk->shift) - 1;
    return is_region(region) && ~region->mask >= within &&
           (walk->linear & region->mask) == region->first;
}

// The smallest one that has this page, too.
static struct region region_with(const struct region *region, const struct tlb_walk *walk) {
    struct region grown = {walk->linear, ~((1ull << walk->shift) - 1)};
    if (!is_empty(region)) {
        grown.mask &= region->mask;
        while (((region->first ^ walk->linear) & grown.mask) != 0) {
            grown.mask <<= 1;
        }
    }
    grown.first &= grown.mask;
    return grown;
}

static bool is_same_region(const struct region *one, const struct region *other) {
    return one->first == other->first && one->mask == other->mask;
}

// --- What Unicorn calls ---

static struct fill_functions functions; // Unicorn's; see tlb_fill_find().
static _Thread_local struct tlb_fill *running;

static bool on_fill(uc_engine *unicorn, uint64_t address, uc_mem_type type, uc_tlb_entry *result,
                    void *context) {
    const struct tlb_fill *fill = context;
    (void)unicorn;
    (void)address;
    (void)type;
    *result = fill->entry;
    return !fill->ends_run;
}

static uint64_t word_of(const struct tlb_fill *fill, enum cpu_register name) {
    uint64_t word;
    memcpy(&word, fill->state + fill->layout->words[name], sizeof word);
    return word;
}

static struct tlb_walk walk_for(struct tlb_fill *fill, const struct tlb_miss *miss) {
    return (struct tlb_walk){
        .fill = fill,
        .cr0 = word_of(fill, CR0),
        .cr3 = word_of(fill, CR3),
        .cr4 = word_of(fill, CR4),
        .efer = word_of(fill, EFER),
        .linear = miss->linear & ~(PAGE_SIZE - 1),
        .access = (enum fill_access)miss->access,
        .mode = (enum fill_mode)miss->mode,
        .rights = ENTRY_WRITABLE | ENTRY_USER,
    };
}

// No tables lead to an address where paging is off.
static bool leave_to_engine(struct tlb_fill *fill, const struct tlb_miss *miss) {
    const bool filled = fill_by(functions.walk, miss);
    fill->walked |= filled && (word_of(fill, CR0) & CR0_PG) != 0;
    return filled;
}

// Newer versions would restore the state as it was at the address that the access returns to.
static bool answer(const struct tlb_miss *miss) {
    struct tlb_miss known = *miss;
    known.return_address = 0;
    return fill_by(functions.answer, &known);
}

// Unicorn's own walk takes the page into the account. Once that has changed as it should, the
// library knows where it is, and need not leave the next pages to the walk.
static bool walk_large(const struct tlb_walk *walk, const struct tlb_miss *miss) {
    struct tlb_fill *fill = walk->fill;
    const struct region before = region_of(walk);
    const struct region expected = region_with(&before, walk);
    const bool filled = fill_by(functions.walk, miss);
    const struct region after = region_of(walk);
    fill->leaves_large |= !region_has(&after, walk);
    fill->accounts[walk->mode] |=
        is_same_region(&after, &expected) && !is_same_region(&after, &before);
    return filled;
}

static bool fill_large(const struct tlb_walk *walk, const struct tlb_miss *miss) {
    const struct tlb_fill *fill = walk->fill;
    const struct region region = region_of(walk);
    if (fill->leaves_large) {
        return fill_by(functions.walk, miss);
    }
    if (region_has(&region, walk)) {
        return answer(miss);
    }
    if (!fill->accounts[walk->mode] || !(is_empty(&region) || is_region(&region))) {
        return walk_large(walk, miss);
    }
    const struct region grown = region_with(&region, walk);
    memcpy(region_words(walk), &grown, sizeof grown);
    return answer(miss);
}

// In the middle of an instruction of the guest's. What only asks whether it might access the page
// is not one.
static bool ends_run(const struct tlb_walk *walk, const struct tlb_miss *miss) {
    const struct tlb_fill *fill = walk->fill;
    return walk->access != FILL_FETCH && !miss->probe && miss->return_address != 0 &&
           fill->hooks->absent(fill->context, walk->page | (miss->linear & (PAGE_SIZE - 1)),
                               walk->access == FILL_STORE);
}

// Does not return: Unicorn restores the state at the address that the access would return to.
static bool refuse(struct tlb_fill *fill, const struct tlb_miss *miss) {
    fill->ends_run = true;
    return fill_by(functions.answer, miss);
}

// It was found to be fetched from, in the translation that is under way.
static bool is_known_code(const struct tlb_fill *fill, const struct tlb_miss *miss) {
    return fill->code.known && miss->access == FILL_FETCH &&
           (miss->linear & ~(PAGE_SIZE - 1)) == fill->code.linear;
}

static bool fill_miss(void *processor, uint64_t linear, int size, int access, int mode, bool probe,
                      uintptr_t return_address) {
    const struct tlb_miss miss = {processor, linear, size, access, mode, probe, return_address};
    struct tlb_fill *fill = running;
    if (fill == NULL || fill->nested == NULL || fill->flat) {
        return fill_by(functions.walk, &miss);
    }
    if (is_known_code(fill, &miss)) {
        fill->entry = fill->code.entry;
        return answer(&miss);
    }
    struct tlb_walk walk = walk_for(fill, &miss);
    if (!is_for_us(&walk) || !find_leaf(&walk)) {
        return leave_to_engine(fill, &miss);
    }
    const enum resolution resolution = resolve(&walk, &fill->entry);
    if (resolution == ABSENT && ends_run(&walk, &miss)) {
        return refuse(fill, &miss);
    }
    if (resolution != RESOLVED) {
        return leave_to_engine(fill, &miss);
    }
    return walk.shift == LEAF_SHIFT ? answer(&miss) : fill_large(&walk, &miss);
}

// --- Engines ---

void tlb_fill_find(struct layout *layout) {
    functions = tlb_fill_try(layout);
    layout->fill = functions.slot != 0;
}

void tlb_fill_install(struct tlb_fill *fill, uc_engine *unicorn, const struct layout *layout,
                      uint8_t *state, const struct fill_hooks *hooks, void *context) {
    uc_hook hook = 0;
    uint8_t *slot = layout->fill ? fill_slot(unicorn, layout, &functions) : NULL;
    if (slot != NULL &&
        uc_hook_add(unicorn, &hook, UC_HOOK_TLB_FILL, (void *)on_fill, fill, 1, 0) == UC_ERR_OK) {
        fill_function *const own = fill_miss;
        memcpy(slot, &own, sizeof own);
        *fill =
            (struct tlb_fill){.layout = layout, .state = state, .hooks = hooks, .context = context};
    }
}

bool tlb_fill_knows_tables(const struct tlb_fill *fill) {
    return fill->state != NULL && !fill->walked && !fill->unmarked;
}

void tlb_fill_serve(struct tlb_fill *fill, struct nested *nested) {
    fill->nested = nested;
    memset(fill->kept, 0, sizeof fill->kept);
}

void tlb_fill_run(struct tlb_fill *fill) {
    if (fill != NULL) {
        fill->ends_run = false;
    }
    running = fill;
}
