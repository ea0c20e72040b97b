// SPDX-License-Identifier: MIT
//
// Exception channels and exception objects with real faults (objects ABI 8.9).

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "bad_memory.h"
#include "guest_fixture.h"
#include "other_thread.h"
#include "thread_fixture.h"

#include <signal.h>

static struct worker worker;
static volatile uint32_t *page; // Inaccessible at first.

static void touch_page(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    *page = 77;
    zx_nanosleep(ZX_TIME_INFINITE);
}

static void open_all(void) {
    page = platform_reserve(platform_page_size());
    ck_assert_ptr_nonnull((void *)(uintptr_t)page);
    worker = worker_new();
}

static void allow_page(void) {
    platform_protect((void *)(uintptr_t)page, platform_page_size(), PLATFORM_READ | PLATFORM_WRITE);
}

static void close_all(void) {
    worker_end(&worker);
    platform_unmap((void *)(uintptr_t)page, platform_page_size());
}

static zx_handle_t channel_of(zx_handle_t task, uint32_t options) {
    zx_handle_t channel = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_create_exception_channel(task, options, &channel), ZX_OK);
    return channel;
}

static zx_status_t read_channel(zx_handle_t channel, zx_exception_info_t *info, zx_handle_t *out) {
    return zx_channel_read(channel, 0, info, out, sizeof *info, 1, NULL, NULL);
}

static zx_handle_t next_exception(zx_handle_t channel, uint32_t type) {
    zx_exception_info_t info = {0};
    zx_handle_t exception = ZX_HANDLE_INVALID;
    until(channel, ZX_CHANNEL_READABLE);
    ck_assert_int_eq(read_channel(channel, &info, &exception), ZX_OK);
    ck_assert_uint_eq(info.type, type);
    ck_assert_uint_eq(info.pid, koid_of(zx_process_self()));
    ck_assert_uint_eq(info.tid, koid_of(worker.handle));
    return exception;
}

static zx_handle_t next_fault(zx_handle_t channel) {
    return next_exception(channel, ZX_EXCP_FATAL_PAGE_FAULT);
}

static uint32_t asked(void) {
    zx_info_thread_t info = {0};
    ck_assert_int_eq(
        zx_object_get_info(worker.handle, ZX_INFO_THREAD, &info, sizeof info, NULL, NULL), ZX_OK);
    return info.wait_exception_channel_type;
}

static zx_status_t set(zx_handle_t exception, uint32_t property, uint32_t value) {
    return zx_object_set_property(exception, property, &value, sizeof value);
}

static uint32_t get(zx_handle_t exception, uint32_t property) {
    uint32_t value = 99;
    ck_assert_int_eq(zx_object_get_property(exception, property, &value, sizeof value), ZX_OK);
    return value;
}

static void handle(zx_handle_t exception) {
    ck_assert_int_eq(set(exception, ZX_PROP_EXCEPTION_STATE, ZX_EXCEPTION_STATE_HANDLED), ZX_OK);
    close_handle(exception);
}

static void finish_handled(zx_handle_t exception) {
    allow_page();
    handle(exception);
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    ck_assert_uint_eq(*page, 77);
}

START_TEST(a_handled_exception_retries_the_instruction) {
    open_all();
    const zx_handle_t channel = channel_of(worker.handle, 0);
    worker_start(&worker, touch_page, NULL);
    handle(next_fault(channel));
    const zx_handle_t again = next_fault(channel); // Nothing has changed.
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_BLOCKED_EXCEPTION);
    ck_assert_uint_eq(asked(), ZX_EXCEPTION_CHANNEL_TYPE_THREAD);
    zx_exception_report_t report = {0};
    ck_assert_int_eq(zx_object_get_info(worker.handle, ZX_INFO_THREAD_EXCEPTION_REPORT, &report,
                                        sizeof report, NULL, NULL),
                     ZX_OK);
    ck_assert_uint_eq(report.header.size, 40);
    ck_assert_int_eq((zx_status_t)report.context.synth_code, ZX_ERR_ACCESS_DENIED);
    finish_handled(again);
    ck_assert_uint_eq(signals_of(channel), 0);
    close_handle(channel);
    close_all();
}
END_TEST

