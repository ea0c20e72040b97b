// SPDX-License-Identifier: MIT
//
// Suspend tokens, and what becomes of blocking calls whose thread is suspended (objects
// ABI 7.2, 7.5 to 7.7).

#include "guest_fixture.h"
#include "other_thread.h"
#include "thread_fixture.h"

#include <zirconia/zirconia.h>

static struct worker worker;
static _Atomic(uint64_t) counter;
static zx_handle_t port;
static zx_handle_t event;

static zx_handle_t suspend(void) {
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend(worker.handle, &token), ZX_OK);
    return token;
}

static zx_handle_t suspend_and_wait(void) {
    const zx_handle_t token = suspend();
    until(worker.handle, ZX_THREAD_SUSPENDED);
    return token;
}

static void start_counting(void) {
    atomic_store(&counter, 0);
    worker = worker_run(count_for_ever, &counter);
    until_counted(&counter);
}

static void open_objects(void) {
    port = new_port();
    event = new_event();
}

static void close_objects(void) {
    close_handle(port);
    close_handle(event);
}

START_TEST(a_thread_runs_only_when_all_its_tokens_are_closed) {
    start_counting();
    const zx_handle_t first = suspend();
    const zx_handle_t second = suspend_and_wait();
    close_handle(first);
    assert_stands_still(&counter);
    close_handle(second);
    until(worker.handle, ZX_THREAD_RUNNING);
    until_counted(&counter);
    worker_end(&worker);
}
END_TEST

START_TEST(a_token_cannot_be_duplicated_or_waited_for) {
    start_counting();
    const zx_handle_t token = suspend();
    zx_handle_t second = ZX_HANDLE_INVALID;
    const zx_info_handle_basic_t info = basic_info(token);
    ck_assert_uint_eq(info.type, ZX_OBJ_TYPE_SUSPEND_TOKEN);
    ck_assert_uint_eq(info.rights, ZX_RIGHT_TRANSFER | ZX_RIGHT_INSPECT);
    ck_assert_int_eq(zx_handle_duplicate(token, ZX_RIGHT_SAME_RIGHTS, &second),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_wait_one(token, 1, 0, NULL), ZX_ERR_ACCESS_DENIED);
    close_handle(token);
    worker_end(&worker);
}
END_TEST

START_TEST(a_bad_token_pointer_undoes_the_suspend) {
    start_counting();
    ck_assert_int_eq(zx_task_suspend(worker.handle, NULL), ZX_ERR_INVALID_ARGS);
    until(worker.handle, ZX_THREAD_RUNNING);
    until_counted(&counter);
    worker_end(&worker);
}
END_TEST

START_TEST(errors_are_those_of_the_table) {
    worker = worker_new();
    zx_handle_t token = ZX_HANDLE_INVALID;
    const zx_handle_t weak = without(ZX_RIGHT_WRITE, worker.handle);
    ck_assert_int_eq(zx_task_suspend(ZX_HANDLE_INVALID, &token), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_task_suspend(weak, &token), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_task_suspend(zx_job_default(), &token), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_task_suspend(zx_thread_self(), &token), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_task_suspend(zx_process_self(), &token), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_task_suspend_token(zx_thread_self(), &token), ZX_ERR_NOT_SUPPORTED);
    worker_start(&worker, count_for_ever, &counter);
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    ck_assert_int_eq(zx_task_suspend(worker.handle, &token), ZX_ERR_BAD_STATE);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(zx_task_suspend(worker.handle, &token), ZX_ERR_BAD_STATE);
    ck_assert_uint_eq(token, ZX_HANDLE_INVALID);
    close_handle(weak);
    worker_end(&worker);
}
END_TEST

START_TEST(a_thread_suspended_before_its_start_stops_before_its_first_instruction) {
    atomic_store(&counter, 0);
    worker = worker_new();
    const zx_handle_t token = suspend();
    ck_assert_uint_eq(signals_of(worker.handle), 0);
    worker_start(&worker, count_for_ever, &counter);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    assert_stands_still(&counter);
    ck_assert_uint_eq(atomic_load(&counter), 0);
    close_handle(token);
    until_counted(&counter);
    worker_end(&worker);
}
END_TEST

START_TEST(a_token_closed_before_the_start_leaves_no_trace) {
    worker = worker_new();
    close_handle(suspend());
    worker_start(&worker, count_for_ever, &counter);
    until_counted(&counter);
    ck_assert_uint_eq(signals_of(worker.handle), ZX_THREAD_RUNNING);
    worker_end(&worker);
}
END_TEST

START_TEST(a_token_outlives_its_thread) {
    start_counting();
    const zx_handle_t token = suspend_and_wait();
    worker_end(&worker);
    close_handle(token);
}
END_TEST

