// SPDX-License-Identifier: MIT
//
// What the nested page tables take of the host's memory: as many pages as the guest's mappings are
// worth, and none of them for good, wherever the guest reaches. Private headers: a client sees only
// that it works.

#include "engine/cpu/state.h"
#include "engine/cpu/unicorn/machine.h"
#include "run_tests.h"

#include <check.h>
#include <string.h>
#include <zircon/syscalls.h>

#define MEMORY (1ull << 30)
#define LEAF (2ull << 20) // What one page of tables leads to.

static struct vmo *vmo;
static struct machine *machine;
static struct cpu *cpu; // Of the machine, so that there is an engine.

// Guest-physical memory repeats the same VMO for ever.
static bool find_page(void *context, uint64_t guest_physical, struct backing *out) {
    (void)context;
    *out = (struct backing){
        .vmo = vmo,
        .vmo_offset = guest_physical % MEMORY,
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

static void end(void) {
    cpu_destroy(cpu);
    machine_destroy(machine);
    vmo_unref(vmo);
}

static uint64_t bound(void) {
    return 1024 + MEMORY / 4096 / 256;
}

static uint8_t *touch(uint64_t guest_physical) {
    memory_provide(&machine->memory);
    uint8_t *host = machine_host_address(machine, guest_physical, true);
    ck_assert_ptr_nonnull(host);
    return host;
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
    const unsigned left = machine->memory.nested.pages.left;
    for (int round = 0; round < 100; round++) {
        for (uint64_t i = 0; i < 100; i++) {
            touch((1ull << 40) + i * LEAF);
        }
        ck_assert_uint_lt(machine->memory.nested.pages.left + 100, left + 1);
        machine_unmap(machine, 1ull << 40, 100 * LEAF);
    }
    ck_assert_uint_ge(machine->memory.nested.pages.left + 2,
                      left); // Those above stay: they reach farther.
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
    ck_assert_uint_eq(*nested_entry(nested, 0, false) & NESTED_WRITABLE, 0);
    ck_assert_uint_eq(*nested_entry(nested, MEMORY, false) & NESTED_WRITABLE, 0);
    end();
}
END_TEST

// Whoever keeps a host's address asks this before it uses it again.
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
    const TTest *const tests[] = {
        tables_are_bounded_by_what_is_mapped,
        unmapped_ranges_give_their_tables_back,
        a_page_is_protected_wherever_it_is_mapped,
        addresses_change_where_something_is_taken_away,
    };
    return run_tests("nested tables", tests, sizeof tests / sizeof tests[0]);
}