START_TEST(rights_are_exact_and_exceptions_cannot_be_duplicated) {
    open_all();
    const zx_handle_t channel = channel_of(worker.handle, 0);
    worker_start(&worker, touch_page, NULL);
    const zx_handle_t exception = next_fault(channel);
    zx_handle_t second = ZX_HANDLE_INVALID;
    zx_info_handle_basic_t info = basic_info(channel);
    ck_assert_uint_eq(info.type, ZX_OBJ_TYPE_CHANNEL);
    ck_assert_uint_eq(info.rights, 0x4006);
    info = basic_info(exception);
    ck_assert_uint_eq(info.type, ZX_OBJ_TYPE_EXCEPTION);
    ck_assert_uint_eq(info.rights, 0x80c2);
    ck_assert_int_eq(zx_handle_duplicate(exception, ZX_RIGHT_SAME_RIGHTS, &second),
                     ZX_ERR_ACCESS_DENIED);
    finish_handled(exception);
    close_handle(channel);
    close_all();
}
END_TEST

START_TEST(closing_without_an_answer_asks_the_next_handler) {
    open_all();
    const zx_handle_t channels[] = {
        channel_of(zx_process_self(), ZX_EXCEPTION_CHANNEL_DEBUGGER),
        channel_of(worker.handle, 0),
        channel_of(zx_process_self(), 0),
        channel_of(zx_job_default(), 0),
    };
    worker_start(&worker, touch_page, NULL);
    close_handle(next_exception(channels[0], ZX_EXCP_THREAD_STARTING));
    for (uint32_t i = 0; i < 4; i++) {
        const zx_handle_t exception = next_fault(channels[i]);
        ck_assert_uint_eq(asked(), i + 1); // The order is that of the numbers.
        ck_assert_uint_eq(get(exception, ZX_PROP_EXCEPTION_STATE), ZX_EXCEPTION_STATE_TRY_NEXT);
        if (i < 3) {
            close_handle(exception);
        } else {
            finish_handled(exception);
        }
    }
    for (int i = 0; i < 4; i++) {
        close_handle(channels[i]);
    }
    close_all();
}
END_TEST

START_TEST(a_debugger_can_have_a_second_chance_after_the_process) {
    open_all();
    const zx_handle_t debugger = channel_of(zx_process_self(), ZX_EXCEPTION_CHANNEL_DEBUGGER);
    const zx_handle_t process = channel_of(zx_process_self(), 0);
    worker_start(&worker, touch_page, NULL);
    close_handle(next_exception(debugger, ZX_EXCP_THREAD_STARTING));
    zx_handle_t exception = next_fault(debugger);
    ck_assert_int_eq(set(exception, ZX_PROP_EXCEPTION_STRATEGY, 2), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(
        set(exception, ZX_PROP_EXCEPTION_STRATEGY, ZX_EXCEPTION_STRATEGY_SECOND_CHANCE), ZX_OK);
    close_handle(exception);
    exception = next_fault(process);
    ck_assert_uint_eq(get(exception, ZX_PROP_EXCEPTION_STRATEGY),
                      ZX_EXCEPTION_STRATEGY_SECOND_CHANCE);
    ck_assert_int_eq(set(exception, ZX_PROP_EXCEPTION_STRATEGY, 0), ZX_ERR_BAD_STATE);
    close_handle(exception);
    finish_handled(next_fault(debugger));
    close_handle(debugger);
    close_handle(process);
    close_all();
}
END_TEST

START_TEST(closing_a_channel_passes_on_what_nobody_has_read) {
    for (int was_read = 0; was_read < 2; was_read++) {
        open_all();
        const zx_handle_t first = channel_of(worker.handle, 0);
        const zx_handle_t second = channel_of(zx_process_self(), 0);
        worker_start(&worker, touch_page, NULL);
        until(first, ZX_CHANNEL_READABLE);
        if (was_read == 1) {
            const zx_handle_t exception = next_fault(first);
            close_handle(first);
            ck_assert_uint_eq(asked(), ZX_EXCEPTION_CHANNEL_TYPE_THREAD);
            finish_handled(exception);
        } else {
            close_handle(first);
            finish_handled(next_fault(second));
        }
        close_handle(second);
        close_all();
    }
}
END_TEST

START_TEST(an_exception_gives_handles_to_its_thread_and_process) {
    open_all();
    const zx_handle_t channel = channel_of(worker.handle, 0);
    const zx_handle_t process_channel = channel_of(zx_process_self(), 0);
    worker_start(&worker, touch_page, NULL);
    zx_handle_t exception = next_fault(channel);
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_exception_get_thread(exception, &out), ZX_OK);
    ck_assert_uint_eq(koid_of(out), koid_of(worker.handle));
    close_handle(out);
    ck_assert_int_eq(zx_exception_get_process(exception, &out), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_exception_get_thread(channel, &out), ZX_ERR_WRONG_TYPE);
    close_handle(exception);
    exception = next_fault(process_channel);
    ck_assert_int_eq(zx_exception_get_process(exception, &out), ZX_OK);
    ck_assert_uint_eq(koid_of(out), koid_of(zx_process_self()));
    close_handle(out);
    finish_handled(exception);
    close_handle(channel);
    close_handle(process_channel);
    close_all();
}
END_TEST

