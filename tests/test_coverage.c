// SPDX-License-Identifier: MIT
//
// Coverage of guest code (zirconia/coverage.h): edges and blocks of a guest that is known, the same
// however the guest is run, and what is compared. Counts the hooks of Unicorn's that are added, in
// front of its own function.

#define _GNU_SOURCE // RTLD_NEXT

#include "other_thread.h"
#include "snapshot_fixture.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unicorn/unicorn.h>
#include <zirconia/coverage.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

// --- Hooks ---

static unsigned block_hooks;
static unsigned opcode_hooks;

typedef uc_err hook_function(uc_engine *unicorn, uc_hook *out, int type, void *callback,
                             void *context, uint64_t begin, uint64_t end, ...);

uc_err uc_hook_add(uc_engine *unicorn, uc_hook *out, int type, void *callback, void *context,
                   uint64_t begin, uint64_t end, ...) {
    hook_function *next = NULL;
    void *found = dlsym(RTLD_NEXT, "uc_hook_add");
    memcpy(&next, &found, sizeof next);
    block_hooks += type == UC_HOOK_BLOCK;
    opcode_hooks += type == UC_HOOK_TCG_OPCODE;
    int more[2] = {0};
    va_list list;
    va_start(list, end);
    if (type == UC_HOOK_INSN || type == UC_HOOK_TCG_OPCODE) {
        more[0] = va_arg(list, int);
    }
    if (type == UC_HOOK_TCG_OPCODE) {
        more[1] = va_arg(list, int);
    }
    va_end(list);
    return next(unicorn, out, type, callback, context, begin, end, more[0], more[1]);
}

// --- The guest ---

#define TRAPPED 0xffe000u
#define PORT 0x10u
#define EDGES 0x18000u
#define SIZE 0x10000u

enum { COUNTED, DIVIDED, EVENTS, LATE, MANY, COMPARED };

static uint8_t map[SIZE];

static void open_case(uint64_t number, bool virtual_time) {
    guest_open();
    guest_load("coverage", ENTRY);
    trap(ZX_GUEST_TRAP_MEM, TRAPPED, 0x1000, ZX_HANDLE_INVALID, 0);
    trap(ZX_GUEST_TRAP_IO, PORT, 1, ZX_HANDLE_INVALID, 0);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    zx_vcpu_state_t state = read_state();
    state.rsi = number;
    state.rax = 1;
    state.rbx = 5000;
    write_state(&state);
}

static void cover(uint32_t options, uint8_t *into, size_t size) {
    ck_assert_int_eq(zirconia_guest_set_coverage(guest, options, into, size), ZX_OK);
}

// Runs the guest through all exits that the client is told of.
static void run_to_end(void) {
    for (;;) {
        zx_port_packet_t packet;
        const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
        ck_assert(status == ZX_OK || status == ZX_ERR_CANCELED || status == ZX_ERR_TIMED_OUT);
        if (status == ZX_ERR_TIMED_OUT) {
            ck_assert_int_eq(zirconia_guest_set_budget(guest, 3), ZX_OK);
        }
        if (status == ZX_OK && packet.type == ZX_PKT_TYPE_GUEST_MEM &&
            packet.guest_mem.addr == EXIT_PAGE) {
            return;
        }
    }
}

static uint64_t total(const uint8_t *counts) {
    uint64_t sum = 0;
    for (size_t i = 0; i < SIZE; i++) {
        sum += counts[i];
    }
    return sum;
}

static uint8_t *at(uint8_t *counts, uint32_t options, uint64_t from, uint64_t to) {
    return &counts[zirconia_coverage_place(options, SIZE, from, to)];
}

// The edges are those that the guest lists, and no others.
static void expect_edges(uint64_t number, bool complete) {
    uint64_t list = memory_u64(EDGES + 8 * number);
    uint64_t sum = 0;
    const uint64_t count = memory_u64(list);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t from = memory_u64(list + 8 + 24 * i);
        const uint64_t to = memory_u64(list + 16 + 24 * i);
        const uint64_t times = memory_u64(list + 24 + 24 * i);
        const uint8_t found = *at(map, 0, from, to);
        ck_assert_msg(found == times,
                      "case %" PRIu64 ": from %" PRIx64 " to %" PRIx64 " %u times, not %" PRIu64,
                      number, from, to, found, times);
        sum += times;
    }
    ck_assert_uint_ge(count, 6);
    if (complete) {
        ck_assert_uint_eq(total(map), sum);
    }
}

