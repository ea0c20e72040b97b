// SPDX-License-Identifier: MIT
//
// Kicks: one CANCELED for one kick, whenever it comes, and nothing else changed (hypervisor ABI 8).

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "guest_fixture.h"
#include "other_thread.h"
#include "report_port.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#ifndef _WIN32
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#endif
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

#define COUNTER 0x20000u // Where spin.asm counts.
#define END_FLAG 0x20008u

static uint32_t info_flags(void) {
    zx_info_vcpu_t info = {0};
    ck_assert_int_eq(zx_object_get_info(vcpu, ZX_INFO_VCPU, &info, sizeof info, NULL, NULL), ZX_OK);
    return info.flags;
}

static void set_end_flag(void) {
    const uint64_t end = 1;
    memory_write(END_FLAG, &end, sizeof end);
}

static void wait_until_it_counts(void) {
    const uint64_t before = memory_u64(COUNTER);
    while (memory_u64(COUNTER) == before) {
        sched_yield();
    }
}

START_TEST(a_kick_before_a_run_cancels_it_before_any_instruction) {
    zx_port_packet_t packet;
    guest_start("spin");
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_uint_eq(info_flags(), ZX_INFO_VCPU_FLAG_KICKED);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    ck_assert_uint_eq(info_flags(), 0);
    ck_assert_uint_eq(memory_u64(COUNTER), 0);
    ck_assert_uint_eq(read_state().rbx, 0);
    set_end_flag();
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 1);
}
END_TEST

START_TEST(kicks_do_not_add_up) {
    zx_port_packet_t packet;
    guest_start("spin");
    set_end_flag();
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    enter_to_end();
}
END_TEST

START_TEST(a_kick_cancels_the_old_run_call_too) {
    zx_port_packet_t packet;
    guest_start("spin");
    set_end_flag();
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_resume(vcpu, &packet), ZX_ERR_CANCELED);
    ck_assert_int_eq(zx_vcpu_resume(vcpu, &packet), ZX_OK);
}
END_TEST

static void *kick_when_it_runs(void *unused) {
    (void)unused;
    wait_until_it_counts();
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    return NULL;
}

START_TEST(a_kick_during_a_run_ends_it_and_loses_nothing) {
    zx_port_packet_t packet;
    guest_start("spin");
    const pthread_t kicker = start_thread(kick_when_it_runs, NULL);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    join_thread(kicker);
    const uint64_t counted = read_state().rbx;
    ck_assert_uint_ge(counted, 1);
    ck_assert_uint_le(counted - memory_u64(COUNTER), 1);
    set_end_flag();
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, memory_u64(COUNTER));
    ck_assert_uint_le(read_state().rbx - counted, 1);
}
END_TEST

#ifndef _WIN32

static void expect_child_to_end(bool executes) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        if (executes) {
            execl("/bin/sh", "sh", "-c", "exit 3", (char *)NULL);
        }
        _exit(3);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void *fork_and_kick(void *unused) {
    (void)unused;
    for (int i = 0; i < 20; i++) {
        wait_until_it_counts();
        expect_child_to_end(i % 2 == 0);
    }
    wait_until_it_counts();
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    return NULL;
}

// What a child does that makes no call of the library; the guest's memory it shares.
START_TEST(a_process_may_fork_while_a_guest_runs) {
    zx_port_packet_t packet;
    guest_start("spin");
    const pthread_t forker = start_thread(fork_and_kick, NULL);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    join_thread(forker);
    set_end_flag();
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, memory_u64(COUNTER));
}
END_TEST

#endif

static void kick_in_exit(void *context, const zirconia_exit_t *exit) {
    (void)context;
    if (exit->kind == ZIRCONIA_EXIT_IO_INSTRUCTION) {
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    }
}