// --- A suspension that is pending, because the thread is inside the library ---

static struct {
    atomic_int entered;
    atomic_int may_leave;
    atomic_int returned;
} callback;

static void stay_in_callback(void *context, zirconia_log_level_t level, const char *line) {
    (void)context;
    (void)level;
    (void)line;
    atomic_store(&callback.entered, 1);
    while (!atomic_load(&callback.may_leave)) {
        zx_nanosleep(0);
    }
}

// Mapping below a limit, which is refused in the process, is a call that logs.
static void call_that_logs(uintptr_t vmo, uintptr_t unused) {
    (void)unused;
    zx_vaddr_t address = 0;
    zx_vmar_map(zx_vmar_root_self(), ZX_VM_OFFSET_IS_UPPER_LIMIT, 1 << 30, (zx_handle_t)vmo, 0, 1,
                &address);
    atomic_store(&callback.returned, 1);
    zx_nanosleep(ZX_TIME_INFINITE);
}

static zx_handle_t vmo;

static void start_inside(void) {
    atomic_store(&callback.entered, 0);
    atomic_store(&callback.may_leave, 0);
    atomic_store(&callback.returned, 0);
    ck_assert_int_eq(zx_vmo_create(4096, 0, &vmo), ZX_OK);
    zirconia_set_log(stay_in_callback, NULL, ZIRCONIA_LOG_ERROR);
    worker = worker_run(call_that_logs, (void *)(uintptr_t)vmo);
    while (!atomic_load(&callback.entered)) {
        zx_nanosleep(0);
    }
}

static void end_inside(void) {
    worker_end(&worker);
    zirconia_set_log(NULL, NULL, ZIRCONIA_LOG_DEBUG);
    ck_assert_int_eq(zx_handle_close(vmo), ZX_OK);
}

START_TEST(resume_cancels_a_suspend_that_is_pending) {
    start_inside();
    open_objects();
    ck_assert_int_eq(zx_object_wait_async(worker.handle, port, 1, ZX_THREAD_SUSPENDED, 0), ZX_OK);
    ck_assert_int_eq(zirconia_2018_task_suspend(worker.handle), ZX_OK);
    ck_assert_uint_eq(signals_of(worker.handle), ZX_THREAD_RUNNING);
    ck_assert_int_eq(zx_task_resume(worker.handle, 0), ZX_OK);
    atomic_store(&callback.may_leave, 1);
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    ck_assert(is_empty(port));
    close_objects();
    end_inside();
}
END_TEST

START_TEST(a_thread_inside_the_library_stops_before_it_is_in_client_code_again) {
    start_inside();
    ck_assert_int_eq(zirconia_2018_task_suspend(worker.handle), ZX_OK);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_RUNNING);
    atomic_store(&callback.may_leave, 1);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    ck_assert_int_eq(atomic_load(&callback.returned), 0);
    ck_assert_int_eq(zx_task_resume(worker.handle, 0), ZX_OK);
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    ck_assert_int_eq(atomic_load(&callback.returned), 1);
    end_inside();
}
END_TEST

// --- Blocking calls ---

static struct {
    atomic_int returns;
    zx_status_t status;
    zx_signals_t observed;
    zx_port_packet_t packet;
    zx_time_t deadline;
    zx_time_t returned_at;
} blocked;

static void tell(zx_status_t status) {
    blocked.status = status;
    blocked.returned_at = zx_clock_get_monotonic();
    atomic_fetch_add(&blocked.returns, 1);
    zx_thread_exit();
}

static void wait_one(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    tell(zx_object_wait_one(event, ZX_EVENT_SIGNALED, blocked.deadline, &blocked.observed));
}

static void wait_many(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    zx_wait_item_t items[] = {{.handle = event, .waitfor = ZX_EVENT_SIGNALED},
                              {.handle = event, .waitfor = ZX_USER_SIGNAL_0}};
    const zx_status_t status = zx_object_wait_many(items, 2, blocked.deadline);
    blocked.observed = items[0].pending;
    tell(status);
}

static void wait_port(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    tell(zx_port_wait(port, blocked.deadline, &blocked.packet));
}

static void sleep_until_deadline(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    tell(zx_nanosleep(blocked.deadline));
}

static void start_blocked(thread_fn *function, uint32_t state, zx_time_t deadline) {
    atomic_store(&blocked.returns, 0);
    blocked.deadline = deadline;
    worker = worker_run(function, NULL);
    until_state(worker.handle, state);
}

static const struct {
    thread_fn *function;
    uint32_t state;
} calls[] = {
    {wait_one, ZX_THREAD_STATE_BLOCKED_WAIT_ONE},
    {wait_many, ZX_THREAD_STATE_BLOCKED_WAIT_MANY},
    {wait_port, ZX_THREAD_STATE_BLOCKED_PORT},
    {sleep_until_deadline, ZX_THREAD_STATE_BLOCKED_SLEEPING},
};

