// SPDX-License-Identifier: MIT
//
// Threads that are suspended or killed inside a run call: in guest code, in HLT, at a bell whose
// packets are all on their way (hypervisor ABI 1.3, 5.2, 6.4, 8; objects ABI 7.6).

#include "guest_fixture.h"
#include "object_fixture.h"
#include "other_thread.h"
#include "thread_fixture.h"

#include <string.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

enum { COUNTER = 0x20000, SPIN_END = 0x20008, BELLS = 0x400000, BELL_COUNT = 400, BUDGET = 256 };

static struct {
    const char *program;
    uint64_t rdi;
    zx_handle_t bell_port;
    bool as_2018;
    _Atomic(zx_handle_t) thread;
    zx_status_t status;
    uint64_t rbx;
} owner;

static void *run_guest(void *unused) {
    (void)unused;
    guest_start(owner.program);
    if (owner.bell_port != ZX_HANDLE_INVALID) {
        trap(ZX_GUEST_TRAP_BELL, BELLS, 0x1000, owner.bell_port, SOME_KEY);
    }
    zx_vcpu_state_t state = read_state();
    state.rdi = owner.rdi;
    write_state(&state);
    zx_handle_t handle = ZX_HANDLE_INVALID;
    zx_handle_duplicate(zx_thread_self(), ZX_RIGHT_SAME_RIGHTS, &handle);
    atomic_store(&owner.thread, handle);
    zx_port_packet_t packet;
    owner.status = owner.as_2018 ? zx_vcpu_resume(vcpu, &packet) : zx_vcpu_enter(vcpu, &packet);
    owner.rbx = read_state().rbx;
    return NULL;
}

static pthread_t start(const char *program) {
    owner.program = program;
    owner.status = ZX_ERR_INTERNAL;
    atomic_store(&owner.thread, ZX_HANDLE_INVALID);
    const pthread_t thread = start_thread(run_guest, NULL);
    while (atomic_load(&owner.thread) == ZX_HANDLE_INVALID) {
        zx_nanosleep(0);
    }
    return thread;
}

static void close_all(void) {
    ck_assert_int_eq(zx_handle_close(owner.thread), ZX_OK);
    guest_close();
}

static void finish(pthread_t thread) {
    join_thread(thread);
    close_all();
}

static zx_handle_t suspend(void) {
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend(owner.thread, &token), ZX_OK);
    until(owner.thread, ZX_THREAD_SUSPENDED);
    return token;
}

static void resume(zx_handle_t token) {
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    until(owner.thread, ZX_THREAD_RUNNING);
}

static void until_guest_counted(void) {
    const uint64_t before = memory_u64(COUNTER);
    while (memory_u64(COUNTER) < before + 1000) {
        zx_nanosleep(0);
    }
}

// A suspension that came before would stop the thread in front of the run call.
static void until_guest_halted(void) {
    zirconia_exit_statistics_t statistics[ZIRCONIA_EXIT_KIND_COUNT] = {{0}};
    while (statistics[ZIRCONIA_EXIT_HLT].count == 0) {
        ck_assert_int_eq(zirconia_guest_statistics(guest, statistics, ZIRCONIA_EXIT_KIND_COUNT),
                         ZX_OK);
        zx_nanosleep(0);
    }
}

static void end_spin(void) {
    const uint64_t end = 1;
    memory_write(SPIN_END, &end, sizeof end);
}

START_TEST(a_suspended_thread_runs_no_guest_code_and_its_caller_sees_nothing) {
    const pthread_t thread = start("spin");
    until_guest_counted();
    for (int i = 0; i < 5; i++) {
        const zx_handle_t token = suspend();
        ck_assert_uint_eq(state_of(owner.thread), ZX_THREAD_STATE_SUSPENDED);
        const uint64_t before = memory_u64(COUNTER);
        static _Atomic(uint64_t) other;
        assert_stands_still(&other);
        ck_assert_uint_eq(memory_u64(COUNTER), before);
        resume(token);
        until_guest_counted();
    }
    end_spin();
    join_thread(thread);
    ck_assert_int_eq(owner.status, ZX_OK);
    ck_assert_uint_eq(owner.rbx, memory_u64(COUNTER));
    close_all();
}
END_TEST

START_TEST(a_kick_counts_after_a_suspension) {
    const pthread_t thread = start("spin");
    until_guest_counted();
    const zx_handle_t token = suspend();
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_uint_eq(state_of(owner.thread), ZX_THREAD_STATE_SUSPENDED);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    finish(thread);
    ck_assert_int_eq(owner.status, ZX_ERR_CANCELED);
}
END_TEST

