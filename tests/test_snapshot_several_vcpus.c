// SPDX-License-Identifier: MIT
//
// A snapshot of a guest with several VCPUs in virtual time: what they do after it, they do again
// after each restore, in whatever pieces, and from a file; the coverage of their code with it.

#include "barrier.h"
#include "other_thread.h"
#include "sanitized.h"
#include "snapshot_fixture.h"

#include <stdatomic.h>
#include <zirconia/coverage.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

#define OTHERS 2u
#define LOOPS 100000u // As in several_vcpus.asm.

static zx_handle_t all[1 + OTHERS];
static struct barrier made; // A VCPU, by a thread that goes on to the rounds.
static struct barrier rounds;
static atomic_bool over;   // A round is: all leave their run calls.
static atomic_bool last;   // There is no other round.
static atomic_bool at_end; // The program of the boot processor is.
static uint64_t trace;
static uint8_t map[0x10000];

static void note(void *context, const zirconia_exit_t *exit) {
    (void)context;
    const uint64_t words[] = {(uint64_t)exit->kind, exit->vcpu, exit->rip, exit->qualification[0],
                              exit->qualification[1]};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        trace = (trace ^ words[i]) * 1099511628211u;
    }
}

static void end_round(void) {
    atomic_store(&over, true);
    for (unsigned i = 0; i < COUNT_OF(all); i++) {
        ck_assert_int_eq(zx_vcpu_kick(all[i]), ZX_OK);
    }
}

// Until the boot processor's program ends, or one of them is told that the budget does. A kick may
// be of the round before.
static void run_round(unsigned index) {
    zx_port_packet_t packet;
    while (!atomic_load(&over)) {
        const zx_status_t status = zx_vcpu_enter(all[index], &packet);
        ck_assert(status == ZX_OK || status == ZX_ERR_CANCELED || status == ZX_ERR_TIMED_OUT);
        if (status == ZX_OK && packet.type == ZX_PKT_TYPE_GUEST_MEM) {
            atomic_store(&at_end, true);
        }
        if (status == ZX_ERR_TIMED_OUT || atomic_load(&at_end)) {
            end_round();
        }
    }
}

static void *run_other(void *argument) {
    const unsigned index = *(const unsigned *)argument;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0x11000, &all[index]), ZX_OK);
    barrier_wait(&made);
    for (;;) {
        barrier_wait(&rounds);
        if (atomic_load(&last)) {
            ck_assert_int_eq(zx_handle_close(all[index]), ZX_OK);
            return NULL;
        }
        run_round(index);
        barrier_wait(&rounds);
    }
}

static void play_round(uint64_t budget) {
    ck_assert_int_eq(zirconia_guest_set_budget(guest, budget), ZX_OK);
    atomic_store(&over, false);
    barrier_wait(&rounds);
    run_round(0);
    barrier_wait(&rounds);
}

