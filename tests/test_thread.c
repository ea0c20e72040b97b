// SPDX-License-Identifier: MIT
//
// Threads: making, starting, naming, finding and ending them, by every road (objects ABI 6).

#include "guest_fixture.h"
#include "other_thread.h"
#include "sanitized.h"
#include "thread_fixture.h"

#include <pthread.h>
#include <string.h>

static void exit_at_once(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    zx_thread_exit();
}

START_TEST(a_new_thread_has_no_signals_and_is_new) {
    struct worker worker = worker_new();
    ck_assert_uint_eq(signals_of(worker.handle), 0);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_NEW);
    const zx_info_handle_basic_t info = basic_info(worker.handle);
    ck_assert_uint_eq(info.type, ZX_OBJ_TYPE_THREAD);
    ck_assert_uint_eq(info.rights, 0x4d2cf);
    ck_assert_uint_eq(info.related_koid, koid_of(zx_process_self()));
    ck_assert_int_eq(zx_handle_close(worker.handle), ZX_OK);
    free(worker.stack);
}
END_TEST

START_TEST(a_started_thread_is_running_when_the_call_returns) {
    static _Atomic(uint64_t) counter;
    struct worker worker = worker_run(count_for_ever, &counter);
    ck_assert_uint_eq(signals_of(worker.handle), ZX_THREAD_RUNNING);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_RUNNING);
    until_counted(&counter);
    worker_end(&worker);
}
END_TEST

START_TEST(a_thread_that_exits_is_terminated_and_nothing_else) {
    struct worker worker = worker_run(exit_at_once, NULL);
    ck_assert_uint_eq(until(worker.handle, ZX_THREAD_TERMINATED), ZX_THREAD_TERMINATED);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_DEAD);
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    ck_assert_int_eq(zx_thread_start(worker.handle, 1, 0, 0, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_thread_start(worker.handle, 0, 0, 0, 0), ZX_ERR_BAD_STATE);
    worker_end(&worker);
}
END_TEST

#if defined(__x86_64__)
struct first_registers {
    uint64_t values[10];
    atomic_int filled;
};

// Keeps what the entry finds before a compiler's code changes it.
__asm__(".text\n"
        "keep_registers:\n"
        "    mov %rsp, 0(%rdi)\n"
        "    mov %rdi, 8(%rdi)\n"
        "    mov %rsi, 16(%rdi)\n"
        "    mov %rax, 24(%rdi)\n"
        "    mov %rbx, 32(%rdi)\n"
        "    mov %rbp, 40(%rdi)\n"
        "    mov %r15, 48(%rdi)\n"
        "    mov %rcx, 56(%rdi)\n"
        "    mov %r11, 64(%rdi)\n"
        "    jmp registers_kept\n");
void keep_registers(uintptr_t first, uintptr_t second) IN_ASSEMBLY(keep_registers);
void registers_kept(struct first_registers *to) IN_ASSEMBLY(registers_kept);

__attribute__((used)) void registers_kept(struct first_registers *to) {
    atomic_store(&to->filled, 1);
    zx_thread_exit();
}

START_TEST(a_thread_begins_with_its_stack_its_arguments_and_zeros) {
    struct worker worker = worker_new();
    struct first_registers first = {0};
    ck_assert_int_eq(zx_thread_start(worker.handle, (zx_vaddr_t)keep_registers,
                                     worker_stack(&worker), (uintptr_t)&first, 0x1234),
                     ZX_OK);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(atomic_load(&first.filled), 1);
    ck_assert_uint_eq(first.values[0], worker_stack(&worker));
    ck_assert_uint_eq(first.values[1], (uintptr_t)&first);
    ck_assert_uint_eq(first.values[2], 0x1234);
#ifdef _WIN32
    first.values[7] -= (uintptr_t)&first; // RCX, where functions of Windows take it.
#endif
    for (int i = 3; i < 9; i++) {
        ck_assert_uint_eq(first.values[i], 0);
    }
    worker_end(&worker);
}
END_TEST
#endif