START_TEST(a_kick_while_a_packet_is_made_cancels_the_next_run) {
    zx_port_packet_t packet;
    guest_start("port_echo");
    trap(ZX_GUEST_TRAP_IO, 0x10, 2, ZX_HANDLE_INVALID, 7);
    ck_assert_int_eq(zirconia_guest_observe(guest, kick_in_exit, NULL), ZX_OK);
    for (uint16_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(enter().guest_io.port, 0x10 + i % 2);
        ck_assert_uint_eq(info_flags(), ZX_INFO_VCPU_FLAG_KICKED);
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
        ck_assert_uint_eq(info_flags(), 0);
    }
}
END_TEST

static atomic_uint halts;

static void count_halts(void *context, const zirconia_exit_t *exit) {
    (void)context;
    if (exit->kind == ZIRCONIA_EXIT_HLT) {
        atomic_fetch_add(&halts, 1);
    }
}

enum { HALT_ROUNDS = 1000 };

static void *kick_each_halt(void *unused) {
    (void)unused;
    for (unsigned i = 1; i <= HALT_ROUNDS; i++) {
        while (atomic_load(&halts) < i) {
            sched_yield();
        }
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    }
    return NULL;
}

START_TEST(a_kick_in_hlt_ends_the_wait_with_rip_behind_it) {
    zx_port_packet_t packet;
    guest_start("halt_counts");
    ck_assert_int_eq(zirconia_guest_observe(guest, count_halts, NULL), ZX_OK);
    const pthread_t kicker = start_thread(kick_each_halt, NULL);
    for (uint64_t i = 0; i < HALT_ROUNDS; i++) {
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
        ck_assert_uint_eq(read_state().rbx, i);
        enter_to_end();
        ck_assert_uint_eq(read_state().rbx, i + 1);
    }
    join_thread(kicker);
    ck_assert_uint_eq(atomic_load(&halts), HALT_ROUNDS);
}
END_TEST

START_TEST(a_pending_interrupt_outlives_a_kick) {
    zx_port_packet_t packet;
    guest_start("interrupt_user");
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 32), ZX_OK);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 32);
}
END_TEST

enum { KICKS = 1000 }; // test_kick_storm has more.

static atomic_uint canceled;

static void *kick_and_wait_for_each(void *unused) {
    (void)unused;
    for (unsigned i = 1; i <= KICKS; i++) {
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
        while (atomic_load(&canceled) < i) {
            sched_yield();
        }
    }
    set_end_flag();
    return NULL;
}

START_TEST(each_kick_gives_a_cancel) {
    zx_port_packet_t packet;
    zx_status_t status;
    guest_start("spin");
    const pthread_t kicker = start_thread(kick_and_wait_for_each, NULL);
    while ((status = zx_vcpu_enter(vcpu, &packet)) == ZX_ERR_CANCELED) {
        atomic_fetch_add(&canceled, 1);
    }
    join_thread(kicker);
    ck_assert_int_eq(status, ZX_OK);
    ck_assert_uint_eq(atomic_load(&canceled), KICKS);
    ck_assert_uint_eq(info_flags(), 0);
}
END_TEST

static atomic_bool storm_over;

// What hash.asm computes.
static uint64_t hash(uint64_t steps) {
    uint64_t value = 1;
    for (uint64_t step = steps; step > 0; step--) {
        value = value * 1664525 + step;
    }
    return value;
}

// Loop: 0 at CPL 0, 1 at CPL 3, 2 with system calls.
START_TEST(kicks_do_not_change_what_a_guest_computes) {
    const uint64_t steps = 20000;
    const uint64_t expected = hash(steps);
    unsigned cancels = 0;
    guest_start("hash");
    zx_vcpu_state_t state = {.rdi = steps, .rsi = (uint64_t)_i};
    write_state(&state);
    const pthread_t kicker = start_thread(kick_now_and_then, &storm_over);
    while (cancels < 300) {
        zx_port_packet_t packet;
        zx_status_t status;
        while ((status = zx_vcpu_enter(vcpu, &packet)) == ZX_ERR_CANCELED) {
            cancels++;
        }
        ck_assert_int_eq(status, ZX_OK);
        state = read_state();
        ck_assert_uint_eq(state.rbx, expected);
        state.rdi = steps;
        write_state(&state);
    }
    atomic_store(&storm_over, true);
    join_thread(kicker);
}
END_TEST

