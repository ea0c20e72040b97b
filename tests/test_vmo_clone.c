// SPDX-License-Identifier: MIT
//
// Clones of 2018: what is written to the parent shows in the clone until the clone has the page
// itself (objects ABI 5.1).

#include "object_fixture.h"
#include "platform/platform.h"
#include "run_tests.h"

#include <pthread.h>
#include <string.h>
#include <zircon/process.h>

enum { COPY_ON_WRITE = 1, NON_RESIZABLE = 2, READ_WRITE = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE };

static size_t page;

static zx_handle_t resizable(uint64_t size) {
    return new_vmo(size, ZX_VMO_RESIZABLE);
}

static zx_handle_t clone_of(zx_handle_t parent, uint64_t offset, uint64_t size) {
    zx_handle_t clone = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_clone(parent, COPY_ON_WRITE, offset, size, &clone), ZX_OK);
    return clone;
}

static volatile uint8_t *map(zx_handle_t vmo, uint32_t options, size_t length) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), options, 0, vmo, 0, length, &address), ZX_OK);
    return (volatile uint8_t *)address;
}

static void unmap(volatile uint8_t *address, size_t length) {
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)address, length), ZX_OK);
}

static void put(zx_handle_t vmo, uint64_t offset, uint8_t value) {
    ck_assert_int_eq(zx_vmo_write(vmo, &value, offset, 1), ZX_OK);
}

static uint8_t get(zx_handle_t vmo, uint64_t offset) {
    uint8_t value = 0xee;
    ck_assert_int_eq(zx_vmo_read(vmo, &value, offset, 1), ZX_OK);
    return value;
}

static void operate(zx_handle_t vmo, uint32_t op, uint64_t offset, uint64_t size) {
    ck_assert_int_eq(zirconia_2018_vmo_op_range(vmo, op, offset, size, NULL, 0), ZX_OK);
}

static void set_size(zx_handle_t vmo, uint64_t size) {
    ck_assert_int_eq(zirconia_2018_vmo_set_size(vmo, size), ZX_OK);
}

START_TEST(a_clone_shows_its_parent_until_it_is_written) {
    const zx_handle_t parent = resizable(3 * page);
    put(parent, 0, 1);
    put(parent, page - 1, 2);
    const zx_handle_t clone = clone_of(parent, 0, 3 * page);
    ck_assert_int_eq(get(clone, 0), 1);
    put(parent, 0, 3);
    ck_assert_int_eq(get(clone, 0), 3);
    put(clone, 4, 5); // The whole page is the clone's now.
    put(parent, 0, 6);
    put(parent, page - 1, 7);
    put(parent, page, 8);
    ck_assert_int_eq(get(clone, 0), 3);
    ck_assert_int_eq(get(clone, 4), 5);
    ck_assert_int_eq(get(clone, page - 1), 2);
    ck_assert_int_eq(get(clone, page), 8);
    ck_assert_int_eq(get(parent, 4), 0);
    put(clone, 2 * page - 1, 9); // Over the bound of two pages, with what follows.
    ck_assert_int_eq(get(parent, 2 * page - 1), 0);
    zx_handle_close(parent);
    ck_assert_int_eq(get(clone, page), 8);
    ck_assert_int_eq(get(clone, 2 * page), 0);
}
END_TEST

START_TEST(mappings_show_the_same) {
    const zx_handle_t parent = resizable(4 * page);
    volatile uint8_t *theirs = map(parent, READ_WRITE, 4 * page);
    const zx_handle_t clone = clone_of(parent, 0, 4 * page);
    volatile uint8_t *ours = map(clone, READ_WRITE, 4 * page);
    volatile uint8_t *again = map(clone, ZX_VM_PERM_READ, 4 * page);
    theirs[0] = 1;
    ck_assert_int_eq(ours[0], 1);
    ck_assert_int_eq(again[0], 1);
    ours[1] = 2;
    ck_assert_int_eq(again[0], 1);
    ck_assert_int_eq(again[1], 2);
    ck_assert_int_eq(get(clone, 1), 2);
    ck_assert_int_eq(theirs[1], 0);
    theirs[0] = 3;
    theirs[page] = 4;
    ck_assert_int_eq(ours[0], 1);
    ck_assert_int_eq(ours[page], 4);
    put(clone, page, 5); // By a call.
    ck_assert_int_eq(again[page], 5);
    ck_assert_int_eq(theirs[page], 4);
    ck_assert(!platform_copy((void *)(uintptr_t)again, "x", 1)); // Still read-only.

    zx_handle_close(parent);
    zx_handle_close(clone);
    theirs[3 * page] = 6;
    ck_assert_int_eq(ours[3 * page], 6);
    unmap(theirs, 4 * page);
    ours[3 * page] = 7;
    ck_assert_int_eq(again[3 * page], 7);
    unmap(ours, 4 * page);
    unmap(again, 4 * page);
}
END_TEST

