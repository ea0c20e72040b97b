// SPDX-License-Identifier: MIT
//
// Kicks at random moments, each of which must end a run, exactly: the guest (guests/storm.asm) runs
// for ever unless it finds that a stop has changed what it computes. ZIRCONIA_KICKS says how many.

#include "guest_fixture.h"
#include "other_thread.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zirconia/observe.h>
#include <zirconia/zirconia.h>

enum step { PLAIN, EXITS, X87, MODIFIES_ITSELF, CALLS_INTO_OWN_PAGE, STEP_COUNT };

// A step that has its code translated anew takes much longer than the others.
static const unsigned kicks_of[STEP_COUNT] = {100000, 20000, 20000, 2000, 2000};

static unsigned kicks(enum step step) {
    const char *wish = getenv("ZIRCONIA_KICKS");
    return wish != NULL ? (unsigned)strtoul(wish, NULL, 10) : kicks_of[step];
}

static void start_storm(enum step step) {
    guest_start("storm");
    const zx_vcpu_state_t state = {.rsi = step};
    write_state(&state);
}

static void expect_cancel(void) {
    zx_port_packet_t packet;
    const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
    if (status != ZX_ERR_CANCELED) {
        const zx_vcpu_state_t state = read_state();
        ck_abort_msg("status %d, hash %#llx instead of %#llx", status,
                     (unsigned long long)state.rbx, (unsigned long long)state.rbp);
    }
}

static atomic_uint canceled;

// From no time at all, in which the run has not begun again, to some rounds of the guest's.
static void wait_some_rounds(uint64_t *random) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    const unsigned range = *random % 64 == 0 ? 1u << 16 : 1u << 10;
    for (unsigned i = (unsigned)(*random >> 32) % range; i > 0; i--) {
        atomic_signal_fence(memory_order_seq_cst);
    }
}

static void *kick_and_wait_for_each(void *count) {
    uint64_t random = 0x9e3779b97f4a7c15u;
    for (unsigned i = 1; i <= *(const unsigned *)count; i++) {
        wait_some_rounds(&random);
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
        while (atomic_load(&canceled) < i) {
            sched_yield();
        }
    }
    return NULL;
}

START_TEST(each_kick_ends_a_run_and_changes_nothing) {
    unsigned count = kicks((enum step)_i);
    start_storm((enum step)_i);
    const pthread_t kicker = start_thread(kick_and_wait_for_each, &count);
    for (unsigned i = 0; i < count; i++) {
        expect_cancel();
        atomic_fetch_add(&canceled, 1);
    }
    join_thread(kicker);
}
END_TEST

// Nobody waits for anybody, so that kicks come faster than runs begin.
START_TEST(kicks_without_a_pause_change_nothing) {
    static atomic_bool over;
    start_storm((enum step)_i);
    const pthread_t kicker = start_thread(kick_until, &over);
    for (unsigned i = 0; i < kicks((enum step)_i) / 2; i++) {
        expect_cancel();
    }
    atomic_store(&over, true);
    join_thread(kicker);
}
END_TEST

static void kick_at_cpuid(void *context, const zirconia_exit_t *exit) {
    (void)context;
    if (exit->kind == ZIRCONIA_EXIT_CPUID) {
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    }
}

START_TEST(a_kick_from_inside_of_an_exit_ends_the_run) {
    start_storm(EXITS);
    ck_assert_int_eq(zirconia_guest_observe(guest, kick_at_cpuid, NULL), ZX_OK);
    for (unsigned i = 0; i < kicks(EXITS); i++) {
        expect_cancel();
    }
}
END_TEST

// If all guests had the hook, these tests would say nothing of stops from outside.
START_TEST(only_who_asks_for_it_has_a_hook_of_each_block) {
#if defined(__APPLE__) && defined(__aarch64__)
    const bool expected = true;
#else
    const bool expected = getenv("ZIRCONIA_EXIT_REQUESTS") != NULL;
#endif
    ck_assert_int_eq(strstr(zirconia_engine_note(), "each block of their code") != NULL, expected);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("kick storm");
    TCase *tcase = tcase_create("kick storm");
    tcase_set_timeout(tcase, 200);
    tcase_add_loop_test(tcase, each_kick_ends_a_run_and_changes_nothing, 0, STEP_COUNT);
    tcase_add_loop_test(tcase, kicks_without_a_pause_change_nothing, 0, STEP_COUNT);
    tcase_add_test(tcase, only_who_asks_for_it_has_a_hook_of_each_block);
    tcase_add_test(tcase, a_kick_from_inside_of_an_exit_ends_the_run);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