// --- Edges and blocks ---

static void expect_case(uint64_t number, bool virtual_time) {
    open_case(number, virtual_time);
    cover(0, map, SIZE);
    run_to_end();
    expect_edges(number, number != EVENTS);
    guest_close();
}

START_TEST(edges_are_those_of_the_guest) {
    for (uint64_t number = COUNTED; number <= LATE; number++) {
        expect_case(number, false);
        expect_case(number, true);
    }
}
END_TEST

START_TEST(blocks_are_counted_whatever_led_to_them) {
    open_case(COUNTED, false);
    cover(ZIRCONIA_COVERAGE_BLOCKS, map, SIZE);
    run_to_end();
    const uint64_t list = memory_u64(EDGES);
    const uint64_t again = memory_u64(list + 8 + 24 * 2 + 8);
    const uint64_t call = memory_u64(list + 8 + 24 * 4 + 8);
    ck_assert_uint_eq(*at(map, ZIRCONIA_COVERAGE_BLOCKS, 0, again), 4);
    ck_assert_uint_eq(*at(map, ZIRCONIA_COVERAGE_BLOCKS, again, call), 1);
    ck_assert_uint_eq(total(map), 15);
    guest_close();
}
END_TEST

// A tiny map has the same counts in fewer places, and counts end at 255.
START_TEST(counts_do_not_wrap) {
    uint8_t *small = map + 1000;
    open_case(MANY, false);
    zx_vcpu_state_t state = read_state();
    state.rbx = 30000;
    write_state(&state);
    memset(map, 0x55, sizeof map);
    cover(0, small, ZIRCONIA_COVERAGE_SIZE_MIN);
    for (size_t i = 0; i < ZIRCONIA_COVERAGE_SIZE_MIN; i++) {
        ck_assert_uint_eq(small[i], 0);
    }
    run_to_end();
    for (size_t i = 0; i < ZIRCONIA_COVERAGE_SIZE_MIN; i++) {
        ck_assert_uint_eq(small[i], 255);
    }
    ck_assert_uint_eq(small[-1], 0x55);
    ck_assert_uint_eq(small[ZIRCONIA_COVERAGE_SIZE_MIN], 0x55);
    guest_close();
}
END_TEST

// --- The same, however it is run ---

static void expect_same(uint64_t number, const uint8_t *expected) {
    for (size_t i = 0; memcmp(map, expected, SIZE) != 0; i++) {
        ck_assert_msg(map[i] == expected[i], "case %" PRIu64 ": at %zx %u, not %u", number, i,
                      map[i], expected[i]);
    }
}

START_TEST(a_budget_in_pieces_changes_nothing) {
    static uint8_t expected[SIZE];
    for (uint64_t number = COUNTED; number <= MANY; number++) {
        open_case(number, true);
        cover(0, expected, SIZE);
        run_to_end();
        guest_close();
        open_case(number, true);
        cover(0, map, SIZE);
        ck_assert_int_eq(zirconia_guest_set_budget(guest, 1), ZX_OK);
        run_to_end();
        expect_same(number, expected);
        guest_close();
    }
}
END_TEST

START_TEST(real_time_is_as_virtual_time) {
    static uint8_t expected[SIZE];
    for (uint64_t number = COUNTED; number <= MANY; number++) {
        open_case(number, true);
        cover(0, expected, SIZE);
        run_to_end();
        guest_close();
        ck_assert_uint_gt(total(expected), 7);
        open_case(number, false);
        cover(0, map, SIZE);
        run_to_end();
        expect_same(number, expected);
        guest_close();
    }
}
END_TEST

START_TEST(kicks_change_nothing) {
    static uint8_t expected[SIZE];
    for (uint64_t number = COUNTED; number <= MANY; number++) {
        open_case(number, false);
        cover(0, expected, SIZE);
        run_to_end();
        guest_close();
        for (unsigned round = 0; round < 5; round++) {
            atomic_bool over = false;
            open_case(number, false);
            cover(0, map, SIZE);
            const pthread_t kicker = start_thread(kick_now_and_then, &over);
            run_to_end();
            atomic_store(&over, true);
            join_thread(kicker);
            expect_same(number, expected);
            guest_close();
        }
    }
}
END_TEST

static uint64_t trace;

