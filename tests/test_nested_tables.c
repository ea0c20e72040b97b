// SPDX-License-Identifier: MIT
//
// What the nested page tables take of the host's memory: as many pages as the guest's mappings are
// worth, and none of them for good, wherever the guest reaches. Private headers: a client sees only
// that it works.

#include "engine/cpu/state.h"
#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/machine.h"
#include "run_tests.h"

#include <check.h>
#include <string.h>
#include <zircon/syscalls.h>

#define MEMORY (1ull << 30)
#define LEAF (2ull << 20) // What one page of tables leads to.

static struct vmo *vmo;
static struct machine *machine;
static struct cpu *cpu; // Makes the machine have an engine.

static bool as_a_whole; // Memory is mapped as a whole, not page by page.

// Guest-physical memory repeats the same VMO for ever.
static bool find_page(void *context, uint64_t guest_physical, struct backing *out) {
    (void)context;
    *out = (struct backing){
        .vmo = vmo,
        .vmo_offset = guest_physical % MEMORY & ~0xfffull,
        .before = as_a_whole ? guest_physical % MEMORY & ~0xfffull : 0,
        .behind = as_a_whole ? MEMORY - 0x1000 - (guest_physical % MEMORY & ~0xfffull) : 0,
        .writable = true,
        .executable = true,
    };
    return true;
}

static uint64_t read_tsc(void *context) {
    (void)context;
    return 0;
}

static void start(void) {
    const struct machine_client client = {.find_page = find_page, .read_tsc = read_tsc};
    ck_assert_int_eq(vmo_create(MEMORY, false, &vmo), ZX_OK);
    ck_assert_int_eq(machine_create(&client, &machine), ZX_OK);
    ck_assert_int_eq(cpu_create(machine, &cpu), ZX_OK);
}

static uint8_t *touch(uint64_t guest_physical) {
    memory_provide(&machine->memory);
    uint8_t *host = machine_host_address(machine, guest_physical, true);
    ck_assert_ptr_nonnull(host);
    return host;
}

// Checks that guest-physical memory is reached by entries of this level.
static void start_large(unsigned level) {
    as_a_whole = true;
    start();
    if (level == 1) { // A part of the first GiB has tables.
        as_a_whole = false;
        touch(LEAF);
        as_a_whole = true;
    }
}

static void end(void) {
    cpu_destroy(cpu);
    machine_destroy(machine);
    vmo_unref(vmo);
}

static uint64_t bound(void) {
    return 1024 + MEMORY / 4096 / 256;
}

// A guest that reaches far needs a page of tables for each page of memory.
START_TEST(tables_are_bounded_by_what_is_mapped) {
    start();
    for (uint64_t i = 0; i < 16 * bound(); i++) {
        uint8_t *host = touch(i * LEAF);
        *host = (uint8_t)(i * LEAF % MEMORY / LEAF);
    }
    ck_assert_uint_le(machine->memory.nested.pages.all, bound());
    for (uint64_t i = 0; i < MEMORY / LEAF; i++) {
        ck_assert_uint_eq(*touch(i * LEAF), i % 256);
    }
    end();
}
END_TEST

START_TEST(unmapped_ranges_give_their_tables_back) {
    start();
    touch(0);
    const uint64_t left = machine->memory.nested.pages.left;
    for (int round = 0; round < 100; round++) {
        for (uint64_t i = 0; i < 100; i++) {
            touch((1ull << 40) + i * LEAF);
        }
        ck_assert_uint_lt(machine->memory.nested.pages.left + 100, left + 1);
        machine_unmap(machine, 1ull << 40, 100 * LEAF);
    }
    ck_assert_uint_ge(machine->memory.nested.pages.left + 2,
                      left); // The tables above stay: they reach farther.
    ck_assert_uint_eq(machine->memory.nested.pages.all, 256);
    end();
}
END_TEST

// A page is found by the last entry that led to it, also after that one's table served another use.
START_TEST(a_page_is_protected_wherever_it_is_mapped) {
    start();
    for (uint64_t i = 0; i < 3 * bound(); i++) {
        touch(i * LEAF);
    }
    struct nested *nested = &machine->memory.nested;
    const uint64_t page = machine->memory.arena.memslots[0]->base >> 12;
    touch(0);
    ck_assert_uint_eq(nested_page(nested, 0), page);
    ck_assert(nested_protect(nested, page));
    touch(MEMORY); // The same page in a second place.
    nested_protect(nested, page);
    ck_assert_uint_eq(nested_lookup(nested, 0) & NESTED_WRITABLE, 0);
    ck_assert_uint_eq(nested_lookup(nested, MEMORY) & NESTED_WRITABLE, 0);
    end();
}
END_TEST

