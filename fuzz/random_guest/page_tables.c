// SPDX-License-Identifier: MIT
//
// Page tables. All map the first MiB to itself, so that a guest lives whatever its mode is; then
// some entries are changed, most of them where only a guest that looks for trouble goes.

#include "page_tables.h"

#define PRESENT 1ull
#define WRITABLE 2ull
#define USER 4ull
#define ALL (PRESENT | WRITABLE | USER)
#define LARGE 0x80ull
#define GLOBAL 0x100ull
#define NO_EXECUTE (1ull << 63)

static void put_wide(struct image *image, uint32_t table, unsigned index, uint64_t entry) {
    image_put_number(image, table + 8 * index, entry, 8);
}

static void put_narrow(struct image *image, uint32_t table, unsigned index, uint64_t entry) {
    image_put_number(image, table + 4 * index, entry, 4);
}

// Long mode and PAE.
static void put_wide_tables(struct image *image) {
    static const uint32_t tops[] = {PML4, SECOND_PML4};
    for (unsigned i = 0; i < 2; i++) {
        put_wide(image, tops[i], 0, PDPT | ALL);
        put_wide(image, tops[i], 256, PDPT | ALL);
        put_wide(image, tops[i], 511, tops[i] | ALL); // Itself.
    }
    put_wide(image, PDPT, 0, DIRECTORY | ALL);
    put_wide(image, PDPT, 1, ALL | LARGE);
    put_wide(image, PAE_PDPT, 0, DIRECTORY | PRESENT);
    put_wide(image, PAE_PDPT, 3, DIRECTORY | PRESENT);
    put_wide(image, DIRECTORY, 0, PAGE_TABLE | ALL);
    put_wide(image, DIRECTORY, 1, ALIAS | ALL | LARGE);
    put_wide(image, DIRECTORY, 2, WILD_TABLE | ALL);
    put_wide(image, DIRECTORY, 3, DIRECTORY | ALL);
    for (unsigned i = 0; i < MEMORY_SIZE / PAGE; i++) {
        put_wide(image, PAGE_TABLE, i, (uint64_t)i * PAGE | ALL);
    }
}

static void put_narrow_tables(struct image *image) {
    put_narrow(image, LEGACY_DIRECTORY, 0, LEGACY_TABLE | ALL);
    put_narrow(image, LEGACY_DIRECTORY, 1, LEGACY_WILD_TABLE | ALL);
    put_narrow(image, LEGACY_DIRECTORY, 2, ALL | LARGE); // 4 MiB, with CR4.PSE.
    put_narrow(image, LEGACY_DIRECTORY, 3, LEGACY_DIRECTORY | ALL);
    put_narrow(image, LEGACY_DIRECTORY, 1023, LEGACY_DIRECTORY | ALL);
    for (unsigned i = 0; i < MEMORY_SIZE / PAGE; i++) {
        put_narrow(image, LEGACY_TABLE, i, (uint64_t)i * PAGE | ALL);
        put_narrow(image, LEGACY_TABLE, ALIAS / PAGE + i, (ALIAS + (uint64_t)i * PAGE) | ALL);
    }
}

uint64_t page_tables_choose_entry(struct choices *choices) {
    static const uint64_t frames[] = {
        CHAOS,      CHAOS + PAGE,  DATA,       STACKS + 0x8000,  MEMORY_TRAP,  BELL_TRAP,
        PML4,       PDPT,          DIRECTORY,  PAGE_TABLE,       WILD_TABLE,   GDT,
        IDT_64,     HANDLERS_64,   TASK_64,    LEGACY_DIRECTORY, LEGACY_TABLE, ALIAS,
        0x300000,   ALIAS + CHAOS, 0x80000000, 0xfffff000,       1ull << 38,   1ull << 40,
        1ull << 47,
    };
    static const uint64_t kinds[] = {
        ALL,     ALL,         ALL | GLOBAL,     PRESENT | WRITABLE, PRESENT | USER,
        PRESENT, ALL | LARGE, ALL | NO_EXECUTE, ALL | 0x60,         ALL | 0x18,
        0,
    };
    uint64_t entry = CHOOSE_FROM(choices, frames);
    entry |= CHOOSE_FROM(choices, kinds);
    if (choose_one_in(choices, 6)) {
        entry ^= 1ull << choose(choices, 64);
    }
    return choose_one_in(choices, 30) ? choose_bits(choices, 8) : entry;
}

uint32_t page_tables_choose_place(struct choices *choices) {
    static const uint32_t tables[] = {WILD_TABLE, WILD_TABLE, LEGACY_WILD_TABLE, DIRECTORY,
                                      PAGE_TABLE, PDPT,       LEGACY_DIRECTORY,  SECOND_PML4};
    const uint32_t table = CHOOSE_FROM(choices, tables);
    const uint32_t entries = choose_one_in(choices, 8) ? 512 : 16;
    return table + 8 * choose(choices, entries);
}

// Fills the tables in which entries may be anything.
static void put_wild_tables(struct image *image, struct choices *choices) {
    const unsigned count = 4 + choose(choices, 28);
    for (unsigned i = 0; i < count; i++) {
        const uint64_t entry = page_tables_choose_entry(choices);
        put_wide(image, WILD_TABLE, i, entry);
        put_narrow(image, LEGACY_WILD_TABLE, i, entry);
    }
}

// Now and then changes an entry of the tables that the guest itself runs by.
static void damage(struct image *image, struct choices *choices) {
    static const uint32_t tables[] = {PAGE_TABLE,  LEGACY_TABLE, DIRECTORY,       PDPT,
                                      SECOND_PML4, PAE_PDPT,     LEGACY_DIRECTORY};
    if (!choose_one_in(choices, 8)) {
        return;
    }
    for (unsigned count = 1 + choose(choices, 4); count > 0; count--) {
        const uint32_t table = CHOOSE_FROM(choices, tables);
        const uint32_t place = table + 8 * choose(choices, 512);
        if (choose_one_in(choices, 2)) {
            image_put_number(image, place, page_tables_choose_entry(choices), 8);
        } else {
            const uint64_t bit = 1ull << choose(choices, 64);
            image_put_number(image, place, image_get_number(image, place, 8) ^ bit, 8);
        }
    }
}

void page_tables_put(struct image *image, struct choices *choices) {
    put_wide_tables(image);
    put_narrow_tables(image);
    put_wild_tables(image, choices);
    damage(image, choices);
}
