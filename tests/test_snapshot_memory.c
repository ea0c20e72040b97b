// SPDX-License-Identifier: MIT
//
// The memory of snapshots (zirconia/snapshot.h): a restore undoes stores of all kinds, among many
// snapshots that stand on top of each other.

#include "memory_guest.h"
#include "sanitized.h"
#include "snapshot_fixture.h"
#include "usage.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zirconia/virtual_time.h>

#define PAGE 0x1000u
#define FIRST 0x400000u // The pages that are stored to.
#define PAGES 48u
#define SNAPSHOTS 12u

static zx_handle_t snapshot_with(uint32_t options) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_guest_snapshot(guest, options, &handle), ZX_OK);
    return handle;
}

static volatile uint64_t *map_here(void) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, memory,
                                 0, MEMORY_SIZE, &address),
                     ZX_OK);
    return (uint64_t *)address; // NOLINT(performance-no-int-to-ptr)
}

// The program stores, and is back where it was.
static void guest_store(uint64_t address, uint64_t value) {
    zx_vcpu_state_t state = read_state();
    state.rdi = address;
    state.rax = value;
    write_state(&state);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, value);
}

static void open_guest(void) {
    start(STORE_AND_LOAD, FIRST - PAGE);
    enter_to_end();
}

// --- Against a model ---

static uint64_t random_state = 0x2545f4914f6cdd1d;

static uint64_t random_below(uint64_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

struct model {
    zx_handle_t handle;
    uint64_t words[PAGES];
};

static struct model models[SNAPSHOTS];
static uint64_t words[PAGES]; // What is there now, in the first word of each page.

static uint64_t address_of(uint64_t page) {
    return FIRST + page * PAGE;
}

static void expect_words(void) {
    for (uint64_t page = 0; page < PAGES; page++) {
        const uint64_t found = memory_u64(address_of(page));
        ck_assert_msg(found == words[page], "page %u: %llx, not %llx", (unsigned)page,
                      (unsigned long long)found, (unsigned long long)words[page]);
    }
}

static void store_somehow(volatile uint64_t *mapped, bool noted) {
    const uint64_t page = random_below(PAGES);
    const uint64_t value = random_below(4) == 0 ? 0 : random_below(UINT64_MAX);
    switch (random_below(4)) {
    case 0:
    case 1:
        guest_store(address_of(page), value);
        break;
    case 2:
        memory_write(address_of(page), &value, sizeof value);
        break;
    default:
        mapped[address_of(page) / 8] = value;
        if (noted) {
            ck_assert_int_eq(zirconia_guest_note_store(guest, address_of(page), 8), ZX_OK);
        }
    }
    words[page] = value;
}

static void take_or_restore(uint32_t options) {
    struct model *model = &models[random_below(SNAPSHOTS)];
    if (model->handle != ZX_HANDLE_INVALID && random_below(3) != 0) {
        restore(model->handle);
        memcpy(words, model->words, sizeof words);
        return;
    }
    if (model->handle != ZX_HANDLE_INVALID) {
        ck_assert_int_eq(zx_handle_close(model->handle), ZX_OK);
    }
    model->handle = ZX_HANDLE_INVALID;
    model->handle = snapshot_with(options);
    memcpy(model->words, words, sizeof words);
}

START_TEST(snapshots_on_top_of_each_other_are_what_a_model_says) {
    const uint32_t options = (uint32_t)_i;
    const bool noted = (options & ZIRCONIA_SNAPSHOT_NOTED_STORES) != 0;
    open_guest();
    random_state += options;
    volatile uint64_t *mapped = map_here();
    for (unsigned round = 0; round < 1500; round++) {
        for (uint64_t stores = random_below(8); stores > 0; stores--) {
            store_somehow(mapped, noted);
        }
        take_or_restore(options);
        expect_words();
    }
}
END_TEST

// --- Stores that the library does not see ---

START_TEST(a_store_of_the_clients_stays_if_it_was_to_be_told_and_was_not) {
    open_guest();
    volatile uint64_t *mapped = map_here();
    const zx_handle_t snapshot = snapshot_with(ZIRCONIA_SNAPSHOT_NOTED_STORES);
    mapped[FIRST / 8] = 5;
    mapped[(FIRST + PAGE) / 8] = 6;
    ck_assert_int_eq(zirconia_guest_note_store(guest, FIRST + PAGE + 8, PAGE), ZX_OK);
    restore(snapshot);
    ck_assert_uint_eq(mapped[FIRST / 8], 5);
    ck_assert_uint_eq(mapped[(FIRST + PAGE) / 8], 0);
}
END_TEST

// With a virtual clock, too, a restore looks only at pages that were stored to.
START_TEST(in_virtual_time_too_only_pages_that_were_stored_to_are_looked_at) {
    guest_open();
    guest_load("memory", ENTRY);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    aim(STORE_AND_LOAD, FIRST - PAGE, 1);
    enter_to_end();
    volatile uint64_t *mapped = map_here();
    const zx_handle_t snapshot = snapshot_with(ZIRCONIA_SNAPSHOT_NOTED_STORES);
    for (unsigned round = 0; round < 200; round++) {
        mapped[FIRST / 8] = 5;
        guest_store(FIRST + PAGE, 6 + round);
        memory_write(FIRST + 2 * PAGE, &round, sizeof round);
        restore(snapshot);
        ck_assert_uint_eq(mapped[FIRST / 8], 5);
        ck_assert_uint_eq(mapped[(FIRST + PAGE) / 8], 0);
        ck_assert_uint_eq(mapped[(FIRST + 2 * PAGE) / 8], 0);
    }
}
END_TEST

START_TEST(a_store_through_a_mapping_that_is_gone_is_undone) {
    open_guest();
    const zx_handle_t snapshot = snapshot_with(0);
    volatile uint64_t *mapped = map_here();
    mapped[FIRST / 8] = 5;
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)mapped, MEMORY_SIZE), ZX_OK);
    restore(snapshot);
    ck_assert_uint_eq(memory_u64(FIRST), 0);
}
END_TEST

