// SPDX-License-Identifier: MIT
//
// Suspending without a token and resuming, sentence by sentence of the page of zx_task_resume()
// (objects ABI 7.1 to 7.5). What that page says of exceptions is in test_exception_port.c,
// and of a suspension that is still pending in test_suspend_token.c.

#define ZIRCONIA_ABI_2018

#include "guest_fixture.h"
#include "other_thread.h"
#include "thread_fixture.h"

static struct worker worker;
static _Atomic(uint64_t) counter;

static void start_counting(void) {
    atomic_store(&counter, 0);
    worker = worker_run(count_for_ever, &counter);
    until_counted(&counter);
}

static void suspend(void) {
    ck_assert_int_eq(zx_task_suspend(worker.handle), ZX_OK);
}

static void suspend_and_wait(void) {
    suspend();
    until(worker.handle, ZX_THREAD_SUSPENDED);
    ck_assert_uint_eq(signals_of(worker.handle), ZX_THREAD_SUSPENDED);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_SUSPENDED);
}

static void resume(void) {
    ck_assert_int_eq(zx_task_resume(worker.handle, 0), ZX_OK);
}

static void resume_and_wait(void) {
    resume();
    until(worker.handle, ZX_THREAD_RUNNING);
}

START_TEST(a_suspended_thread_executes_nothing_until_it_is_resumed) {
    start_counting();
    for (int i = 0; i < 3; i++) {
        suspend_and_wait();
        assert_stands_still(&counter);
        resume_and_wait();
        until_counted(&counter);
    }
    worker_end(&worker);
}
END_TEST

START_TEST(closing_a_suspend_token_resumes_the_thread_by_itself) {
    start_counting();
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend_token(worker.handle, &token), ZX_OK);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    assert_stands_still(&counter);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    until(worker.handle, ZX_THREAD_RUNNING);
    until_counted(&counter);
    worker_end(&worker);
}
END_TEST

START_TEST(without_the_exception_option_resume_is_resume_from_suspend) {
    start_counting();
    suspend_and_wait();
    ck_assert_int_eq(zx_task_resume(worker.handle, ZX_RESUME_EXCEPTION), ZX_ERR_BAD_STATE);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_SUSPENDED);
    resume_and_wait();
    worker_end(&worker);
}
END_TEST

START_TEST(any_option_without_the_exception_option_is_an_error) {
    start_counting();
    suspend_and_wait();
    ck_assert_int_eq(zx_task_resume(worker.handle, ZX_RESUME_TRY_NEXT), ZX_ERR_INVALID_ARGS);
    for (unsigned bit = 2; bit < 32; bit++) {
        for (uint32_t known = 0; known < 4; known++) {
            ck_assert_int_eq(zx_task_resume(worker.handle, (UINT32_C(1) << bit) | known),
                             ZX_ERR_INVALID_ARGS);
        }
    }
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_SUSPENDED);
    worker_end(&worker);
}
END_TEST

START_TEST(resuming_a_living_thread_that_is_not_suspended_is_ok) {
    start_counting();
    resume();
    resume();
    until_counted(&counter);
    worker_end(&worker);
}
END_TEST

START_TEST(several_resumes_of_one_suspended_thread_are_a_single_resume) {
    start_counting();
    suspend_and_wait();
    resume();
    resume();
    resume();
    until(worker.handle, ZX_THREAD_RUNNING);
    suspend_and_wait();
    assert_stands_still(&counter);
    worker_end(&worker);
}
END_TEST

START_TEST(several_suspends_are_a_single_suspend) {
    start_counting();
    suspend();
    suspend_and_wait();
    suspend();
    resume_and_wait();
    until_counted(&counter);
    worker_end(&worker);
}
END_TEST

START_TEST(a_thread_that_has_suspended_already_is_resumed_at_once) {
    start_counting();
    suspend_and_wait();
    assert_stands_still(&counter);
    resume_and_wait();
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_RUNNING);
    until_counted(&counter);
    worker_end(&worker);
}
END_TEST