// What the library writes for a client goes where the client could write itself.
START_TEST(a_call_writes_its_result_to_a_clone) {
    const zx_handle_t parent = resizable(2 * page);
    const zx_handle_t clone = clone_of(parent, 0, 2 * page);
    volatile uint8_t *ours = map(clone, READ_WRITE, 2 * page);
    uint8_t *buffer = (uint8_t *)(uintptr_t)ours;
    put(parent, 0, 1);
    ck_assert_int_eq(zx_vmo_get_size(parent, (uint64_t *)(void *)(buffer + 8)), ZX_OK);
    ck_assert_int_eq(ours[0], 1);
    ck_assert_int_eq(ours[9], (2 * page >> 8) % 256);
    ck_assert_int_eq(get(parent, 9), 0);
    put(parent, page, 3);
    ck_assert_int_eq(zx_vmo_read(parent, buffer + page - 8, 0, 16), ZX_OK);
    ck_assert_int_eq(ours[page - 8], 1);
    ck_assert_int_eq(get(parent, page), 3);
    unmap(ours, 2 * page);
}
END_TEST

START_TEST(decommit_shows_the_parent_again_and_commit_ends_that) {
    const zx_handle_t parent = resizable(2 * page);
    const zx_handle_t clone = clone_of(parent, 0, 2 * page);
    volatile uint8_t *ours = map(clone, READ_WRITE, 2 * page);
    for (int i = 0; i < 3; i++) {
        put(parent, 0, 1);
        ours[0] = 2;
        ck_assert_int_eq(get(clone, 0), 2);
        operate(clone, ZX_VMO_OP_DECOMMIT, 16, 1);
        ck_assert_int_eq(ours[0], 1);
        ck_assert_int_eq(get(clone, 0), 1);
        put(parent, 0, 3);
        ck_assert_int_eq(ours[0], 3);
        operate(clone, ZX_VMO_OP_COMMIT, 0, 1);
        ck_assert_int_eq(ours[0], 3);
        put(parent, 0, 4);
        ck_assert_int_eq(ours[0], 3);
    }
    operate(clone, ZX_VMO_OP_DECOMMIT, 0, 2 * page);
    put(parent, page, 5);
    operate(parent, ZX_VMO_OP_DECOMMIT, 0, page);
    ck_assert_int_eq(ours[0], 0);
    ck_assert_int_eq(ours[page], 5);
    ck_assert_int_eq(zx_vmo_op_range(clone, ZX_VMO_OP_ZERO, page, 1, NULL, 0), ZX_OK);
    ck_assert_int_eq(ours[page], 0);
    ck_assert_int_eq(get(parent, page), 5);
    unmap(ours, 2 * page);
}
END_TEST

START_TEST(what_lies_beyond_the_parent_is_zero_until_the_parent_grows) {
    const zx_handle_t parent = resizable(2 * page);
    put(parent, page, 1);
    const zx_handle_t clone = clone_of(parent, page, 3 * page);
    volatile uint8_t *ours = map(clone, READ_WRITE, 3 * page);
    ck_assert_int_eq(ours[0], 1);
    ck_assert_int_eq(ours[page], 0);
    set_size(parent, 3 * page);
    ck_assert_int_eq(ours[page], 0);
    put(parent, 2 * page, 2);
    ck_assert_int_eq(ours[page], 2);
    ck_assert_int_eq(get(clone, page), 2);
    ours[2 * page] = 3; // Beyond the parent's end.
    set_size(parent, 9 * page);
    put(parent, 3 * page, 4);
    ck_assert_int_eq(ours[2 * page], 3);
    set_size(parent, 0);
    ck_assert_int_eq(ours[0], 0);
    ck_assert_int_eq(ours[page], 0);
    ck_assert_int_eq(ours[2 * page], 3);
    ours[0] = 5;
    set_size(parent, 4 * page);
    ck_assert_int_eq(ours[0], 5);
    ck_assert_int_eq(get(parent, page), 0);
    unmap(ours, 3 * page);
}
END_TEST