static void start_several(pthread_t *threads) {
    static unsigned indices[] = {0, 1, 2};
    const uint32_t count = OTHERS;
    guest_open();
    guest_load("several_vcpus", ENTRY);
    memory_write(0x8008, &count, sizeof count);
    trap(ZX_GUEST_TRAP_IO, 0x10, 2, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    all[0] = vcpu;
    barrier_init(&made, 2);
    barrier_init(&rounds, 1 + OTHERS);
    for (unsigned i = 1; i <= OTHERS; i++) { // One after another: each has the VPID of its place.
        threads[i - 1] = start_thread(run_other, &indices[i]);
        barrier_wait(&made);
    }
    ck_assert_int_eq(zirconia_guest_observe(guest, note, NULL), ZX_OK);
    trace = 14695981039346656037u;
    atomic_store(&last, false);
}

static void end_several(const pthread_t *threads) {
    atomic_store(&last, true);
    barrier_wait(&rounds);
    for (unsigned i = 0; i < OTHERS; i++) {
        join_thread(threads[i]);
    }
    guest_close();
}

static void play_to_end(uint64_t piece, uint64_t expected) {
    atomic_store(&at_end, false);
    while (!atomic_load(&at_end)) {
        play_round(piece);
    }
    ck_assert_uint_eq(read_state().rax, (1 + OTHERS) * LOOPS);
    ck_assert(expected == 0 || trace == expected);
}

static unsigned edges(void) {
    unsigned count = 0;
    for (size_t i = 0; i < sizeof map; i++) {
        count += map[i] != 0;
    }
    return count;
}

// From one snapshot, again and again: the same exits and the same blocks.
START_TEST(a_thousand_runs_are_the_same) {
    static uint8_t expected[sizeof map];
    pthread_t threads[OTHERS];
    uint64_t expected_trace = 0;
    const size_t first = zirconia_coverage_place(0, sizeof map, ZIRCONIA_COVERAGE_NOWHERE, 0x11000);
    start_several(threads);
    ck_assert_int_eq(zirconia_guest_set_coverage(guest, 0, map, sizeof map), ZX_OK);
    const zx_handle_t snapshot = snapshot_of(guest);
    for (unsigned i = 0; i < (SANITIZED ? 50 : 1000); i++) {
        memset(map, 0, sizeof map);
        trace = 14695981039346656037u;
        atomic_store(&at_end, false);
        play_round(60000); // Some time slices of each.
        if (i == 0) {
            memcpy(expected, map, sizeof map);
            expected_trace = trace;
            ck_assert_uint_eq(edges(), 6); // To each loop, into it, and in it.
            ck_assert_uint_eq(map[first], OTHERS);
        }
        ck_assert_uint_eq(trace, expected_trace);
        ck_assert_int_eq(memcmp(map, expected, sizeof map), 0);
        restore(snapshot);
    }
    end_several(threads);
}
END_TEST

START_TEST(several_vcpus_go_on_together) {
    pthread_t threads[OTHERS];
    start_several(threads);
    play_to_end(ZIRCONIA_BUDGET_NONE, 0);
    const uint64_t expected = trace;
    end_several(threads);
    start_several(threads);
    play_round(150000);
    const zx_handle_t snapshot = snapshot_of(guest);
    const uint64_t before = trace;
    const uint64_t pieces[] = {ZIRCONIA_BUDGET_NONE, 100000, 30000, ZIRCONIA_BUDGET_NONE};
    for (unsigned i = 0; i < COUNT_OF(pieces); i++) {
        play_to_end(pieces[i], expected);
        restore(snapshot);
        trace = before;
    }
    save_snapshot(snapshot);
    end_several(threads);
    start_several(threads);
    restore(load_snapshot());
    trace = before;
    play_to_end(ZIRCONIA_BUDGET_NONE, expected);
    end_several(threads);
}
END_TEST

// Whether pages count as dirty already differs from run to run.
START_TEST(all_runs_of_a_snapshot_are_the_same) {
    pthread_t threads[OTHERS];
    start_several(threads);
    play_round(150000);
    const zx_handle_t snapshot = snapshot_of(guest);
    const uint64_t before = trace;
    uint64_t expected = 0;
    zx_vcpu_state_t state = {0};
    for (unsigned round = 0; round < 1000; round++) {
        play_round(30000);
        const zx_vcpu_state_t found = read_state();
        if (round == 0) {
            expected = trace;
            state = found;
        }
        ck_assert_msg(trace == expected, "run %u: another trace", round);
        ck_assert_msg(memcmp(&found, &state, sizeof state) == 0, "run %u: other registers", round);
        restore(snapshot);
        if (round % 3 == 0) {
            restore(snapshot);
        }
        trace = before;
    }
    end_several(threads);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {several_vcpus_go_on_together, a_thousand_runs_are_the_same,
                                  all_runs_of_a_snapshot_are_the_same};
    return run_tests("snapshot of several VCPUs", tests, sizeof tests / sizeof tests[0]);
}