START_TEST(a_later_suspend_causes_a_new_suspension) {
    start_counting();
    suspend_and_wait();
    resume_and_wait();
    until_counted(&counter);
    suspend_and_wait();
    assert_stands_still(&counter);
    worker_end(&worker);
}
END_TEST

// --- Both kinds at once ---

START_TEST(resume_leaves_open_tokens_in_force) {
    start_counting();
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend_token(worker.handle, &token), ZX_OK);
    suspend_and_wait();
    resume();
    assert_stands_still(&counter);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_SUSPENDED);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    until(worker.handle, ZX_THREAD_RUNNING);
    worker_end(&worker);
}
END_TEST

START_TEST(closing_a_token_leaves_a_suspend_without_token_in_force) {
    start_counting();
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend_token(worker.handle, &token), ZX_OK);
    suspend_and_wait();
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    assert_stands_still(&counter);
    resume_and_wait();
    worker_end(&worker);
}
END_TEST

static void suspend_myself(uintptr_t unused, uintptr_t second) {
    (void)unused;
    (void)second;
    zx_task_suspend(zx_thread_self());
    atomic_fetch_add(&counter, 1);
    zx_nanosleep(ZX_TIME_INFINITE);
}

START_TEST(a_thread_may_suspend_itself_and_stops_in_that_call) {
    atomic_store(&counter, 0);
    worker = worker_run(suspend_myself, NULL);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    ck_assert_uint_eq(atomic_load(&counter), 0);
    resume();
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    ck_assert_uint_eq(atomic_load(&counter), 1);
    worker_end(&worker);
}
END_TEST

static void suspend_myself_by_token(uintptr_t unused, uintptr_t second) {
    (void)unused;
    (void)second;
    zx_handle_t token = ZX_HANDLE_INVALID;
    zx_task_suspend_token(zx_thread_self(), &token);
    atomic_fetch_add(&counter, 1);
    zx_handle_close(token);
    zx_nanosleep(ZX_TIME_INFINITE);
}

// The token is out of everybody's reach, so only a kill ends this.
START_TEST(a_thread_may_suspend_itself_with_a_token_that_it_cannot_close) {
    atomic_store(&counter, 0);
    worker = worker_run(suspend_myself_by_token, NULL);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    resume();
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_SUSPENDED);
    worker_end(&worker);
    ck_assert_uint_eq(atomic_load(&counter), 0);
}
END_TEST

// --- Errors ---

