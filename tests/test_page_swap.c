// SPDX-License-Identifier: MIT
//
// Pages of guest memory that have been swapped for others while Unicorn translates
// (engine/cpu/unicorn/page_swap.h), by private calls: what the guest and its host store meanwhile
// is in memory afterwards.

#include "engine/cpu/state.h"
#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/machine.h"
#include "run_tests.h"

#include <check.h>
#include <string.h>
#include <zircon/syscalls.h>

enum { PAGE = 0x1000, PAGES = 64, FIRST = 0x123 };

void *__real_platform_memory_map(struct platform_memory *memory, uint64_t offset, size_t length,
                                 unsigned protection, void *fixed);
void *__wrap_platform_memory_map(struct platform_memory *memory, uint64_t offset, size_t length,
                                 unsigned protection, void *fixed);

static bool host_refuses;

void *__wrap_platform_memory_map(struct platform_memory *memory, uint64_t offset, size_t length,
                                 unsigned protection, void *fixed) {
    return host_refuses ? NULL
                        : __real_platform_memory_map(memory, offset, length, protection, fixed);
}

static struct vmo *vmo;
static struct machine *machine;
static struct cpu *cpu; // Makes the machine have an engine.
static struct page_swap swap;
static uint8_t copy[PAGE]; // What is swapped in.

static bool find_page(void *context, uint64_t guest_physical, struct backing *out) {
    (void)context;
    *out = (struct backing){
        .vmo = vmo, .vmo_offset = guest_physical & ~0xfffull, .writable = true, .executable = true};
    return true;
}

static uint64_t read_tsc(void *context) {
    (void)context;
    return 0;
}

// The page of the arena that guest-physical page 0 is in.
static uint64_t start(void) {
    const struct machine_client client = {.find_page = find_page, .read_tsc = read_tsc};
    ck_assert_int_eq(vmo_create((uint64_t)PAGES * PAGE, false, &vmo), ZX_OK);
    ck_assert_int_eq(machine_create(&client, &machine), ZX_OK);
    ck_assert_int_eq(cpu_create(machine, &cpu), ZX_OK);
    memory_provide(&machine->memory);
    ck_assert_ptr_nonnull(machine_host_address(machine, 0, true));
    memset(copy, 0xcc, sizeof copy);
    return machine->memory.arena.memslots[0]->base / PAGE;
}

static void end(void) {
    page_swap_close(&swap);
    cpu_destroy(cpu);
    machine_destroy(machine);
    vmo_unref(vmo);
}

static uint8_t *in_arena(uint64_t page) {
    return arena_pointer(&machine->memory.arena, page * PAGE);
}

static void host_stores(uint64_t offset, uint8_t value) {
    ck_assert_int_eq(vmo_write(vmo, &value, offset, 1), ZX_OK);
}

static uint8_t host_reads(uint64_t offset) {
    uint8_t value = 0;
    ck_assert_int_eq(vmo_read(vmo, &value, offset, 1), ZX_OK);
    return value;
}

static void begin(uint64_t page, size_t first) {
    ck_assert(page_swap_begin(&swap, &machine->memory.arena, page, copy, first));
}

START_TEST(nobody_else_has_a_swapped_page) {
    const uint64_t page = start();
    host_stores(FIRST - 1, 1);
    host_stores(FIRST, 2);
    begin(page, FIRST);
    ck_assert_uint_eq(in_arena(page)[FIRST - 1], 1);
    ck_assert_uint_eq(in_arena(page)[FIRST], 0xcc);
    host_stores(FIRST - 1, 3);
    host_stores(FIRST, 4);
    ck_assert_uint_eq(in_arena(page)[FIRST - 1], 1);
    ck_assert_uint_eq(in_arena(page)[FIRST], 0xcc);
    ck_assert(page_swap_end(&swap));
    ck_assert_uint_eq(in_arena(page)[FIRST - 1], 3);
    ck_assert_uint_eq(in_arena(page)[FIRST], 4);
    end();
}
END_TEST

// A walk of Unicorn's sets accessed bits in tables that lie in the page.
START_TEST(what_is_stored_to_a_swapped_page_stays) {
    const uint64_t page = start();
    begin(page, FIRST);
    in_arena(page)[0x800] = 5;
    host_stores(0x801, 6);
    ck_assert(page_swap_end(&swap));
    ck_assert_uint_eq(host_reads(0x800), 5);
    ck_assert_uint_eq(host_reads(0x801), 6);
    ck_assert_uint_eq(host_reads(FIRST), 0); // Nobody has stored what was swapped in.
    end();
}
END_TEST

START_TEST(what_the_host_refuses_is_tried_again) {
    const uint64_t page = start();
    begin(page, FIRST);
    in_arena(page)[0x800] = 5;
    host_refuses = true;
    ck_assert(!page_swap_end(&swap));
    ck_assert_uint_eq(in_arena(page)[FIRST], 0xcc);
    host_refuses = false;
    ck_assert(page_swap_end(&swap));
    ck_assert_uint_eq(in_arena(page)[FIRST], 0);
    ck_assert_uint_eq(host_reads(0x800), 5);
    end();
}
END_TEST

// The host's pages may be larger, and have both.
START_TEST(two_pages_are_swapped) {
    const uint64_t page = start();
    for (uint64_t second = page + 1; second < page + PAGES; second += PAGES - 2) {
        begin(page, FIRST);
        begin(page, FIRST); // It already is.
        begin(second, 0);
        ck_assert_uint_eq(in_arena(page)[0], 0);
        ck_assert_uint_eq(in_arena(page)[FIRST], 0xcc);
        ck_assert_uint_eq(in_arena(second)[0], 0xcc);
        ck_assert(page_swap_end(&swap));
        ck_assert_uint_eq(in_arena(page)[FIRST], 0);
        ck_assert_uint_eq(in_arena(second)[0], 0);
    }
    end();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        nobody_else_has_a_swapped_page,
        what_is_stored_to_a_swapped_page_stays,
        what_the_host_refuses_is_tried_again,
        two_pages_are_swapped,
    };
    return run_tests("page swap", tests, sizeof tests / sizeof tests[0]);
}