START_TEST(a_clone_that_changes_its_size_loses_what_it_had) {
    const zx_handle_t parent = resizable(4 * page);
    put(parent, page, 1);
    const zx_handle_t clone = clone_of(parent, 0, 2 * page);
    volatile uint8_t *ours = map(clone, READ_WRITE, 4 * page);
    uint8_t byte = 0;
    ours[page] = 2;
    ck_assert(!platform_copy(&byte, (void *)(uintptr_t)(ours + 2 * page), 1));
    set_size(clone, page);
    ck_assert(!platform_copy(&byte, (void *)(uintptr_t)(ours + page), 1));
    ck_assert(!platform_copy((void *)(uintptr_t)(ours + page), &byte, 1));
    set_size(clone, 4 * page);
    ck_assert_int_eq(ours[page], 1); // The parent's again.
    put(parent, 3 * page, 3);
    ck_assert_int_eq(ours[3 * page], 3);
    ours[3 * page + 1] = 4;
    ck_assert_int_eq(get(clone, 3 * page), 3);
    ck_assert_int_eq(get(parent, 3 * page + 1), 0);
    unmap(ours, 4 * page);
}
END_TEST

// By the ABI's pages, of which the host's may have several.
START_TEST(a_clone_may_begin_at_any_page_of_the_abi) {
    enum { ABI_PAGE = 4096, COUNT = 5 };
    const zx_handle_t parent = new_vmo(COUNT * ABI_PAGE, 0);
    for (unsigned i = 0; i < COUNT; i++) {
        put(parent, i * ABI_PAGE, (uint8_t)i);
    }
    const zx_handle_t clone = clone_of(parent, ABI_PAGE, 3 * ABI_PAGE);
    put(clone, ABI_PAGE, 9);
    ck_assert_int_eq(get(clone, 0), 1);
    ck_assert_int_eq(get(clone, ABI_PAGE), 9);
    ck_assert_int_eq(get(clone, 2 * ABI_PAGE), 3);
    for (unsigned i = 0; i < COUNT; i++) {
        ck_assert_int_eq(get(parent, i * ABI_PAGE), i);
    }
}
END_TEST

// The middle one may hide what the first shows, and gives that up again.
START_TEST(clones_of_clones_see_through_all_of_them) {
    const zx_handle_t first = resizable(4 * page);
    const zx_handle_t second = clone_of(first, page, 3 * page);
    const zx_handle_t third = clone_of(second, page, 2 * page);
    volatile uint8_t *mapped = map(third, READ_WRITE, 2 * page);
    put(first, 2 * page, 1);
    ck_assert_int_eq(mapped[0], 1);
    put(second, page, 2);
    ck_assert_int_eq(mapped[0], 2);
    put(first, 2 * page, 3);
    ck_assert_int_eq(mapped[0], 2);
    operate(second, ZX_VMO_OP_DECOMMIT, page, page);
    ck_assert_int_eq(mapped[0], 3);
    mapped[0] = 4;
    put(second, page, 5);
    ck_assert_int_eq(mapped[0], 4);
    zx_handle_close(second);
    put(first, 3 * page, 6);
    ck_assert_int_eq(mapped[page], 6);
    unmap(mapped, 2 * page);
}
END_TEST

START_TEST(a_thousand_clones_of_clones_end_together) {
    const uint64_t objects = objects_so_far();
    const zx_handle_t first = resizable(page);
    zx_handle_t vmo = clone_of(first, 0, page);
    for (int i = 0; i < 1000; i++) {
        const zx_handle_t child = clone_of(vmo, 0, page);
        zx_handle_close(vmo);
        vmo = child;
    }
    put(first, 7, 9);
    ck_assert_int_eq(get(vmo, 7), 9);
    put(vmo, 8, 1);
    ck_assert_int_eq(get(first, 8), 0);
    zx_handle_close(first);
    zx_handle_close(vmo);
    ck_assert_uint_eq(object_count(), objects);
}
END_TEST

// A slice of a clone is the clone, a clone of a slice ends where the slice does, and a snapshot of
// a clone has what it shows.
START_TEST(other_children_go_with_clones) {
    const zx_handle_t parent = new_vmo(4 * page, 0);
    zx_handle_t fixed = ZX_HANDLE_INVALID;
    zx_handle_t slice = ZX_HANDLE_INVALID;
    zx_handle_t part = ZX_HANDLE_INVALID;
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_clone(parent, COPY_ON_WRITE | NON_RESIZABLE, 0, 4 * page, &fixed),
                     ZX_OK);
    ck_assert_int_eq(zx_vmo_create_child(fixed, ZX_VMO_CHILD_SLICE, page, page, &slice), ZX_OK);
    ck_assert_int_eq(zx_vmo_create_child(parent, ZX_VMO_CHILD_SLICE, page, page, &part), ZX_OK);
    const zx_handle_t clone = clone_of(part, 0, 2 * page);
    put(parent, page, 1);
    put(parent, 2 * page, 2);
    ck_assert_int_eq(get(slice, 0), 1);
    ck_assert_int_eq(get(clone, 0), 1);
    ck_assert_int_eq(get(clone, page), 0);
    ck_assert_int_eq(zx_vmo_create_child(fixed, ZX_VMO_CHILD_SNAPSHOT, 0, 4 * page, &snapshot),
                     ZX_OK);
    volatile uint8_t *mapped = map(slice, READ_WRITE, page);
    mapped[0] = 3;
    ck_assert_int_eq(get(fixed, page), 3);
    ck_assert_int_eq(get(parent, page), 1);
    ck_assert_int_eq(get(snapshot, page), 1);
    ck_assert_int_eq(get(snapshot, 2 * page), 2);
    put(parent, 2 * page, 4);
    ck_assert_int_eq(get(snapshot, 2 * page), 2);
    ck_assert_int_eq(get(fixed, 2 * page), 4);
    unmap(mapped, page);
}
END_TEST