START_TEST(a_name_is_cut_after_31_bytes) {
    const char *name = "a name that is much longer than a name may be";
    zx_handle_t thread = ZX_HANDLE_INVALID;
    char got[ZX_MAX_NAME_LEN];
    ck_assert_int_eq(zx_thread_create(zx_process_self(), name, strlen(name), 0, &thread), ZX_OK);
    ck_assert_int_eq(zx_object_get_property(thread, ZX_PROP_NAME, got, sizeof got), ZX_OK);
    ck_assert_int_eq(strncmp(got, name, 31), 0);
    ck_assert_int_eq(got[31], 0);
    ck_assert_int_eq(zx_handle_close(thread), ZX_OK);
}
END_TEST

START_TEST(creating_checks_options_name_process_and_rights_in_that_order) {
    const zx_handle_t process = zx_process_self();
    const zx_handle_t weak = without(ZX_RIGHT_MANAGE_THREAD, process);
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_thread_create(ZX_HANDLE_INVALID, "", 0, 1, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_thread_create(ZX_HANDLE_INVALID, NULL, 0, 0, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_thread_create(ZX_HANDLE_INVALID, "", 0, 0, &out), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_thread_create(weak, "", 0, 0, &out), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_thread_create(zx_thread_self(), "", 0, 0, &out), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_thread_create(process, "", 0, 0, NULL), ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(out, ZX_HANDLE_INVALID);
    ck_assert_int_eq(zirconia_2018_thread_create(weak, "", 0, 0, &out), ZX_OK);
    ck_assert_int_eq(zx_handle_close(out), ZX_OK);
    ck_assert_int_eq(zx_handle_close(weak), ZX_OK);
}
END_TEST

START_TEST(starting_checks_rights_entry_and_state) {
    struct worker worker = worker_new();
    const zx_handle_t weak = without(ZX_RIGHT_MANAGE_THREAD, worker.handle);
    const zx_vaddr_t entry = (zx_vaddr_t)exit_at_once;
    const zx_vaddr_t stack = worker_stack(&worker);
    ck_assert_int_eq(zx_thread_start(weak, entry, stack, 0, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_thread_start(zx_process_self(), entry, stack, 0, 0), ZX_ERR_WRONG_TYPE);
    static const zx_vaddr_t nowhere[] = {1, 4095, ADDRESS_LIMIT, 0xffffff8000000000};
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        ck_assert_int_eq(zx_thread_start(worker.handle, nowhere[i], stack, 0, 0),
                         ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zirconia_2018_thread_start(weak, entry, stack, 0, 0), ZX_OK);
    ck_assert_int_eq(zx_thread_start(worker.handle, entry, stack, 0, 0), ZX_ERR_BAD_STATE);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(zx_handle_close(weak), ZX_OK);
    worker_end(&worker);
}
END_TEST

START_TEST(killing_a_new_thread_changes_nothing) {
    struct worker worker = worker_new();
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_NEW);
    worker_start(&worker, exit_at_once, NULL);
    until(worker.handle, ZX_THREAD_TERMINATED);
    worker_end(&worker);
}
END_TEST

START_TEST(killing_a_busy_thread_ends_it) {
    static _Atomic(uint64_t) counter;
    struct worker worker = worker_run(count_for_ever, &counter);
    until_counted(&counter);
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    ck_assert_uint_eq(until(worker.handle, ZX_THREAD_TERMINATED), ZX_THREAD_TERMINATED);
    assert_stands_still(&counter);
    worker_end(&worker);
}
END_TEST

static void sleep_for_ever(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    zx_nanosleep(ZX_TIME_INFINITE);
    ck_abort_msg("the sleep ended");
}

static void wait_for_event(uintptr_t event, uintptr_t second) {
    (void)second;
    zx_object_wait_one((zx_handle_t)event, ZX_EVENT_SIGNALED, ZX_TIME_INFINITE, NULL);
    ck_abort_msg("the wait ended");
}

START_TEST(killing_ends_sleeping_and_waiting_threads) {
    zx_handle_t event = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    struct worker sleeper = worker_run(sleep_for_ever, NULL);
    struct worker waiter = worker_run(wait_for_event, (void *)(uintptr_t)event);
    until_state(sleeper.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    until_state(waiter.handle, ZX_THREAD_STATE_BLOCKED_WAIT_ONE);
    worker_end(&sleeper);
    worker_end(&waiter);
    ck_assert_int_eq(zx_handle_close(event), ZX_OK);
}
END_TEST

static void kill_myself(uintptr_t unused, uintptr_t second) {
    (void)unused;
    (void)second;
    zx_task_kill(zx_thread_self());
    ck_abort_msg("killing itself returned");
}

START_TEST(killing_itself_does_not_return) {
    struct worker worker = worker_run(kill_myself, NULL);
    until(worker.handle, ZX_THREAD_TERMINATED);
    worker_end(&worker);
}
END_TEST

START_TEST(kill_checks_the_handle_the_right_and_the_type) {
    const zx_handle_t weak = without(ZX_RIGHT_DESTROY, zx_thread_self());
    zx_handle_t event = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    ck_assert_int_eq(zx_task_kill(ZX_HANDLE_INVALID), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_task_kill(weak), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_task_kill(event), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_handle_close(event), ZX_OK);
    ck_assert_int_eq(zx_handle_close(weak), ZX_OK);
}
END_TEST

// --- Adopted threads ---

struct adopted {
    zx_handle_t handle; // A second one, for others.
    atomic_int told;
    atomic_int may_end;
    bool by_pthread_exit;
    bool waits;
    zx_time_t deadline;
};

static void *be_adopted(void *argument) {
    struct adopted *self = argument;
    ck_assert_uint_eq(zx_thread_self(), zx_thread_self());
    zx_handle_duplicate(zx_thread_self(), ZX_RIGHT_SAME_RIGHTS, &self->handle);
    atomic_store(&self->told, 1);
    while (!atomic_load(&self->may_end)) {
        if (self->waits) {
            zx_nanosleep(self->deadline);
        }
        for (volatile int i = 0; i < 10000; i++) { // Some time between two calls.
        }
    }
    if (self->by_pthread_exit) {
        pthread_exit(NULL);
    }
    return NULL;
}

static pthread_t adopt(struct adopted *adopted) {
    const pthread_t thread = start_thread(be_adopted, adopted);
    while (!atomic_load(&adopted->told)) {
        zx_nanosleep(0);
    }
    return thread;
}

START_TEST(a_thread_of_the_clients_own_is_adopted_at_its_first_call) {
    for (int by_pthread_exit = 0; by_pthread_exit < 2; by_pthread_exit++) {
        struct adopted adopted = {.by_pthread_exit = by_pthread_exit == 1};
        const pthread_t thread = adopt(&adopted);
        ck_assert_uint_eq(signals_of(adopted.handle), ZX_THREAD_RUNNING);
        ck_assert_uint_eq(state_of(adopted.handle), ZX_THREAD_STATE_RUNNING);
        atomic_store(&adopted.may_end, 1);
        join_thread(thread);
        ck_assert_uint_eq(signals_of(adopted.handle), ZX_THREAD_TERMINATED);
        ck_assert_int_eq(zx_handle_close(adopted.handle), ZX_OK);
    }
}
END_TEST

// Between two calls as well as in one.
START_TEST(an_adopted_thread_that_makes_calls_can_be_killed) {
    for (int i = 0; i < 100; i++) {
        struct adopted adopted = {.waits = true};
        const pthread_t thread = adopt(&adopted);
        ck_assert_int_eq(zx_task_kill(adopted.handle), ZX_OK);
        until(adopted.handle, ZX_THREAD_TERMINATED);
        join_thread(thread);
        ck_assert_int_eq(zx_handle_close(adopted.handle), ZX_OK);
    }
}
END_TEST

// Under ThreadSanitizer one that makes no calls goes on.
START_TEST(an_adopted_thread_can_be_killed_busy_or_blocked) {
    for (int waits = THREAD_SANITIZED; waits < 2; waits++) {
        struct adopted adopted = {.waits = waits == 1, .deadline = ZX_TIME_INFINITE};
        const pthread_t thread = adopt(&adopted);
        if (adopted.waits) {
            until_state(adopted.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
        }
        ck_assert_int_eq(zx_task_kill(adopted.handle), ZX_OK);
        until(adopted.handle, ZX_THREAD_TERMINATED);
        join_thread(thread);
        ck_assert_int_eq(zx_handle_close(adopted.handle), ZX_OK);
    }
}
END_TEST

// --- The process and its job ---

START_TEST(the_process_lists_its_living_threads) {
    struct worker worker = worker_run(sleep_for_ever, NULL);
    const zx_koid_t koid = koid_of(worker.handle);
    zx_koid_t koids[64];
    size_t actual = 0;
    size_t available = 0;
    bool found = false;
    // The thread lists itself as it begins to run.
    while (!found) {
        ck_assert_int_eq(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_THREADS, koids,
                                            sizeof koids, &actual, &available),
                         ZX_OK);
        for (size_t i = 0; i < actual; i++) {
            found = found || koids[i] == koid;
        }
    }
    ck_assert_uint_eq(actual, 2);
    ck_assert_uint_eq(available, 2);
    zx_handle_t child = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_object_get_child(zx_process_self(), koid, ZX_RIGHT_SAME_RIGHTS, &child),
                     ZX_OK);
    ck_assert_uint_eq(koid_of(child), koid);
    ck_assert_int_eq(zx_handle_close(child), ZX_OK);
    worker_end(&worker);
    ck_assert_int_eq(zx_object_get_child(zx_process_self(), koid, ZX_RIGHT_SAME_RIGHTS, &child),
                     ZX_ERR_NOT_FOUND);
}
END_TEST

START_TEST(process_and_job_know_each_other) {
    const zx_koid_t process = koid_of(zx_process_self());
    const zx_info_handle_basic_t info = basic_info(zx_process_self());
    ck_assert_uint_eq(info.rights, 0x6d3cf);
    ck_assert_uint_eq(info.related_koid, koid_of(zx_job_default()));
    zx_koid_t koid = 0;
    size_t count = 0;
    ck_assert_int_eq(zx_object_get_info(zx_job_default(), ZX_INFO_JOB_PROCESSES, &koid, sizeof koid,
                                        &count, NULL),
                     ZX_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(koid, process);
    zx_info_process_t state = {0};
    ck_assert_int_eq(
        zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS, &state, sizeof state, NULL, NULL),
        ZX_OK);
    ck_assert_uint_eq(state.flags, ZX_INFO_PROCESS_FLAG_STARTED);
}
END_TEST

#if !THREAD_SANITIZED

static void end_by_the_host(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    pthread_exit(NULL);
}

// The bottom of its stack is 0, as a debugger's or the host's search for callers expects.
START_TEST(a_thread_that_the_host_ends_is_dead) {
    struct worker worker = worker_new();
    memset(worker.stack, 0, STACK_SIZE);
    worker_start(&worker, end_by_the_host, NULL);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_DEAD);
    ck_assert_int_eq(zx_handle_close(worker.handle), ZX_OK);
    free(worker.stack);
}
END_TEST

#endif

int main(void) {
    const TTest *const tests[] = {
        a_new_thread_has_no_signals_and_is_new,
        a_started_thread_is_running_when_the_call_returns,
        a_thread_that_exits_is_terminated_and_nothing_else,
#if defined(__x86_64__)
        a_thread_begins_with_its_stack_its_arguments_and_zeros,
#endif
        a_name_is_cut_after_31_bytes,
        creating_checks_options_name_process_and_rights_in_that_order,
        starting_checks_rights_entry_and_state,
        killing_a_new_thread_changes_nothing,
        killing_a_busy_thread_ends_it,
        killing_ends_sleeping_and_waiting_threads,
        killing_itself_does_not_return,
#if !THREAD_SANITIZED
        a_thread_that_the_host_ends_is_dead,
#endif
        kill_checks_the_handle_the_right_and_the_type,
        a_thread_of_the_clients_own_is_adopted_at_its_first_call,
        an_adopted_thread_that_makes_calls_can_be_killed,
        an_adopted_thread_can_be_killed_busy_or_blocked,
        the_process_lists_its_living_threads,
        process_and_job_know_each_other,
    };
    return run_tests("thread", tests, sizeof tests / sizeof tests[0]);
}
