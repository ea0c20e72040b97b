// SPDX-License-Identifier: MIT
//
// The signal that stops threads beside the client's own signals, which go on working. Not for
// ThreadSanitizer, which holds signals back from a thread that sleeps.

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "guest_fixture.h"
#include "object_fixture.h"
#include "other_thread.h"
#include "thread_fixture.h"

#include <signal.h>
#include <stdlib.h>

static atomic_int handled;
static _Atomic(uint64_t) counter;
static atomic_bool may_end;
static _Atomic(zx_handle_t) adopted;
static zx_handle_t event;
static zx_status_t result;

static void on_signal(int number) {
    (void)number;
    atomic_fetch_add(&handled, 1);
}

static void handle_signal(void) {
    struct sigaction action = {.sa_handler = on_signal};
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
}

static void tell_handle(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    zx_handle_duplicate(zx_thread_self(), ZX_RIGHT_SAME_RIGHTS, &handle);
    atomic_store(&adopted, handle);
}

static zx_handle_t until_adopted(void) {
    while (atomic_load(&adopted) == ZX_HANDLE_INVALID) {
        zx_nanosleep(0);
    }
    return atomic_load(&adopted);
}

static void until_handled(int count) {
    while (atomic_load(&handled) < count) {
        zx_nanosleep(0);
    }
}

static void *wait_for_event(void *unused) {
    (void)unused;
    tell_handle();
    result = zx_object_wait_one(event, ZX_EVENT_SIGNALED, ZX_TIME_INFINITE, NULL);
    return NULL;
}

START_TEST(a_client_signal_is_handled_inside_a_blocking_call_which_goes_on) {
    handle_signal();
    event = new_event();
    const pthread_t thread = start_thread(wait_for_event, NULL);
    const zx_handle_t handle = until_adopted();
    until_state(handle, ZX_THREAD_STATE_BLOCKED_WAIT_ONE);
    for (int i = 1; i <= 3; i++) {
        ck_assert_int_eq(pthread_kill(thread, SIGUSR1), 0);
        until_handled(i);
        ck_assert_uint_eq(state_of(handle), ZX_THREAD_STATE_BLOCKED_WAIT_ONE);
    }
    set_signals(event, ZX_EVENT_SIGNALED);
    join_thread(thread);
    ck_assert_int_eq(result, ZX_OK);
}
END_TEST

static void *count_until_end(void *unused) {
    (void)unused;
    tell_handle();
    while (!atomic_load(&may_end)) {
        atomic_fetch_add(&counter, 1);
    }
    return NULL;
}

static zx_handle_t suspend(zx_handle_t thread) {
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend(thread, &token), ZX_OK);
    return token;
}

START_TEST(a_client_signal_during_a_suspension_is_handled_after_it) {
    handle_signal();
    const pthread_t thread = start_thread(count_until_end, NULL);
    const zx_handle_t handle = until_adopted();
    until_counted(&counter);
    const zx_handle_t token = suspend(handle);
    until(handle, ZX_THREAD_SUSPENDED);
    ck_assert_int_eq(pthread_kill(thread, SIGUSR1), 0);
    assert_stands_still(&counter);
    ck_assert_int_eq(atomic_load(&handled), 0);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    until_handled(1);
    until_counted(&counter);
    atomic_store(&may_end, true);
    join_thread(thread);
}
END_TEST

static void *count_with_signals_blocked(void *unused) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    count_until_end(unused);
    zx_nanosleep(0);
    atomic_fetch_add(&handled, 1);
    return NULL;
}

START_TEST(a_thread_that_blocks_the_stop_signal_stops_at_its_next_call) {
    const pthread_t thread = start_thread(count_with_signals_blocked, NULL);
    const zx_handle_t handle = until_adopted();
    until_counted(&counter);
    const zx_handle_t token = suspend(handle);
    until_counted(&counter);
    ck_assert_uint_eq(signals_of(handle), ZX_THREAD_RUNNING);
    atomic_store(&may_end, true);
    until(handle, ZX_THREAD_SUSPENDED);
    ck_assert_int_eq(atomic_load(&handled), 0);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    join_thread(thread);
    ck_assert_int_eq(atomic_load(&handled), 1);
}
END_TEST

static bool is_taken(int number) {
    struct sigaction action;
    ck_assert_int_eq(sigaction(number, NULL, &action), 0);
    return (action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_DFL;
}

static void suspend_and_resume(void) {
    struct worker worker = worker_run(count_for_ever, &counter);
    until_counted(&counter);
    const zx_handle_t token = suspend(worker.handle);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    assert_stands_still(&counter);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    until_counted(&counter);
    worker_end(&worker);
}

START_TEST(the_environment_chooses_the_stop_signal) {
    ck_assert_int_eq(setenv("ZIRCONIA_STOP_SIGNAL", "10", 1), 0);
    suspend_and_resume();
    ck_assert(is_taken(10));
#if defined(SIGRTMIN)
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
        ck_assert(!is_taken(number));
    }
#endif
}
END_TEST

#if defined(SIGRTMIN)
START_TEST(one_real_time_signal_is_taken_and_no_other) {
    suspend_and_resume();
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
        ck_assert_int_eq(is_taken(number), number == SIGRTMIN + 5);
    }
    ck_assert(!is_taken(SIGUSR1));
    ck_assert(!is_taken(SIGUSR2));
}
END_TEST
#endif

int main(void) {
    const TTest *const tests[] = {
        a_client_signal_is_handled_inside_a_blocking_call_which_goes_on,
        a_client_signal_during_a_suspension_is_handled_after_it,
        a_thread_that_blocks_the_stop_signal_stops_at_its_next_call,
        the_environment_chooses_the_stop_signal,
#if defined(SIGRTMIN)
        one_real_time_signal_is_taken_and_no_other,
#endif
    };
    return run_tests("stop_signal", tests, sizeof tests / sizeof tests[0]);
}