START_TEST(a_huge_clone_costs_what_it_owns) {
    const uint64_t size = UINT64_C(1) << 40;
    const zx_handle_t parent = new_vmo(size, 0);
    const zx_handle_t clone = clone_of(parent, 0, size);
    put(parent, size - 1, 1);
    ck_assert_int_eq(get(clone, size - 1), 1);
    put(clone, size - 2, 2);
    ck_assert_int_eq(get(clone, size - 1), 1);
    ck_assert_int_eq(get(parent, size - 2), 0);
}
END_TEST

// A clone has a bit for each page, and what it may ask of the host for them is bounded.
START_TEST(a_clone_beyond_all_memory_is_refused) {
    const zx_handle_t parent = new_vmo(page, 0);
    zx_handle_t clone = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_clone(parent, COPY_ON_WRITE, 0, UINT64_C(1) << 62, &clone),
                     ZX_ERR_NO_MEMORY);
    zx_handle_close(parent);
}
END_TEST

START_TEST(a_clone_cannot_begin_beyond_all_addresses) {
    const zx_handle_t parent = resizable(page);
    zx_handle_t clone = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_clone(parent, COPY_ON_WRITE, UINT64_MAX - 4095, 4096, &clone),
                     ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_vmo_clone(parent, COPY_ON_WRITE, UINT64_MAX - 8191, 4096, &clone), ZX_OK);
    ck_assert_int_eq(get(clone, 0), 0);
}
END_TEST

// --- Threads ---

enum { PAGES = 64, WRITERS = 3, ROUNDS = 200 };

static volatile uint8_t *shared;
static zx_handle_t shared_clone;

// Each has a byte of its own in each page.
static void *store_own_bytes(void *number) {
    const size_t own = 1 + (size_t)(uintptr_t)number;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        for (size_t i = 0; i < PAGES; i++) {
            shared[i * page + own] = (uint8_t)round;
            ck_assert_int_eq(shared[i * page + own], (uint8_t)round);
        }
    }
    return NULL;
}

START_TEST(stores_of_several_threads_meet_in_one_page) {
    pthread_t threads[WRITERS];
    const zx_handle_t parent = resizable(PAGES * page);
    put(parent, 0, 1);
    shared_clone = clone_of(parent, 0, PAGES * page);
    shared = map(shared_clone, READ_WRITE, PAGES * page);
    for (size_t i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, store_own_bytes, (void *)i), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(shared[0], 1);
    for (size_t i = 0; i < PAGES; i++) {
        for (size_t own = 1; own <= WRITERS; own++) {
            ck_assert_int_eq(shared[i * page + own], (uint8_t)ROUNDS);
        }
        ck_assert_int_eq(get(parent, i * page + 1), 0);
    }
    unmap(shared, PAGES * page);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_clone_shows_its_parent_until_it_is_written,
        mappings_show_the_same,
        a_call_writes_its_result_to_a_clone,
        decommit_shows_the_parent_again_and_commit_ends_that,
        what_lies_beyond_the_parent_is_zero_until_the_parent_grows,
        a_clone_that_changes_its_size_loses_what_it_had,
        a_clone_may_begin_at_any_page_of_the_abi,
        clones_of_clones_see_through_all_of_them,
        a_thousand_clones_of_clones_end_together,
        other_children_go_with_clones,
        a_huge_clone_costs_what_it_owns,
        a_clone_beyond_all_memory_is_refused,
        a_clone_cannot_begin_beyond_all_addresses,
        stores_of_several_threads_meet_in_one_page,
    };
    page = platform_page_size();
    return run_tests("vmo clone", tests, sizeof tests / sizeof tests[0]);
}