START_TEST(a_halted_guest_stays_halted_through_a_suspension) {
    const pthread_t thread = start("halt_counts");
    for (int i = 0; i < 5; i++) {
        resume(suspend());
    }
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 40), ZX_OK);
    finish(thread);
    ck_assert_int_eq(owner.status, ZX_OK);
    ck_assert_uint_eq(owner.rbx, 1); // The guest was woken once.
}
END_TEST

START_TEST(an_interrupt_during_a_suspension_wakes_the_guest_after_it) {
    const pthread_t thread = start("halt_counts");
    const zx_handle_t token = suspend();
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 40), ZX_OK);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    finish(thread);
    ck_assert_int_eq(owner.status, ZX_OK);
    ck_assert_uint_eq(owner.rbx, 1);
}
END_TEST

// --- Bells ---

static pthread_t start_bells(bool as_2018) {
    owner.bell_port = new_port();
    owner.rdi = BELL_COUNT;
    owner.as_2018 = as_2018;
    return start("bells");
}

static void read_bells(uint64_t first, uint64_t end) {
    for (uint64_t i = first; i < end; i++) {
        zx_port_packet_t packet;
        ck_assert_int_eq(zx_port_wait(owner.bell_port, ZX_TIME_INFINITE, &packet), ZX_OK);
        ck_assert_uint_eq(packet.guest_bell.addr, BELLS + 8 * i);
    }
}

// The guest has rung as often as there are packets, and stands at the next store.
static void until_bells_are_full(void) {
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_wait(owner.bell_port, ZX_TIME_INFINITE, &packet), ZX_OK);
    ck_assert_uint_eq(packet.guest_bell.addr, BELLS);
    zirconia_exit_statistics_t counts[ZIRCONIA_EXIT_KIND_COUNT];
    do {
        zx_nanosleep(0);
        ck_assert_int_eq(zirconia_guest_statistics(guest, counts, ZIRCONIA_EXIT_KIND_COUNT), ZX_OK);
    } while (counts[ZIRCONIA_EXIT_EPT_VIOLATION].count < BUDGET + 2);
}

START_TEST(a_thread_at_a_full_bell_is_suspended_and_no_bell_is_lost) {
    const pthread_t thread = start_bells(false);
    until_bells_are_full();
    for (int i = 0; i < 3; i++) {
        resume(suspend());
    }
    const zx_handle_t token = suspend();
    read_bells(1, 100);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    read_bells(100, BELL_COUNT);
    finish(thread);
    ck_assert_int_eq(owner.status, ZX_OK);
    ck_assert(is_empty(owner.bell_port));
}
END_TEST

// --- Killing ---

static void kill_and_check(pthread_t thread) {
    ck_assert_int_eq(zx_task_kill(owner.thread), ZX_OK);
    until(owner.thread, ZX_THREAD_TERMINATED);
    finish(thread);
}

START_TEST(killing_leaves_nothing_behind_in_guest_code_in_hlt_and_at_a_full_bell) {
    const uint64_t objects = objects_so_far();
    pthread_t thread = start("spin");
    until_guest_counted();
    kill_and_check(thread);
    ck_assert_uint_eq(object_count(), objects);

    thread = start("halt_counts");
    kill_and_check(thread);
    ck_assert_uint_eq(object_count(), objects);

    thread = start_bells(false);
    until_bells_are_full();
    kill_and_check(thread);
    ck_assert_int_eq(zx_handle_close(owner.bell_port), ZX_OK);
    ck_assert_uint_eq(object_count(), objects);
}
END_TEST

START_TEST(killing_a_thread_suspended_in_guest_code_ends_it) {
    const pthread_t thread = start("spin");
    until_guest_counted();
    const zx_handle_t token = suspend();
    const uint64_t before = memory_u64(COUNTER);
    ck_assert_int_eq(zx_task_kill(owner.thread), ZX_OK);
    until(owner.thread, ZX_THREAD_TERMINATED);
    ck_assert_uint_eq(memory_u64(COUNTER), before);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    finish(thread);
}
END_TEST

// --- 2018 ---

START_TEST(in_2018_a_suspend_waits_for_the_run_call_to_return) {
    owner.as_2018 = true;
    const pthread_t thread = start("spin");
    until_guest_counted();
    ck_assert_int_eq(zirconia_2018_task_suspend(owner.thread), ZX_OK);
    until_guest_counted();
    ck_assert_uint_eq(state_of(owner.thread), ZX_THREAD_STATE_RUNNING);
    end_spin();
    until(owner.thread, ZX_THREAD_SUSPENDED);
    ck_assert_int_eq(zx_task_resume(owner.thread, 0), ZX_OK);
    finish(thread);
    ck_assert_int_eq(owner.status, ZX_OK);
}
END_TEST

