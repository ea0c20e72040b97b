// SPDX-License-Identifier: MIT
//
// Finding an entry of Unicorn's TLB, and changing it for a moment.

#include "engine/cpu/unicorn/code_copy.h"

#include "platform/peek.h"

#include <string.h>

// --- The TLB ---

#define LEAST_ENTRIES 0x40u
#define MOST_ENTRIES (1u << 22)
enum entry_word {
    ENTRY_READ = 0, // The page's address, if it may be read, and so on.
    ENTRY_WRITE = 1,
    ENTRY_CODE = 2,
    ENTRY_PHYSICAL = 3, // The page as Unicorn's memory has it.
    ENTRY_DISTANCE = 4,
    ENTRY_WORDS = 8,
};
#define ENTRY_SIZE (8u * ENTRY_WORDS)

static uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static void set_word(uint8_t *bytes, uint64_t word) {
    memcpy(bytes, &word, sizeof word);
}

struct table {
    uint64_t mask;
    uint64_t entries;
    bool known;
};

static uint32_t bit_of(unsigned place) {
    return UINT32_C(1) << (place - 1);
}

static struct table table_at(const struct code_copy *copy, const uint8_t *state, unsigned place) {
    const uint8_t *const pair = state - place * sizeof(uint64_t);
    return (struct table){
        .mask = word_at(pair),
        .entries = word_at(pair + sizeof(uint64_t)),
        .known = (*copy->known & bit_of(place)) != 0,
    };
}

static bool may_be_table(const struct table *table) {
    const uint64_t count = table->mask / ENTRY_SIZE + 1;
    return table->mask % ENTRY_SIZE == 0 && (count & (count - 1)) == 0 && count >= LEAST_ENTRIES &&
           count <= MOST_ENTRIES && table->entries % sizeof(uint64_t) == 0;
}

// Until a pair of words has led to the right entry once it may be anything, and what it leads to
// not be mapped.
static bool read_entry(const struct table *table, uint64_t entry, uint64_t words[ENTRY_WORDS]) {
    if (table->known) {
        memcpy(words, (const void *)(uintptr_t)entry,
               ENTRY_SIZE); // NOLINT(performance-no-int-to-ptr)
        return true;
    }
    return platform_peek((uintptr_t)entry, words, ENTRY_SIZE);
}

// The pairs lie one after the other. So next to one that is known lies another, or what cannot be
// one: the kind of access that is seldom made need not be waited for.
static bool is_next_to_known(const struct code_copy *copy, unsigned place) {
    const uint32_t bit = bit_of(place);
    return ((bit << 2 | bit >> 2) & *copy->known) != 0;
}

static bool contains(uint8_t *const *entries, unsigned count, const uint8_t *entry) {
    for (unsigned i = 0; i < count; i++) {
        if (entries[i] == entry) {
            return true;
        }
    }
    return false;
}

// The entry that has the page and the distance to the host address; NULL if there is none in the
// table at this place.
static uint8_t *entry_at(struct code_copy *copy, const uint8_t *state, unsigned place,
                         uint64_t linear, uint64_t distance) {
    const struct table table = table_at(copy, state, place);
    const uint64_t entry = table.entries + ((linear / 0x1000 * ENTRY_SIZE) & table.mask);
    uint64_t words[ENTRY_WORDS];
    if (!may_be_table(&table) || !read_entry(&table, entry, words)) {
        return NULL;
    }
    const bool found =
        words[ENTRY_CODE] == (linear & ~0xfffull) && words[ENTRY_DISTANCE] == distance;
    if (found || is_next_to_known(copy, place)) {
        *copy->known |= bit_of(place);
    }
    return found ? (uint8_t *)(uintptr_t)entry : NULL; // NOLINT(performance-no-int-to-ptr)
}

// Which kind of access is under way is not asked: what is found for others leads to the same page.
static unsigned find(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                     uint64_t distance, uint8_t *entries[CODE_COPY_ENTRIES]) {
    unsigned count = 0;
    for (unsigned place = 2; place <= CODE_COPY_SEARCHED / sizeof(uint64_t); place++) {
        uint8_t *const entry = entry_at(copy, state, place, linear, distance);
        if (entry != NULL && count < CODE_COPY_ENTRIES && !contains(entries, count, entry)) {
            entries[count++] = entry;
        }
    }
    return count;
}

// --- Showing ---

static void move(uint8_t *entry, uint64_t by) {
    uint8_t *const word = entry + sizeof(uint64_t) * ENTRY_DISTANCE;
    set_word(word, word_at(word) + by);
}

bool code_copy_show(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                    const uint8_t *host) {
    copy->distance = (uintptr_t)copy->pages[0] - (uintptr_t)host;
    copy->count = find(copy, state, linear, (uintptr_t)host - linear, copy->entries);
    for (unsigned i = 0; i < copy->count; i++) {
        move(copy->entries[i], copy->distance);
    }
    return copy->count > 0;
}

void code_copy_end(struct code_copy *copy) {
    for (unsigned i = 0; i < copy->count; i++) {
        move(copy->entries[i], -copy->distance);
    }
    copy->count = 0;
}

static const struct {
    enum entry_word word;
    uc_prot permission;
} uses[] = {
    {ENTRY_READ, UC_PROT_READ},
    {ENTRY_WRITE, UC_PROT_WRITE},
    {ENTRY_CODE, UC_PROT_EXEC},
};

// Makes it one of no page.
static unsigned empty(uint8_t *entry) {
    unsigned permissions = UC_PROT_NONE;
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        uint8_t *const word = entry + sizeof(uint64_t) * uses[i].word;
        permissions |= word_at(word) != UINT64_MAX ? uses[i].permission : UC_PROT_NONE;
        set_word(word, UINT64_MAX);
    }
    return permissions;
}

bool code_copy_show_once(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                         const uint8_t *host, uc_tlb_entry *entry) {
    uint8_t *entries[CODE_COPY_ENTRIES];
    const unsigned count = find(copy, state, linear, (uintptr_t)host - linear, entries);
    unsigned permissions = UC_PROT_ALL;
    for (unsigned i = 0; i < count; i++) {
        entry->paddr = word_at(entries[i] + sizeof(uint64_t) * ENTRY_PHYSICAL);
        permissions &= empty(entries[i]);
        move(entries[i], (uintptr_t)copy->pages[1] - (uintptr_t)host);
    }
    entry->perms = (uc_prot)permissions;
    return count > 0;
}