START_TEST(the_state_thread_exit_ends_the_thread_alone) {
    open_all();
    const zx_handle_t channel = channel_of(worker.handle, 0);
    worker_start(&worker, touch_page, NULL);
    const zx_handle_t exception = next_fault(channel);
    ck_assert_int_eq(set(exception, ZX_PROP_EXCEPTION_STATE, 3), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(set(exception, ZX_PROP_EXCEPTION_STATE, ZX_EXCEPTION_STATE_THREAD_EXIT),
                     ZX_OK);
    close_handle(exception);
    until(worker.handle, ZX_THREAD_TERMINATED);
    until(channel, ZX_CHANNEL_PEER_CLOSED);
    zx_exception_info_t info;
    zx_handle_t out;
    ck_assert_int_eq(read_channel(channel, &info, &out), ZX_ERR_PEER_CLOSED);
    close_handle(channel);
    close_all();
}
END_TEST

#ifndef _WIN32
START_TEST(a_thread_that_is_started_at_0_faults_there) {
    open_all();
    const zx_handle_t channel = channel_of(zx_process_self(), 0);
    ck_assert_int_eq(zx_thread_start(worker.handle, 0, 0, 0, 0), ZX_OK);
    const zx_handle_t exception = next_fault(channel);
    zx_thread_state_general_regs_t registers;
    ck_assert_int_eq(zx_thread_read_state(worker.handle, ZX_THREAD_STATE_GENERAL_REGS, &registers,
                                          sizeof registers),
                     ZX_OK);
    ck_assert_uint_eq(registers.CODE_ADDRESS, 0);
    ck_assert_int_eq(set(exception, ZX_PROP_EXCEPTION_STATE, ZX_EXCEPTION_STATE_THREAD_EXIT),
                     ZX_OK);
    close_handle(exception);
    until(worker.handle, ZX_THREAD_TERMINATED);
    close_handle(channel);
    close_all();
}
END_TEST
#endif

START_TEST(killing_the_thread_leaves_the_exception_usable_and_without_effect) {
    open_all();
    const zx_handle_t channel = channel_of(worker.handle, 0);
    worker_start(&worker, touch_page, NULL);
    const zx_handle_t exception = next_fault(channel);
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(set(exception, ZX_PROP_EXCEPTION_STATE, ZX_EXCEPTION_STATE_HANDLED), ZX_OK);
    close_handle(exception);
    close_handle(channel);
    close_all();
}
END_TEST

START_TEST(a_suspended_thread_walks_the_handlers_before_it_stops) {
    open_all();
    const zx_handle_t first = channel_of(worker.handle, 0);
    const zx_handle_t second = channel_of(zx_process_self(), 0);
    worker_start(&worker, touch_page, NULL);
    const zx_handle_t passed_on = next_fault(first);
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend(worker.handle, &token), ZX_OK);
    close_handle(passed_on);
    const zx_handle_t exception = next_fault(second);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_BLOCKED_EXCEPTION);
    ck_assert_uint_eq(signals_of(worker.handle), ZX_THREAD_RUNNING);
    allow_page();
    handle(exception);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    ck_assert_uint_eq(*page, 0);
    close_handle(token);
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    ck_assert_uint_eq(*page, 77);
    close_handle(first);
    close_handle(second);
    close_all();
}
END_TEST

// --- Policies ---

static zx_handle_t full_port;
static atomic_int queue_calls;
static zx_status_t queue_result;

static void queue_packets(uintptr_t count, uintptr_t unused) {
    (void)unused;
    const zx_port_packet_t packet = {.key = 1};
    for (uintptr_t i = 0; i < count; i++) {
        queue_result = zx_port_queue(full_port, &packet);
        atomic_fetch_add(&queue_calls, 1);
    }
    zx_nanosleep(ZX_TIME_INFINITE);
}

enum { PORT_HOLDS = 4097 };

static void start_overfilling(void) {
    ck_assert_int_eq(zx_port_create(0, &full_port), ZX_OK);
    atomic_store(&queue_calls, 0);
    worker_start(&worker, queue_packets, (void *)(uintptr_t)(PORT_HOLDS + 2));
}