START_TEST(ranges_are_checked) {
    open_guest();
    ck_assert_int_eq(zirconia_guest_note_store(guest, 1ull << 48, 0), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zirconia_guest_note_store(guest, FIRST, 1ull << 48), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zirconia_guest_note_store(guest, MEMORY_SIZE, 1ull << 40), ZX_OK);
    ck_assert_int_eq(zirconia_guest_note_store(guest, FIRST, 0), ZX_OK);
}
END_TEST

// --- Bounds ---

START_TEST(a_tower_of_snapshots_has_a_height) {
    zx_handle_t snapshots[64];
    zx_handle_t one_more = ZX_HANDLE_INVALID;
    open_guest();
    for (unsigned i = 0; i < 64; i++) {
        guest_store(FIRST, i);
        snapshots[i] = snapshot_with(0);
    }
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &one_more), ZX_ERR_NO_RESOURCES);
    for (unsigned i = 0; i < 64; i += 9) {
        restore(snapshots[i]);
        ck_assert_uint_eq(memory_u64(FIRST), i);
        restore(snapshots[63 - i]);
        ck_assert_uint_eq(memory_u64(FIRST), 63 - i);
    }
    restore(snapshots[0]);
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &one_more), ZX_OK);
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 4, &one_more), ZX_ERR_INVALID_ARGS);
}
END_TEST

// Whichever of them are closed, others have their place, and no memory is lost.
START_TEST(closed_snapshots_do_not_count) {
    zx_handle_t snapshots[63];
    open_guest();
    const zx_handle_t first = snapshot_with(0);
    for (unsigned i = 0; i < 63; i++) {
        guest_store(address_of(i % PAGES), i + 1);
        snapshots[i] = snapshot_with(0);
    }
    zx_handle_t one_more = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &one_more), ZX_ERR_NO_RESOURCES);
    struct usage before = {0};
    for (unsigned i = 0; i < 20 * 63; i++) {
        const unsigned place = (unsigned)random_below(63);
        ck_assert_int_eq(zx_handle_close(snapshots[place]), ZX_OK);
        guest_store(address_of(i % PAGES), i + 1);
        snapshots[place] = snapshot_with(0);
        restore(snapshots[random_below(63)]);
        restore(snapshots[place]);
        ck_assert_uint_eq(memory_u64(address_of(i % PAGES)), i + 1);
        if (i == 5 * 63) {
            before = usage_now();
        }
    }
    ck_assert(SANITIZED || usage_now().pages <= before.pages + 300);
    restore(first);
    ck_assert_uint_eq(memory_u64(address_of(1)), 0);
}
END_TEST

// A guest that is saved each time, as a debugger that steps back does.
START_TEST(a_row_of_snapshots_takes_no_more_memory) {
    open_guest();
    zx_handle_t last = snapshot_with(0);
    const zx_handle_t first = last;
    struct usage before = {0};
    for (unsigned i = 0; i < 4000; i++) {
        guest_store(address_of(random_below(PAGES)), i % 3);
        const zx_handle_t next = snapshot_with(0);
        if (last != first) {
            ck_assert_int_eq(zx_handle_close(last), ZX_OK);
        }
        last = next;
        if (i == 1000) {
            before = usage_now();
        }
    }
    ck_assert(SANITIZED || usage_now().pages <= before.pages + 300);
    restore(first);
    for (uint64_t page = 0; page < PAGES; page++) {
        ck_assert_uint_eq(memory_u64(address_of(page)), 0);
    }
    ck_assert_int_eq(zx_handle_close(first), ZX_OK);
    restore(last);
}
END_TEST