#define CALL_COUNT ((int)(sizeof calls / sizeof calls[0]))

START_TEST(a_blocked_thread_is_suspended_at_once_and_blocks_again_afterwards) {
    open_objects();
    for (int i = 0; i < CALL_COUNT; i++) {
        start_blocked(calls[i].function, calls[i].state, ZX_TIME_INFINITE);
        for (int again = 0; again < 3; again++) {
            const zx_handle_t token = suspend_and_wait();
            ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_SUSPENDED);
            close_handle(token);
            until_state(worker.handle, calls[i].state);
        }
        ck_assert_int_eq(atomic_load(&blocked.returns), 0);
        worker_end(&worker);
    }
    close_objects();
}
END_TEST

START_TEST(a_token_opened_and_closed_at_once_leaves_a_wait_as_it_was) {
    open_objects();
    start_blocked(wait_one, ZX_THREAD_STATE_BLOCKED_WAIT_ONE, ZX_TIME_INFINITE);
    for (int i = 0; i < 1000; i++) {
        close_handle(suspend());
    }
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_WAIT_ONE);
    ck_assert_int_eq(atomic_load(&blocked.returns), 0);
    worker_end(&worker);
    close_objects();
}
END_TEST

START_TEST(a_signal_that_comes_during_the_suspension_is_acted_on_after_it) {
    open_objects();
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(zx_object_signal(event, ZX_EVENT_SIGNALED, 0), ZX_OK);
        start_blocked(calls[i].function, calls[i].state, ZX_TIME_INFINITE);
        const zx_handle_t token = suspend_and_wait();
        ck_assert_int_eq(zx_object_signal(event, 0, ZX_EVENT_SIGNALED), ZX_OK);
        assert_stands_still(&counter);
        ck_assert_int_eq(atomic_load(&blocked.returns), 0);
        close_handle(token);
        until(worker.handle, ZX_THREAD_TERMINATED);
        ck_assert_int_eq(blocked.status, ZX_OK);
        ck_assert_uint_eq(blocked.observed, ZX_EVENT_SIGNALED);
        worker_end(&worker);
    }
    close_objects();
}
END_TEST

START_TEST(a_pulse_during_the_suspension_is_lost) {
    open_objects();
    start_blocked(wait_one, ZX_THREAD_STATE_BLOCKED_WAIT_ONE, ZX_TIME_INFINITE);
    const zx_handle_t token = suspend_and_wait();
    ck_assert_int_eq(zx_object_signal(event, 0, ZX_EVENT_SIGNALED), ZX_OK);
    ck_assert_int_eq(zx_object_signal(event, ZX_EVENT_SIGNALED, 0), ZX_OK);
    close_handle(token);
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_WAIT_ONE);
    ck_assert_int_eq(atomic_load(&blocked.returns), 0);
    worker_end(&worker);
    close_objects();
}
END_TEST

static void queue(uint64_t key) {
    const zx_port_packet_t packet = {.key = key};
    ck_assert_int_eq(zx_port_queue(port, &packet), ZX_OK);
}

START_TEST(packets_stay_in_the_port_while_its_waiter_is_suspended) {
    open_objects();
    start_blocked(wait_port, ZX_THREAD_STATE_BLOCKED_PORT, ZX_TIME_INFINITE);
    const zx_handle_t token = suspend_and_wait();
    queue(100);
    queue(200);
    queue(300);
    ck_assert_uint_eq(next_packet(port).key, 100);
    close_handle(token);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(blocked.status, ZX_OK);
    ck_assert_uint_eq(blocked.packet.key, 200);
    ck_assert_uint_eq(next_packet(port).key, 300);
    worker_end(&worker);
    close_objects();
}
END_TEST

// Suspends a thread in a call whose deadline is soon, with more time whenever that was too soon.
static zx_handle_t suspend_in_call(thread_fn *function) {
    for (zx_duration_t soon = ZX_MSEC(100);; soon *= 2) {
        blocked.deadline = zx_deadline_after(soon);
        worker = worker_run(function, NULL);
        while (state_of(worker.handle) == ZX_THREAD_STATE_RUNNING) {
            zx_nanosleep(0);
        }
        const zx_handle_t token = suspend_before(worker.handle, blocked.deadline);
        if (token != ZX_HANDLE_INVALID) {
            return token;
        }
        worker_end(&worker);
    }
}