START_TEST(a_bad_handle_is_bad_handle_after_the_options) {
    zx_handle_t closed = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_event_create(0, &closed), ZX_OK);
    ck_assert_int_eq(zx_handle_close(closed), ZX_OK);
    ck_assert_int_eq(zx_task_resume(closed, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_task_resume(ZX_HANDLE_INVALID, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_task_resume(closed, 4), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_task_suspend(closed), ZX_ERR_BAD_HANDLE);
}
END_TEST

START_TEST(a_handle_to_no_thread_is_wrong_type) {
    ck_assert_int_eq(zx_task_resume(zx_process_self(), 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_task_resume(zx_vmar_root_self(), 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_task_suspend(zx_process_self()), ZX_ERR_WRONG_TYPE);
}
END_TEST

START_TEST(resume_asks_for_no_right_and_suspend_for_write) {
    start_counting();
    zx_handle_t weak = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_duplicate(worker.handle, ZX_RIGHT_WAIT, &weak), ZX_OK);
    ck_assert_int_eq(zx_task_suspend(weak), ZX_ERR_ACCESS_DENIED);
    suspend_and_wait();
    ck_assert_int_eq(zx_task_resume(weak, 0), ZX_OK);
    until(worker.handle, ZX_THREAD_RUNNING);
    ck_assert_int_eq(zx_handle_close(weak), ZX_OK);
    worker_end(&worker);
}
END_TEST

START_TEST(a_thread_that_is_dead_or_not_started_is_bad_state) {
    worker = worker_new();
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_resume(worker.handle, 0), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_task_resume(worker.handle, ZX_RESUME_EXCEPTION), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_task_suspend(worker.handle), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_task_suspend_token(worker.handle, &token), ZX_ERR_BAD_STATE);
    worker_start(&worker, count_for_ever, &counter);
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    ck_assert_int_eq(zx_task_suspend(worker.handle), ZX_ERR_BAD_STATE);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(zx_task_resume(worker.handle, 0), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_task_resume(worker.handle, ZX_RESUME_EXCEPTION), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_task_suspend(worker.handle), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_task_suspend_token(worker.handle, &token), ZX_ERR_BAD_STATE);
    worker_end(&worker);
}
END_TEST

START_TEST(the_exception_option_needs_a_thread_in_an_exception) {
    start_counting();
    const uint32_t next = ZX_RESUME_EXCEPTION | ZX_RESUME_TRY_NEXT;
    ck_assert_int_eq(zx_task_resume(worker.handle, ZX_RESUME_EXCEPTION), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_task_resume(worker.handle, next), ZX_ERR_BAD_STATE);
    worker_end(&worker);
}
END_TEST

// --- Signals ---

START_TEST(a_repeating_wait_sees_suspend_and_resume_as_one_packet) {
    start_counting();
    zx_handle_t port = ZX_HANDLE_INVALID;
    const zx_signals_t both = ZX_THREAD_RUNNING | ZX_THREAD_SUSPENDED;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    ck_assert_int_eq(zx_object_wait_async(worker.handle, port, 7, both, ZX_WAIT_ASYNC_REPEATING),
                     ZX_OK);
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    ck_assert_uint_eq(packet.signal.observed, ZX_THREAD_RUNNING);
    suspend_and_wait();
    resume_and_wait();
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    ck_assert_uint_eq(packet.signal.observed, both);
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_ERR_TIMED_OUT);
    ck_assert_int_eq(zx_handle_close(port), ZX_OK);
    worker_end(&worker);
}
END_TEST

START_TEST(killing_a_suspended_thread_executes_nothing_of_it) {
    start_counting();
    suspend_and_wait();
    const uint64_t before = atomic_load(&counter);
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_uint_eq(signals_of(worker.handle), ZX_THREAD_TERMINATED);
    ck_assert_uint_eq(atomic_load(&counter), before);
    worker_end(&worker);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_suspended_thread_executes_nothing_until_it_is_resumed,
        closing_a_suspend_token_resumes_the_thread_by_itself,
        without_the_exception_option_resume_is_resume_from_suspend,
        any_option_without_the_exception_option_is_an_error,
        resuming_a_living_thread_that_is_not_suspended_is_ok,
        several_resumes_of_one_suspended_thread_are_a_single_resume,
        several_suspends_are_a_single_suspend,
        a_thread_that_has_suspended_already_is_resumed_at_once,
        a_later_suspend_causes_a_new_suspension,
        resume_leaves_open_tokens_in_force,
        closing_a_token_leaves_a_suspend_without_token_in_force,
        a_thread_may_suspend_itself_and_stops_in_that_call,
        a_thread_may_suspend_itself_with_a_token_that_it_cannot_close,
        a_bad_handle_is_bad_handle_after_the_options,
        a_handle_to_no_thread_is_wrong_type,
        resume_asks_for_no_right_and_suspend_for_write,
        a_thread_that_is_dead_or_not_started_is_bad_state,
        the_exception_option_needs_a_thread_in_an_exception,
        a_repeating_wait_sees_suspend_and_resume_as_one_packet,
        killing_a_suspended_thread_executes_nothing_of_it,
    };
    return run_tests("suspend", tests, sizeof tests / sizeof tests[0]);
}
