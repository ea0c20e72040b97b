// SPDX-License-Identifier: MIT
//
// Guests that fault without end, and guests whose page tables are garbage: the run call ends with
// an error or by a kick, and the VCPU stays usable.

#include "guest_fixture.h"
#include "other_thread.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

// The places in the list of faults.asm.
enum {
    IN_HANDLER,
    IN_HANDLER_DEEPER,
    HANDLER_ABSENT,
    BREAKPOINT,
    NO_TABLE,
    NO_GATES,
    NO_STACK,
    NO_MAP,
};

static atomic_bool over;

static void start(uint64_t place) {
    guest_start("faults");
    const zx_vcpu_state_t state = {.rdx = place};
    write_state(&state);
}

// Loop: the cases in which no memory changes, so that only a kick ends the run.
START_TEST(a_guest_that_faults_for_ever_is_ended_by_a_kick) {
    const uint64_t cases[] = {IN_HANDLER, HANDLER_ABSENT, BREAKPOINT};
    zx_port_packet_t packet;
    start(cases[_i]);
    const pthread_t kicker = start_thread(kick_until, &over);
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    }
    atomic_store(&over, true);
    join_thread(kicker);
}
END_TEST

START_TEST(a_triple_fault_is_not_supported_however_often) {
    const uint64_t cases[] = {NO_TABLE, NO_GATES, NO_STACK, NO_MAP};
    zx_port_packet_t packet;
    start(cases[_i]);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_SUPPORTED);
    }
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_SUPPORTED);
}
END_TEST

static bool is_clean(zx_status_t status) {
    return status == ZX_OK || status == ZX_ERR_CANCELED || status == ZX_ERR_NOT_SUPPORTED ||
           status == ZX_ERR_NOT_FOUND || status == ZX_ERR_OUT_OF_RANGE ||
           status == ZX_ERR_INVALID_ARGS || status == ZX_ERR_ACCESS_DENIED;
}

// The frames go down over the program, the tables and beyond; what then happens is the guest's own
// business, but it is not the client's.
START_TEST(a_stack_that_runs_over_everything_ends_cleanly) {
    zx_port_packet_t packet;
    start(IN_HANDLER_DEEPER);
    const pthread_t kicker = start_thread(kick_until, &over);
    for (int i = 0; i < 500; i++) {
        ck_assert(is_clean(zx_vcpu_enter(vcpu, &packet)));
    }
    atomic_store(&over, true);
    join_thread(kicker);
}
END_TEST

static uint64_t next_random(uint64_t *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 11 ^ *seed << 29;
}

// Loop: how many of the entry's bits are random; the others make it present and writable, and let
// it lead into memory, so that the walk goes deeper.
START_TEST(garbage_in_page_tables_ends_cleanly) {
    static uint64_t garbage[0x4000];
    const uint64_t likely = _i == 0 ? 0 : 7;
    const uint64_t possible = _i == 2 ? 0x8000000000ffffff : UINT64_MAX;
    zx_port_packet_t packet;
    uint64_t seed = (uint64_t)_i;
    guest_start("faults");
    const pthread_t kicker = start_thread(kick_until, &over);
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
            garbage[i] = (next_random(&seed) & possible) | likely;
        }
        memory_write(0, garbage, sizeof garbage);
        for (int i = 0; i < 20; i++) {
            const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
            ck_assert_msg(is_clean(status), "status %d", status);
        }
    }
    atomic_store(&over, true);
    join_thread(kicker);
}
END_TEST

START_TEST(a_vcpu_runs_again_after_its_tables_are_mended) {
    const uint64_t none = 0;
    const uint64_t level_four = 0x1000 | 7;
    zx_port_packet_t packet;
    guest_start("access");
    memory_write(0, &none, sizeof none);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_SUPPORTED);
    memory_write(0, &level_four, sizeof level_four);
    enter_to_end();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("faults");
    TCase *tcase = tcase_create("faults");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_guest_that_faults_for_ever_is_ended_by_a_kick, 0, 3);
    tcase_add_loop_test(tcase, a_triple_fault_is_not_supported_however_often, 0, 4);
    tcase_add_test(tcase, a_stack_that_runs_over_everything_ends_cleanly);
    tcase_add_loop_test(tcase, garbage_in_page_tables_ends_cleanly, 0, 3);
    tcase_add_test(tcase, a_vcpu_runs_again_after_its_tables_are_mended);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