START_TEST(a_full_port_is_a_policy_error_after_which_the_call_fails) {
    open_all();
    const zx_handle_t channel = channel_of(zx_process_self(), 0);
    start_overfilling();
    const zx_handle_t exception = next_exception(channel, ZX_EXCP_POLICY_ERROR);
    ck_assert_int_eq(atomic_load(&queue_calls), PORT_HOLDS);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_BLOCKED_EXCEPTION);
    zx_exception_report_t report = {0};
    ck_assert_int_eq(zx_object_get_info(worker.handle, ZX_INFO_THREAD_EXCEPTION_REPORT, &report,
                                        sizeof report, NULL, NULL),
                     ZX_OK);
    ck_assert_uint_eq(report.header.type, ZX_EXCP_POLICY_ERROR);
    ck_assert_uint_eq(report.context.synth_code, ZX_EXCP_POLICY_CODE_PORT_TOO_MANY_PACKETS);
    ck_assert_uint_eq(report.context.arch.u.x86_64.vector, 0);
    handle(exception);
    const zx_handle_t second = next_exception(channel, ZX_EXCP_POLICY_ERROR);
    ck_assert_int_eq(atomic_load(&queue_calls), PORT_HOLDS + 1);
    ck_assert_int_eq(queue_result, ZX_ERR_SHOULD_WAIT);
    close_handle(second); // Handled by nobody, it leaves the status and nothing else.
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    ck_assert_int_eq(atomic_load(&queue_calls), PORT_HOLDS + 2);
    ck_assert_int_eq(queue_result, ZX_ERR_SHOULD_WAIT);
    close_handle(full_port);
    close_handle(channel);
    close_all();
}
END_TEST

START_TEST(killing_a_thread_in_a_policy_error_ends_it_in_that_call) {
    open_all();
    const zx_handle_t channel = channel_of(worker.handle, 0);
    start_overfilling();
    const zx_handle_t exception = next_exception(channel, ZX_EXCP_POLICY_ERROR);
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(atomic_load(&queue_calls), PORT_HOLDS);
    close_handle(exception);
    close_handle(full_port);
    close_handle(channel);
    close_all();
}
END_TEST