START_TEST(a_snapshot_lives_by_those_on_top_of_it) {
    open_guest();
    guest_store(FIRST, 1);
    zx_handle_t below = snapshot_with(0);
    guest_store(FIRST + PAGE, 2);
    const zx_handle_t top = snapshot_with(0);
    ck_assert_int_eq(zx_handle_close(below), ZX_OK);
    guest_store(FIRST, 3);
    guest_store(FIRST + PAGE, 4);
    restore(top);
    ck_assert_uint_eq(memory_u64(FIRST), 1);
    ck_assert_uint_eq(memory_u64(FIRST + PAGE), 2);
}
END_TEST

// --- Page tables ---

// 0x200000 is mapped to other memory after the snapshot, and back by it.
START_TEST(translations_of_addresses_are_those_of_the_snapshot) {
    open_guest();
    const uint64_t directory = 0x5000 | 7;
    const uint64_t here = 0x400000 | 0x87;
    const uint64_t there = 0x600000 | 0x87;
    const uint64_t mark = 0x77;
    const uint64_t identity = 0x87;
    memory_write(0x5000, &identity, sizeof identity);
    memory_write(0x5000 + 8 * 2, &here, sizeof here);
    memory_write(0x5000 + 8 * 7, &(uint64_t){0xe00000 | 0x87}, sizeof here);
    memory_write(0x600000, &mark, sizeof mark);
    memory_write(0x1000, &directory, sizeof directory);
    const zx_handle_t snapshot = snapshot_with(0);
    for (unsigned i = 0; i < 100; i++) {
        guest_store(0x400000, i + 1); // A translation is there now.
        ck_assert_uint_eq(memory_u64(0x400000), i + 1);
        restore(snapshot);
        memory_write(0x5000 + 8 * 2, &there, sizeof there);
        guest_store(0x400008, i);
        ck_assert_uint_eq(memory_u64(0x600008), i);
        ck_assert_uint_eq(memory_u64(0x400000), 0);
        restore(snapshot);
        ck_assert_uint_eq(memory_u64(0x600008), 0);
    }
}
END_TEST

// --- Many ---

#define RESTORES 200000u

START_TEST(many_restores_take_no_more_memory) {
    open_guest();
    const zx_handle_t snapshot =
        snapshot_with(ZIRCONIA_SNAPSHOT_NOTED_STORES | ZIRCONIA_SNAPSHOT_STEADY_TABLES);
    zx_info_task_stats_t before = {0};
    zx_info_task_stats_t after = {0};
    const char *short_runs = getenv("ZIRCONIA_SHORT_STRESS");
    const unsigned count = short_runs != NULL ? RESTORES / 50 : RESTORES;
    for (unsigned i = 0; i < count; i++) {
        if (i == count / 10) {
            zx_object_get_info(zx_process_self(), ZX_INFO_TASK_STATS, &before, sizeof before, NULL,
                               NULL);
        }
        if (i % 16 == 0) {
            guest_store(address_of(i / 16 % PAGES), i + 1);
        }
        restore(snapshot);
    }
    zx_object_get_info(zx_process_self(), ZX_INFO_TASK_STATS, &after, sizeof after, NULL, NULL);
    for (uint64_t page = 0; page < PAGES; page++) {
        ck_assert_uint_eq(memory_u64(address_of(page)), 0);
    }
    ck_assert_uint_le(after.mem_private_bytes, before.mem_private_bytes + (4u << 20));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("snapshot_memory");
    TCase *tcase = tcase_create("memory");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, snapshots_on_top_of_each_other_are_what_a_model_says, 0, 3);
    tcase_add_test(tcase, in_virtual_time_too_only_pages_that_were_stored_to_are_looked_at);
    tcase_add_test(tcase, a_store_of_the_clients_stays_if_it_was_to_be_told_and_was_not);
    tcase_add_test(tcase, a_store_through_a_mapping_that_is_gone_is_undone);
    tcase_add_test(tcase, ranges_are_checked);
    tcase_add_test(tcase, a_tower_of_snapshots_has_a_height);
    tcase_add_test(tcase, closed_snapshots_do_not_count);
    tcase_add_test(tcase, a_row_of_snapshots_takes_no_more_memory);
    tcase_add_test(tcase, a_snapshot_lives_by_those_on_top_of_it);
    tcase_add_test(tcase, translations_of_addresses_are_those_of_the_snapshot);
    tcase_add_test(tcase, many_restores_take_no_more_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