enum { BELLS = 257 }; // One more than a trap's packets.

static zx_handle_t port;
static atomic_uint rings;

static void count_rings(void *context, const zirconia_exit_t *exit) {
    (void)context;
    if (exit->kind == ZIRCONIA_EXIT_EPT_VIOLATION) {
        atomic_fetch_add(&rings, 1);
    }
}

static void *kick_then_take_bells(void *unused) {
    (void)unused;
    zx_port_packet_t packet;
    while (atomic_load(&rings) < BELLS) {
        sched_yield();
    }
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    for (uint64_t i = 0; i < BELLS; i++) {
        ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE, &packet), ZX_OK);
        ck_assert_uint_eq(packet.guest_bell.addr, 0x400000 + 8 * i);
    }
    return NULL;
}

START_TEST(a_kick_at_a_full_bell_takes_effect_after_the_bell) {
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    guest_start("bells");
    trap(ZX_GUEST_TRAP_BELL, 0x400000, 0x1000, port, 0);
    const zx_vcpu_state_t state = {.rdi = BELLS};
    write_state(&state);
    ck_assert_int_eq(zirconia_guest_observe(guest, count_rings, NULL), ZX_OK);
    const pthread_t taker = start_thread(kick_then_take_bells, NULL);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    join_thread(taker); // It took the last bell, although the run was canceled.
    enter_to_end();
}
END_TEST

#ifndef _WIN32

// A guest that does nothing but exit, so that the library is interrupted everywhere.
static void start_exits(void) {
    static const uint8_t cpuid_for_ever[] = {0x0f, 0xa2, 0xeb, 0xfc};
    guest_open();
    memory_write(ENTRY, cpuid_for_ever, sizeof cpuid_for_ever);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
}

enum { SIGNALS = 500 };

static atomic_uint signals;

static void kick_in_handler(int number) {
    (void)number;
    if (zx_vcpu_kick(vcpu) == ZX_OK) {
        atomic_fetch_add(&signals, 1);
    }
}

static void begin_signals(void) {
    const struct sigaction action = {.sa_handler = kick_in_handler};
    const struct itimerval often = {.it_interval = {.tv_usec = 100}, .it_value = {.tv_usec = 100}};
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
}

static void end_signals(void) {
    const struct itimerval never = {.it_value = {0}};
    ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
}

// Loop: a guest that exits all the time, one that is halted most of it.
START_TEST(a_signal_handler_kicks_the_vcpu_that_it_interrupts) {
    zx_port_packet_t packet;
    if (_i == 0) {
        start_exits();
    } else {
        guest_start("halt_counts");
    }
    begin_signals();
    while (atomic_load(&signals) < SIGNALS) {
        const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
        ck_assert(status == ZX_ERR_CANCELED || (_i == 1 && status == ZX_OK));
    }
    end_signals();
}
END_TEST

// The handler needs the slot of the handle that the interrupted calls are using.
START_TEST(a_signal_handler_kicks_in_the_middle_of_other_calls) {
    start_exits();
    begin_signals();
    while (atomic_load(&signals) < SIGNALS) {
        zx_handle_t copy = ZX_HANDLE_INVALID;
        ck_assert_int_eq(zx_handle_duplicate(vcpu, ZX_RIGHT_SAME_RIGHTS, &copy), ZX_OK);
        ck_assert_int_eq(zx_vcpu_interrupt(copy, 32), ZX_OK);
        ck_assert_int_eq(zx_vcpu_kick(copy), ZX_OK);
        ck_assert_int_eq(zx_handle_close(copy), ZX_OK);
    }
    end_signals();
    ck_assert_uint_eq(info_flags(), ZX_INFO_VCPU_FLAG_KICKED);
}
END_TEST

static void *kick_by_signals(void *unused) {
    begin_signals();
    while (atomic_load(&signals) < SIGNALS) {
        sched_yield();
    }
    end_signals();
    // The last signal's kick may have ended a run before the signal was counted.
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    return unused;
}