START_TEST(in_2018_a_suspend_ends_a_halt_with_canceled) {
    owner.as_2018 = true;
    const pthread_t thread = start("halt_counts");
    until_guest_halted();
    ck_assert_int_eq(zirconia_2018_task_suspend(owner.thread), ZX_OK);
    until(owner.thread, ZX_THREAD_SUSPENDED);
    ck_assert_int_eq(zx_task_resume(owner.thread, 0), ZX_OK);
    finish(thread);
    ck_assert_int_eq(owner.status, ZX_ERR_CANCELED);
}
END_TEST

START_TEST(in_2018_a_suspend_at_a_full_bell_loses_it_with_no_memory) {
    const pthread_t thread = start_bells(true);
    until_bells_are_full();
    ck_assert_int_eq(zirconia_2018_task_suspend(owner.thread), ZX_OK);
    until(owner.thread, ZX_THREAD_SUSPENDED);
    ck_assert_int_eq(zx_task_resume(owner.thread, 0), ZX_OK);
    join_thread(thread);
    ck_assert_int_eq(owner.status, ZX_ERR_NO_MEMORY);
    read_bells(1, BUDGET + 1);
    ck_assert(is_empty(owner.bell_port));
    close_all();
}
END_TEST

// --- Virtual time ---

enum { TRACE_LIMIT = 4096 };

struct trace {
    size_t length;
    zirconia_exit_t exits[TRACE_LIMIT];
};

static struct trace traces[2];

static void note(void *context, const zirconia_exit_t *exit) {
    struct trace *trace = context;
    if (trace->length < TRACE_LIMIT) {
        trace->exits[trace->length++] = *exit;
    }
}

static void *run_in_virtual_time(void *context) {
    guest_open();
    guest_load("bells", ENTRY);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zirconia_guest_observe(guest, note, context), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, BELLS, 0x1000, owner.bell_port, SOME_KEY);
    zx_vcpu_state_t state = read_state();
    state.rdi = BELL_COUNT;
    write_state(&state);
    zx_handle_t handle = ZX_HANDLE_INVALID;
    zx_handle_duplicate(zx_thread_self(), ZX_RIGHT_SAME_RIGHTS, &handle);
    atomic_store(&owner.thread, handle);
    enter_to_end();
    return NULL;
}

START_TEST(in_virtual_time_the_trace_is_the_same_with_and_without_suspensions) {
    for (int suspended = 0; suspended < 2; suspended++) {
        owner.bell_port = new_port();
        atomic_store(&owner.thread, ZX_HANDLE_INVALID);
        const pthread_t thread = start_thread(run_in_virtual_time, &traces[suspended]);
        while (atomic_load(&owner.thread) == ZX_HANDLE_INVALID) {
            zx_nanosleep(0);
        }
        for (uint64_t i = 0; i < BELL_COUNT; i++) {
            const zx_handle_t token = suspended == 1 && i < 100 ? suspend() : ZX_HANDLE_INVALID;
            ck_assert_int_eq(zx_handle_close(token), ZX_OK);
            read_bells(i, i + 1);
        }
        finish(thread);
        ck_assert_int_eq(zx_handle_close(owner.bell_port), ZX_OK);
    }
    ck_assert_uint_ge(traces[0].length, BELL_COUNT);
    ck_assert_uint_eq(traces[0].length, traces[1].length);
    ck_assert_int_eq(memcmp(&traces[0], &traces[1], sizeof traces[0]), 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_suspended_thread_runs_no_guest_code_and_its_caller_sees_nothing,
        a_kick_counts_after_a_suspension,
        a_halted_guest_stays_halted_through_a_suspension,
        an_interrupt_during_a_suspension_wakes_the_guest_after_it,
        a_thread_at_a_full_bell_is_suspended_and_no_bell_is_lost,
        killing_leaves_nothing_behind_in_guest_code_in_hlt_and_at_a_full_bell,
        killing_a_thread_suspended_in_guest_code_ends_it,
        in_2018_a_suspend_waits_for_the_run_call_to_return,
        in_2018_a_suspend_ends_a_halt_with_canceled,
        in_2018_a_suspend_at_a_full_bell_loses_it_with_no_memory,
        in_virtual_time_the_trace_is_the_same_with_and_without_suspensions,
    };
    return run_tests("suspend_vcpu", tests, sizeof tests / sizeof tests[0]);
}