START_TEST(creating_and_reading_check_in_order) {
    open_all();
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_handle_t weak = without(ZX_RIGHT_INSPECT, worker.handle);
    const zx_handle_t blind = without(ZX_RIGHT_ENUMERATE, zx_process_self());
    ck_assert_int_eq(zx_task_create_exception_channel(0, 2, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_task_create_exception_channel(0, 0, &out), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_task_create_exception_channel(weak, 1, &out), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_task_create_exception_channel(worker.handle, 1, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_task_create_exception_channel(blind, 0, &out), ZX_ERR_ACCESS_DENIED);
    const zx_handle_t channel = channel_of(worker.handle, 0);
    ck_assert_int_eq(zx_task_create_exception_channel(worker.handle, 0, &out),
                     ZX_ERR_ALREADY_BOUND);
    zx_exception_info_t info;
    ck_assert_int_eq(read_channel(channel, &info, &out), ZX_ERR_SHOULD_WAIT);
    ck_assert_int_eq(zx_channel_read(channel, 2, &info, &out, 24, 1, NULL, NULL),
                     ZX_ERR_INVALID_ARGS);
    worker_start(&worker, touch_page, NULL);
    until(channel, ZX_CHANNEL_READABLE);
    uint32_t bytes = 0;
    uint32_t handles = 0;
    ck_assert_int_eq(zx_channel_read(channel, 0, &info, &out, 23, 1, &bytes, &handles),
                     ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(bytes, 24);
    ck_assert_uint_eq(handles, 1);
    finish_handled(next_fault(channel));
    close_handle(channel);
    close_handle(channel_of(worker.handle, 0)); // The closed one may be replaced.
    close_handle(weak);
    close_handle(blind);
    close_all();
}
END_TEST

// Each part of the message in turn. Nobody can answer a lost message, so the next handler is asked.
START_TEST(a_message_of_which_a_part_cannot_be_written_is_lost) {
    for (int i = 0; i < 4; i++) {
        zx_exception_info_t info;
        zx_handle_t out = ZX_HANDLE_INVALID;
        uint32_t bytes = 0;
        uint32_t handles = 0;
        open_all();
        const zx_handle_t channel = channel_of(worker.handle, 0);
        const zx_handle_t next = channel_of(zx_process_self(), 0);
        worker_start(&worker, touch_page, NULL);
        until(channel, ZX_CHANNEL_READABLE);
        ck_assert_int_eq(zx_channel_read(channel, 0, i == 0 ? bad_pointer(1) : &info,
                                         i == 1 ? bad_pointer(1) : &out, sizeof info, 1,
                                         i == 2 ? bad_pointer(1) : &bytes,
                                         i == 3 ? bad_pointer(1) : &handles),
                         ZX_ERR_INVALID_ARGS);
        finish_handled(next_fault(next));
        close_handle(next);
        close_handle(channel);
        close_all();
    }
}
END_TEST

// --- Kills and handlers that go, at once ---

enum { AT_ONCE = 100, KILL_ROUNDS = 50 };

static void fault(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    (void)*page;
}

static void assert_faults_are_still_told(void) {
#ifndef _WIN32
    struct sigaction now;
    ck_assert_int_eq(sigaction(SIGSEGV, NULL, &now), 0);
    ck_assert(now.sa_handler != SIG_DFL);
#endif
    ck_assert_int_eq(zx_port_create(0, bad_pointer(1)), ZX_ERR_INVALID_ARGS);
}

static unsigned faulting(const struct worker *workers, unsigned count) {
    unsigned result = 0;
    for (unsigned i = 0; i < count; i++) {
        result += state_of(workers[i].handle) == ZX_THREAD_STATE_BLOCKED_EXCEPTION;
    }
    return result;
}

static void fault_at_once(struct worker *workers, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        workers[i] = worker_run(fault, NULL);
    }
    while (faulting(workers, count) < count) {
        zx_nanosleep(0);
    }
}

static void until_all_ended(struct worker *workers, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        worker_end(&workers[i]);
    }
}

// For each thread the kill comes before or after the end of its handler.
START_TEST(threads_killed_in_exceptions_while_the_handler_goes_leave_the_process_alive) {
    struct worker workers[10];
    open_all();
    for (int round = 0; round < KILL_ROUNDS; round++) {
        const zx_handle_t channel = channel_of(zx_process_self(), 0);
        fault_at_once(workers, 10);
        for (int i = 0; i < 10; i++) {
            ck_assert_int_eq(zx_task_kill(workers[i].handle), ZX_OK);
        }
        close_handle(channel);
        until_all_ended(workers, 10);
        assert_faults_are_still_told();
    }
}
END_TEST

// More than a channel puts memory aside for.
START_TEST(a_hundred_threads_that_fault_at_once_are_all_told_of) {
    static struct worker workers[AT_ONCE];
    zx_handle_t exceptions[AT_ONCE];
    open_all();
    const zx_handle_t channel = channel_of(zx_process_self(), 0);
    fault_at_once(workers, AT_ONCE);
    for (int i = 0; i < AT_ONCE; i++) {
        zx_exception_info_t info;
        until(channel, ZX_CHANNEL_READABLE);
        ck_assert_int_eq(read_channel(channel, &info, &exceptions[i]), ZX_OK);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        ck_assert_int_eq(
            set(exceptions[i], ZX_PROP_EXCEPTION_STATE, ZX_EXCEPTION_STATE_THREAD_EXIT), ZX_OK);
        close_handle(exceptions[i]);
    }
    until_all_ended(workers, AT_ONCE);
    assert_faults_are_still_told();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_handled_exception_retries_the_instruction,
        rights_are_exact_and_exceptions_cannot_be_duplicated,
        closing_without_an_answer_asks_the_next_handler,
        a_debugger_can_have_a_second_chance_after_the_process,
        closing_a_channel_passes_on_what_nobody_has_read,
        an_exception_gives_handles_to_its_thread_and_process,
        the_state_thread_exit_ends_the_thread_alone,
#ifndef _WIN32 // Windows tells a thread of its faults on the stack that the thread has.
        a_thread_that_is_started_at_0_faults_there,
#endif
        killing_the_thread_leaves_the_exception_usable_and_without_effect,
        a_suspended_thread_walks_the_handlers_before_it_stops,
        a_full_port_is_a_policy_error_after_which_the_call_fails,
        killing_a_thread_in_a_policy_error_ends_it_in_that_call,
        creating_and_reading_check_in_order,
        a_message_of_which_a_part_cannot_be_written_is_lost,
        threads_killed_in_exceptions_while_the_handler_goes_leave_the_process_alive,
        a_hundred_threads_that_fault_at_once_are_all_told_of,
    };
    return run_tests("exception_channel", tests, sizeof tests / sizeof tests[0]);
}