static void note_exit(void *context, const zirconia_exit_t *exit) {
    (void)context;
    const uint64_t words[] = {(uint64_t)exit->kind, exit->rip, exit->qualification[0]};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        trace = (trace ^ words[i]) * 1099511628211u;
    }
}

// A run from a snapshot finds its code translated and its pages mapped.
static void compare_runs(uint64_t number, bool virtual_time, unsigned runs) {
    static uint8_t expected[SIZE];
    uint64_t expected_trace = 0;
    open_case(number, virtual_time);
    cover(0, map, SIZE);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_observe(guest, note_exit, NULL), ZX_OK);
    }
    const zx_handle_t snapshot = snapshot_of(guest);
    for (unsigned run = 0; run <= runs; run++) {
        memset(map, 0, sizeof map);
        trace = 14695981039346656037u;
        run_to_end();
        if (run == 0) {
            memcpy(expected, map, sizeof map);
            expected_trace = trace;
            ck_assert_uint_gt(total(map), 7);
        }
        expect_same(number, expected);
        ck_assert_uint_eq(trace, expected_trace);
        restore(snapshot);
    }
    guest_close();
}

START_TEST(runs_from_a_snapshot_are_the_same) {
    for (uint64_t number = COUNTED; number <= MANY; number++) {
        compare_runs(number, false, 20);
        compare_runs(number, true, 20);
    }
}
END_TEST

START_TEST(a_thousand_runs_are_the_same) {
    compare_runs(EVENTS, true, 1000);
}
END_TEST

// The snapshot is taken in the middle of a block. The rest of the block counts as a block.
START_TEST(a_snapshot_begins_anew) {
    open_case(DIVIDED, false);
    cover(0, map, SIZE);
    enter(); // OUT
    const zx_handle_t snapshot = snapshot_of(guest);
    static uint8_t expected[SIZE];
    for (unsigned run = 0; run < 3; run++) {
        memset(map, 0, sizeof map);
        run_to_end();
        if (run == 0) {
            memcpy(expected, map, sizeof map);
        }
        expect_same(DIVIDED, expected);
        restore(snapshot);
    }
    const uint64_t loop = memory_u64(memory_u64(EDGES + 8 * DIVIDED) + 8 + 24 * 3);
    ck_assert_uint_eq(*at(expected, 0, ZIRCONIA_COVERAGE_NOWHERE, loop + 1), 1);
    guest_close();
}
END_TEST

// --- On and off ---

static bool stops_exactly(void) {
    return strstr(zirconia_engine_note(), "hook") == NULL;
}

START_TEST(what_is_not_covered_has_no_hook) {
    open_case(COUNTED, false);
    if (!stops_exactly()) {
        guest_close();
        return;
    }
    block_hooks = 0;
    opcode_hooks = 0;
    run_to_end();
    ck_assert_uint_eq(block_hooks, 0);
    guest_close();
    open_case(COUNTED, false);
    cover(0, map, SIZE);
    cover(0, NULL, 0); // Before it runs.
    memset(map, 0, sizeof map);
    run_to_end();
    ck_assert_uint_eq(block_hooks, 0);
    ck_assert_uint_eq(opcode_hooks, 0);
    ck_assert_uint_eq(total(map), 0);
    guest_close();
    open_case(COUNTED, false);
    cover(0, map, SIZE);
    run_to_end();
    ck_assert_uint_eq(block_hooks, 1);
    ck_assert_uint_eq(opcode_hooks, 0);
    guest_close();
}
END_TEST

// Code that was translated before is covered as well, and is not once coverage has ended.
static void turn_on_and_off(bool virtual_time) {
    open_case(COUNTED, virtual_time);
    const zx_handle_t snapshot = snapshot_of(guest);
    for (unsigned round = 0; round < 3; round++) {
        memset(map, 0, sizeof map);
        run_to_end();
        ck_assert_uint_eq(total(map), 0);
        restore(snapshot);
        cover(0, map, SIZE);
        run_to_end();
        expect_edges(COUNTED, true);
        restore(snapshot);
        cover(0, NULL, 0);
    }
    guest_close();
}

START_TEST(coverage_is_turned_on_and_off) {
    turn_on_and_off(false);
    turn_on_and_off(true);
}
END_TEST