// --- Large entries ---

#define FAR (37 * LEAF) // From the beginning of memory.
#define PAGES_OF_LEAF (LEAF / 0x1000)

static void expect_page(uint64_t guest_physical, uint64_t arena_page, bool writable) {
    struct nested *nested = &machine->memory.nested;
    ck_assert_uint_eq(nested_page(nested, guest_physical), arena_page);
    ck_assert_int_eq((nested_lookup(nested, guest_physical) & NESTED_WRITABLE) != 0, writable);
}

static uint64_t first_page(void) {
    return machine->memory.arena.memslots[0]->base >> 12;
}

// A touch makes the pages around it present.
START_TEST(a_large_entry_leads_to_all_that_it_covers) {
    const uint64_t sizes[] = {0x1000, LEAF, MEMORY};
    start_large((unsigned)_i);
    touch(FAR + 0x5000);
    const uint64_t first = FAR & ~(sizes[_i] - 1);
    const uint64_t left = machine->memory.nested.pages.left;
    for (uint64_t at = first; at < first + sizes[_i] && at - first < 4 * LEAF; at += 0x1000) {
        expect_page(at, first_page() + at / 0x1000, true);
    }
    expect_page(first + sizes[_i] - 0x1000, first_page() + (first + sizes[_i]) / 0x1000 - 1, true);
    ck_assert_uint_eq(nested_page(&machine->memory.nested, MEMORY), NO_ARENA_PAGE);
    ck_assert_uint_eq(machine->memory.nested.pages.left, left);
    end();
}
END_TEST

START_TEST(a_page_of_a_large_entry_is_protected_alone) {
    start_large((unsigned)_i);
    touch(FAR);
    touch(MEMORY + FAR); // In two places.
    struct nested *nested = &machine->memory.nested;
    const uint64_t page = first_page() + (FAR + LEAF / 2) / 0x1000;
    ck_assert(nested_protect(nested, page));
    ck_assert(!nested_protect(nested, page));
    for (uint64_t at = FAR; at < FAR + LEAF; at += 0x1000) {
        expect_page(at, first_page() + at / 0x1000, at != FAR + LEAF / 2);
        expect_page(MEMORY + at, first_page() + at / 0x1000, at != FAR + LEAF / 2);
    }
    touch(FAR + LEAF / 2);
    expect_page(FAR + LEAF / 2, page, true);
    expect_page(MEMORY + FAR + LEAF / 2, page, false);
    end();
}
END_TEST

START_TEST(a_page_of_a_large_entry_is_unmapped_alone) {
    start_large((unsigned)_i);
    touch(FAR);
    struct nested *nested = &machine->memory.nested;
    const uint64_t page = first_page() + FAR / 0x1000;
    machine_unmap(machine, FAR + LEAF / 2, 0x1000);
    for (uint64_t i = 0; i < PAGES_OF_LEAF; i++) {
        const bool gone = i == PAGES_OF_LEAF / 2;
        ck_assert_uint_eq(nested_page(nested, FAR + i * 0x1000), gone ? NO_ARENA_PAGE : page + i);
    }
    machine_unmap(machine, 0, 2 * MEMORY);
    ck_assert_uint_eq(nested_page(nested, FAR), NO_ARENA_PAGE);
    ck_assert_uint_eq(nested->pages.reserved, 0);
    end();
}
END_TEST

// Code is found when its page is unmapped; see nested_clear().
START_TEST(no_large_entry_leads_to_code) {
    start_large((unsigned)_i);
    touch(FAR);
    const uint64_t page = first_page() + (FAR + LEAF / 2) / 0x1000;
    code_pages_translated(&machine->memory.code, page);
    expect_page(FAR + LEAF / 2, page, false);
    expect_page(FAR + LEAF / 2 + 0x10000, page + 16, true);
    ck_assert(arena_watches(&machine->memory.arena, page));
    machine_unmap(machine, FAR, LEAF);
    ck_assert(!arena_watches(&machine->memory.arena, page));
    code_pages_translated(&machine->memory.code, page);
    touch(FAR); // Its neighbours come, but the page only for reads.
    ck_assert_ptr_nonnull(machine_host_address(machine, FAR + LEAF / 2, false));
    expect_page(FAR, first_page() + FAR / 0x1000, true);
    expect_page(FAR + LEAF / 2, page, false);
    end();
}
END_TEST