START_TEST(a_signal_handler_may_run_on_a_thread_that_has_made_no_call) {
    zx_port_packet_t packet;
    start_exits();
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    const pthread_t other = start_thread(kick_by_signals, NULL);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &alarm, NULL), 0);
    while (atomic_load(&signals) < SIGNALS) {
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    }
    join_thread(other);
}
END_TEST

#endif

enum { TURN_ROUNDS = 1000 };

static _Atomic(zx_handle_t) second;

static void *wait_for_the_turn(void *unused) {
    zx_port_packet_t packet;
    zx_handle_t own = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &own), ZX_OK);
    atomic_store(&second, own);
    for (unsigned i = 0; i < TURN_ROUNDS; i++) {
        ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_ERR_CANCELED);
        atomic_fetch_add(&canceled, 1);
    }
    return unused;
}

// In virtual time the first VCPU has the turn while its caller does something else.
START_TEST(a_kick_ends_the_wait_for_the_turn) {
    guest_open();
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    const pthread_t waiter = start_thread(wait_for_the_turn, NULL);
    while (atomic_load(&canceled) < TURN_ROUNDS) {
        if (atomic_load(&second) != ZX_HANDLE_INVALID) {
            ck_assert_int_eq(zx_vcpu_kick(atomic_load(&second)), ZX_OK);
        }
        sched_yield();
    }
    join_thread(waiter);
}
END_TEST

static void *kick_until_it_ends(void *ended) {
    while (!atomic_load((atomic_bool *)ended)) {
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
        sched_yield();
    }
    return NULL;
}

static void expect_kicks_to_end_runs(void) {
    atomic_bool ended = false;
    const pthread_t kicker = start_thread(kick_until_it_ends, &ended);
    for (int i = 0; i < 100; i++) {
        zx_port_packet_t packet;
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    }
    atomic_store(&ended, true);
    join_thread(kicker);
}

START_TEST(a_kick_ends_a_call_that_leads_to_itself_and_stores_into_its_page) {
    start_real("self_call");
    EXPECT_REPORTS(1);
    expect_kicks_to_end_runs();
}
END_TEST

START_TEST(a_kick_ends_a_return_from_a_non_maskable_interrupt_that_leads_to_itself) {
    start_long("self_return");
    EXPECT_REPORTS(1);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 2), ZX_OK);
    expect_kicks_to_end_runs();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("kick");
    TCase *tcase = tcase_create("kick");
    tcase_set_timeout(tcase, 100);
    tcase_add_test(tcase, a_kick_before_a_run_cancels_it_before_any_instruction);
    tcase_add_test(tcase, kicks_do_not_add_up);
    tcase_add_test(tcase, a_kick_cancels_the_old_run_call_too);
    tcase_add_test(tcase, a_kick_during_a_run_ends_it_and_loses_nothing);
    tcase_add_test(tcase, a_kick_while_a_packet_is_made_cancels_the_next_run);
    tcase_add_test(tcase, a_kick_in_hlt_ends_the_wait_with_rip_behind_it);
    tcase_add_test(tcase, a_pending_interrupt_outlives_a_kick);
    tcase_add_test(tcase, each_kick_gives_a_cancel);
    tcase_add_loop_test(tcase, kicks_do_not_change_what_a_guest_computes, 0, 3);
    tcase_add_test(tcase, a_kick_at_a_full_bell_takes_effect_after_the_bell);
    tcase_add_test(tcase, a_kick_ends_a_call_that_leads_to_itself_and_stores_into_its_page);
    tcase_add_test(tcase, a_kick_ends_a_return_from_a_non_maskable_interrupt_that_leads_to_itself);
#ifndef _WIN32
    tcase_add_test(tcase, a_process_may_fork_while_a_guest_runs);
    tcase_add_loop_test(tcase, a_signal_handler_kicks_the_vcpu_that_it_interrupts, 0, 2);
    tcase_add_test(tcase, a_signal_handler_kicks_in_the_middle_of_other_calls);
    tcase_add_test(tcase, a_signal_handler_may_run_on_a_thread_that_has_made_no_call);
#endif
    tcase_add_test(tcase, a_kick_ends_the_wait_for_the_turn);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