// The engine goes from guest to guest: the next one without coverage has none.
START_TEST(the_next_guest_is_not_covered) {
    expect_case(COUNTED, false);
    expect_case(COUNTED, true);
    memset(map, 0, sizeof map);
    for (unsigned i = 0; i < 2; i++) {
        open_case(COUNTED, i == 1);
        run_to_end();
        ck_assert_uint_eq(total(map), 0);
        guest_close();
    }
}
END_TEST

// Turns coverage on and off in a guest that is running.
START_TEST(coverage_changes_while_the_guest_runs) {
    atomic_bool over = false;
    open_case(MANY, false);
    const pthread_t kicker = start_thread(kick_until, &over);
    for (unsigned i = 0; i < 50; i++) {
        zx_port_packet_t packet;
        cover(i % 3 == 0 ? ZIRCONIA_COVERAGE_BLOCKS : 0, i % 3 == 1 ? NULL : map,
              i % 3 == 1 ? 0 : SIZE);
        const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
        ck_assert(status == ZX_OK || status == ZX_ERR_CANCELED);
        if (status == ZX_OK) {
            break;
        }
    }
    atomic_store(&over, true);
    join_thread(kicker);
    guest_close();
}
END_TEST

// --- Ranges ---

START_TEST(only_code_in_the_ranges_counts) {
    open_case(COUNTED, false);
    const uint64_t list = memory_u64(EDGES);
    const uint64_t again = memory_u64(list + 8 + 24 * 2 + 8);
    const uint64_t taken = memory_u64(list + 8 + 24 * 8 + 8);
    const zirconia_address_range_t ranges[] = {{again, again}, {taken, UINT64_MAX}};
    ck_assert_int_eq(zirconia_guest_set_coverage_ranges(guest, ranges, 2), ZX_OK);
    cover(0, map, SIZE);
    run_to_end();
    ck_assert_uint_eq(*at(map, 0, ZIRCONIA_COVERAGE_NOWHERE, again), 1);
    ck_assert_uint_eq(*at(map, 0, again, again), 3);
    ck_assert_uint_eq(*at(map, 0, again, taken), 1);
    ck_assert_uint_eq(total(map), 9);
    guest_close();
    open_case(COUNTED, false);
    ck_assert_int_eq(zirconia_guest_set_coverage_ranges(guest, ranges, 2), ZX_OK);
    ck_assert_int_eq(zirconia_guest_set_coverage_ranges(guest, NULL, 0), ZX_OK);
    cover(0, map, SIZE);
    run_to_end();
    expect_edges(COUNTED, true);
    guest_close();
}
END_TEST

// --- Comparisons ---

struct comparison {
    uint64_t address;
    uint64_t left;
    uint64_t right;
    size_t size;
};

static struct comparison compared[32];
static size_t compared_count;

static void note(void *context, uint64_t address, uint64_t left, uint64_t right, size_t size) {
    ck_assert_ptr_eq(context, compared);
    ck_assert_uint_lt(compared_count, COUNT_OF(compared));
    compared[compared_count++] = (struct comparison){address, left, right, size};
}

static void expect_comparisons(void) {
    static const struct {
        unsigned label;
        uint64_t left;
        uint64_t right;
        size_t size;
    } expected[] = {
        {0, 0x88, 0x80, 1},
        {1, 0x77, 0x00, 1},
        {2, 0x7788, 0x1234, 2},
        {3, 0x55667788, 0xddeeff00, 4},
        {4, 0x1122334455667788, UINT64_MAX - 1, 8},
        {5, 0x0807060504030201, 0x99aabbccddeeff00, 8},
        {6, 0, 7, 4},
        {7, 1, 1, 1},
        {7, 2, 2, 1},
        {7, 3, 0x11, 1},
        {8, 2, 1, 1},
    };
    ck_assert_uint_eq(compared_count, COUNT_OF(expected));
    const uint64_t labels = memory_u64(EDGES + 8 * 4);
    for (size_t i = 0; i < compared_count; i++) {
        const struct comparison *found = &compared[i];
        ck_assert_uint_eq(found->address, memory_u64(labels + 8 * expected[i].label));
        ck_assert_uint_eq(found->left, expected[i].left);
        ck_assert_uint_eq(found->right, expected[i].right);
        ck_assert_uint_eq(found->size, expected[i].size);
    }
}