START_TEST(a_deadline_stays_the_same_through_a_suspension) {
    open_objects();
    for (int i = 0; i < CALL_COUNT; i++) {
        zx_handle_t token = suspend_in_call(calls[i].function);
        for (int again = 0; again < 4 && token != ZX_HANDLE_INVALID; again++) {
            close_handle(token);
            until(worker.handle, ZX_THREAD_RUNNING | ZX_THREAD_TERMINATED);
            token = suspend_before(worker.handle, blocked.deadline);
        }
        close_handle(token);
        until(worker.handle, ZX_THREAD_TERMINATED);
        const bool sleeps = calls[i].function == sleep_until_deadline;
        ck_assert_int_eq(blocked.status, sleeps ? ZX_OK : ZX_ERR_TIMED_OUT);
        ck_assert_int_ge(blocked.returned_at, blocked.deadline);
        worker_end(&worker);
    }
    close_objects();
}
END_TEST

START_TEST(a_deadline_that_passed_meanwhile_ends_the_call_with_what_is_there) {
    open_objects();
    zx_handle_t token = suspend_in_call(wait_port);
    zx_nanosleep(blocked.deadline);
    queue(5);
    close_handle(token);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(blocked.status, ZX_OK);
    ck_assert_uint_eq(blocked.packet.key, 5);
    worker_end(&worker);

    token = suspend_in_call(wait_one);
    zx_nanosleep(blocked.deadline);
    close_handle(token);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(blocked.status, ZX_ERR_TIMED_OUT);
    worker_end(&worker);
    close_objects();
}
END_TEST

START_TEST(a_handle_closed_during_the_suspension_is_a_bad_handle_afterwards) {
    open_objects();
    start_blocked(wait_one, ZX_THREAD_STATE_BLOCKED_WAIT_ONE, ZX_TIME_INFINITE);
    const zx_handle_t token = suspend_and_wait();
    close_handle(event);
    close_handle(token);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(blocked.status, ZX_ERR_BAD_HANDLE);
    worker_end(&worker);
    close_handle(port);
}
END_TEST

START_TEST(killing_a_thread_suspended_in_a_call_executes_nothing_of_it) {
    open_objects();
    for (int i = 0; i < CALL_COUNT; i++) {
        start_blocked(calls[i].function, calls[i].state, ZX_TIME_INFINITE);
        const zx_handle_t token = suspend_and_wait();
        worker_end(&worker);
        ck_assert_int_eq(atomic_load(&blocked.returns), 0);
        close_handle(token);
    }
    close_objects();
}
END_TEST

// --- Threads of the client's own ---

static atomic_int adopted_may_end;

static void *count_as_adopted(void *handle) {
    zx_handle_duplicate(zx_thread_self(), ZX_RIGHT_SAME_RIGHTS, handle);
    while (!atomic_load(&adopted_may_end)) {
        atomic_fetch_add(&counter, 1);
    }
    return NULL;
}

START_TEST(an_adopted_thread_is_suspended_and_resumed_like_any_other) {
    _Atomic(zx_handle_t) handle = ZX_HANDLE_INVALID;
    atomic_store(&adopted_may_end, 0);
    const pthread_t thread = start_thread(count_as_adopted, &handle);
    until_counted(&counter);
    worker.handle = atomic_load(&handle);
    const zx_handle_t token = suspend_and_wait();
    assert_stands_still(&counter);
    close_handle(token);
    until_counted(&counter);
    atomic_store(&adopted_may_end, 1);
    join_thread(thread);
    ck_assert_uint_eq(signals_of(worker.handle), ZX_THREAD_TERMINATED);
    close_handle(worker.handle);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_thread_runs_only_when_all_its_tokens_are_closed,
        a_token_cannot_be_duplicated_or_waited_for,
        a_bad_token_pointer_undoes_the_suspend,
        errors_are_those_of_the_table,
        a_thread_suspended_before_its_start_stops_before_its_first_instruction,
        a_token_closed_before_the_start_leaves_no_trace,
        a_token_outlives_its_thread,
        resume_cancels_a_suspend_that_is_pending,
        a_thread_inside_the_library_stops_before_it_is_in_client_code_again,
        a_blocked_thread_is_suspended_at_once_and_blocks_again_afterwards,
        a_token_opened_and_closed_at_once_leaves_a_wait_as_it_was,
        a_signal_that_comes_during_the_suspension_is_acted_on_after_it,
        a_pulse_during_the_suspension_is_lost,
        packets_stay_in_the_port_while_its_waiter_is_suspended,
        a_deadline_stays_the_same_through_a_suspension,
        a_deadline_that_passed_meanwhile_ends_the_call_with_what_is_there,
        a_handle_closed_during_the_suspension_is_a_bad_handle_afterwards,
        killing_a_thread_suspended_in_a_call_executes_nothing_of_it,
        an_adopted_thread_is_suspended_and_resumed_like_any_other,
    };
    return run_tests("suspend_token", tests, sizeof tests / sizeof tests[0]);
}