// A page beside code takes no second flush of the TLB when it is translated from, and one fault
// when it is stored to.
START_TEST(pages_beside_code_are_protected_with_it) {
    start_large((unsigned)_i);
    touch(FAR);
    const uint64_t page = first_page() + FAR / 0x1000;
    code_pages_translated(&machine->memory.code, page + 5);
    ck_assert(machine->engine->tlb_stale);
    machine->engine->tlb_stale = false;
    for (uint64_t i = 0; i < 16; i++) {
        expect_page(FAR + i * 0x1000, page + i, false);
    }
    expect_page(FAR + 16 * 0x1000, page + 16, true);
    code_pages_translated(&machine->memory.code, page + 6);
    ck_assert(!machine->engine->tlb_stale);
    touch(FAR + 0x7000);
    expect_page(FAR + 0x7000, page + 7, true);
    expect_page(FAR + 0x8000, page + 8, false);
    ck_assert(!machine->engine->tlb_stale);
    code_pages_translated(&machine->memory.code, page + 7); // Stored to in the meantime.
    expect_page(FAR + 0x7000, page + 7, false);
    ck_assert(machine->engine->tlb_stale);
    end();
}
END_TEST

// Whatever is translated beside the page: an instruction that needs both would never be done.
START_TEST(a_page_that_was_stored_to_stays_writable_beside_code) {
    start_large((unsigned)_i);
    touch(FAR);
    const uint64_t page = first_page() + FAR / 0x1000;
    code_pages_translated(&machine->memory.code, page);
    touch(FAR + 0x1000);
    touch(FAR); // Its translations go.
    code_pages_translated(&machine->memory.code, page);
    expect_page(FAR, page, false);
    expect_page(FAR + 0x1000, page + 1, true);
    expect_page(FAR + 0x2000, page + 2, false);
    code_pages_translated(&machine->memory.code, page + 1);
    expect_page(FAR + 0x1000, page + 1, false);
    end();
}
END_TEST

// Each large entry is split in the end: the tables for that were set aside.
START_TEST(all_that_is_large_can_be_split) {
    start_large((unsigned)_i);
    for (uint64_t at = 0; at < MEMORY; at += LEAF) {
        touch(at + LEAF / 2);
    }
    for (uint64_t at = 0; at < MEMORY; at += LEAF) {
        const uint64_t page = first_page() + (at + LEAF / 2) / 0x1000;
        nested_protect(&machine->memory.nested, page);
        expect_page(at + LEAF / 2, page, false);
    }
    ck_assert_uint_eq(machine->memory.nested.pages.reserved, 0);
    ck_assert_uint_ge(machine->memory.nested.pages.left, TABLE_PAGES_ENOUGH);
    end();
}
END_TEST

// Code that keeps a host address asks this before it uses the address again.
START_TEST(addresses_change_where_something_is_taken_away) {
    start();
    touch(0);
    touch(LEAF);
    const uint64_t before = machine_address_changes(machine);
    ck_assert_ptr_nonnull(machine_host_address(machine, 2 * LEAF, true));
    ck_assert_uint_eq(machine_address_changes(machine), before);
    const uint64_t page = nested_page(&machine->memory.nested, 0);
    code_pages_translated(&machine->memory.code, page); // No longer for stores.
    const uint64_t guarded = machine_address_changes(machine);
    ck_assert_uint_ne(guarded, before);
    touch(0); // For stores again.
    ck_assert_uint_eq(machine_address_changes(machine), guarded);
    machine_unmap(machine, LEAF, 0x1000);
    ck_assert_uint_ne(machine_address_changes(machine), guarded);
    end();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("nested tables");
    TCase *tcase = tcase_create("nested tables");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, tables_are_bounded_by_what_is_mapped);
    tcase_add_test(tcase, unmapped_ranges_give_their_tables_back);
    tcase_add_test(tcase, a_page_is_protected_wherever_it_is_mapped);
    tcase_add_test(tcase, addresses_change_where_something_is_taken_away);
    tcase_add_loop_test(tcase, a_large_entry_leads_to_all_that_it_covers, 1, 3);
    tcase_add_loop_test(tcase, a_page_of_a_large_entry_is_protected_alone, 1, 3);
    tcase_add_loop_test(tcase, a_page_of_a_large_entry_is_unmapped_alone, 1, 3);
    tcase_add_loop_test(tcase, no_large_entry_leads_to_code, 1, 3);
    tcase_add_loop_test(tcase, pages_beside_code_are_protected_with_it, 1, 3);
    tcase_add_loop_test(tcase, a_page_that_was_stored_to_stays_writable_beside_code, 1, 3);
    tcase_add_loop_test(tcase, all_that_is_large_can_be_split, 1, 3);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