static void run_comparisons(bool virtual_time, bool with_map) {
    compared_count = 0;
    open_case(COMPARED, virtual_time);
    if (with_map) {
        cover(0, map, SIZE);
    }
    const zx_handle_t snapshot = snapshot_of(guest);
    ck_assert_int_eq(zirconia_guest_set_comparisons(guest, note, compared), ZX_OK);
    for (unsigned run = 0; run < 2; run++) {
        run_to_end();
        expect_comparisons();
        compared_count = 0;
        restore(snapshot);
    }
    ck_assert_int_eq(zirconia_guest_set_comparisons(guest, NULL, NULL), ZX_OK);
    run_to_end();
    ck_assert_uint_eq(compared_count, 0);
    guest_close();
}

START_TEST(comparisons_are_told) {
    for (unsigned i = 0; i < 4; i++) {
        run_comparisons(i % 2 == 0, i / 2 == 0);
    }
}
END_TEST

START_TEST(comparisons_are_told_of_what_is_in_the_ranges) {
    open_case(COMPARED, false);
    const uint64_t quad = memory_u64(memory_u64(EDGES + 8 * 4) + 8 * 4);
    const zirconia_address_range_t range = {quad, quad};
    compared_count = 0;
    ck_assert_int_eq(zirconia_guest_set_coverage_ranges(guest, &range, 1), ZX_OK);
    ck_assert_int_eq(zirconia_guest_set_comparisons(guest, note, compared), ZX_OK);
    run_to_end();
    ck_assert_uint_eq(compared_count, 1);
    ck_assert_uint_eq(compared[0].address, quad);
    guest_close();
}
END_TEST

// --- Errors ---

START_TEST(sizes_and_options_are_checked) {
    const size_t sizes[] = {1, 32, 63, 65, 100, ZIRCONIA_COVERAGE_SIZE_MAX * 2, SIZE_MAX, 0};
    open_case(COUNTED, false);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        ck_assert_int_eq(zirconia_guest_set_coverage(guest, 0, map, sizes[i]), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zirconia_guest_set_coverage(guest, 2, map, SIZE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_guest_set_coverage(guest, 0, NULL, SIZE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_guest_set_coverage(vcpu, 0, map, SIZE), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zirconia_guest_set_comparisons(vcpu, NULL, NULL), ZX_ERR_WRONG_TYPE);
    run_to_end();
    guest_close();
}
END_TEST

START_TEST(ranges_are_checked) {
    zirconia_address_range_t ranges[ZIRCONIA_COVERAGE_RANGES_MAX + 1] = {{0, 0}};
    open_case(COUNTED, false);
    ck_assert_int_eq(
        zirconia_guest_set_coverage_ranges(guest, ranges, ZIRCONIA_COVERAGE_RANGES_MAX), ZX_OK);
    ck_assert_int_eq(
        zirconia_guest_set_coverage_ranges(guest, ranges, ZIRCONIA_COVERAGE_RANGES_MAX + 1),
        ZX_ERR_OUT_OF_RANGE);
    ranges[1].first = 1;
    ck_assert_int_eq(zirconia_guest_set_coverage_ranges(guest, ranges, 2), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_guest_set_coverage_ranges(vcpu, ranges, 1), ZX_ERR_WRONG_TYPE);
    ck_assert_uint_eq(zirconia_coverage_place(0, 0, 1, 2), 0);
    ck_assert_uint_eq(zirconia_coverage_place(0, 100, 1, 2), 0);
    ck_assert_uint_eq(zirconia_coverage_place(0, 32, 1, 0x777777), 0);
    ck_assert_uint_ne(zirconia_coverage_place(0, 64, 1, 0x777777), 0);
    ck_assert_uint_lt(zirconia_coverage_place(0, 64, 1, 2), 64);
    guest_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        edges_are_those_of_the_guest,
        blocks_are_counted_whatever_led_to_them,
        counts_do_not_wrap,
        a_budget_in_pieces_changes_nothing,
        real_time_is_as_virtual_time,
        kicks_change_nothing,
        runs_from_a_snapshot_are_the_same,
        a_thousand_runs_are_the_same,
        a_snapshot_begins_anew,
        what_is_not_covered_has_no_hook,
        coverage_is_turned_on_and_off,
        the_next_guest_is_not_covered,
        coverage_changes_while_the_guest_runs,
        only_code_in_the_ranges_counts,
        comparisons_are_told,
        comparisons_are_told_of_what_is_in_the_ranges,
        sizes_and_options_are_checked,
        ranges_are_checked,
    };
    return run_tests("coverage", tests, sizeof tests / sizeof tests[0]);
}
