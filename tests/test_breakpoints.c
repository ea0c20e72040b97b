// SPDX-License-Identifier: MIT
//
// Breakpoints and watchpoints that debug registers set, as exceptions (objects ABI 6.4, 8.1, 8.7).

#if defined(__x86_64__) && (defined(__linux__) || defined(__APPLE__) || defined(_WIN32))

#define _GNU_SOURCE // __WALL, struct user

#include "debug_fixture.h"

#include <signal.h>
#include <stdio.h>

// store_twice(worker_memory) waits until it may, and writes to what may be watched; then it spins.
__asm__(".text\n"
        "store_twice:\n"
        "    cmpl $0, 0(%rdi)\n"
        "    je store_twice\n"
        "store_first:\n"
        "    movq $1, 8(%rdi)\n"
        "store_second:\n"
        "    movq $2, 8(%rdi)\n"
        "store_done:\n"
        "    movl $1, 4(%rdi)\n"
        "store_end:\n"
        "    jmp store_end\n");
void store_twice(uintptr_t first, uintptr_t second) IN_ASSEMBLY(store_twice);
void store_first(void) IN_ASSEMBLY(store_first);
void store_second(void) IN_ASSEMBLY(store_second);
void store_done(void) IN_ASSEMBLY(store_done);

_Static_assert(offsetof(struct worker_memory, finished) == 4, "store_twice");
_Static_assert(offsetof(struct worker_memory, watched) == 8, "store_twice");

static void have_library_store(uintptr_t first, uintptr_t second) {
    (void)second;
    struct worker_memory *own = (struct worker_memory *)first;
    while (atomic_load(&own->go) == 0) {
    }
    zx_object_wait_one(own->event, ZX_EVENT_SIGNALED, ZX_TIME_INFINITE,
                       (zx_signals_t *)(uintptr_t)&own->watched);
    atomic_store(&own->library_done, 1);
    atomic_store(&own->watched, 2);
    atomic_store(&own->finished, 1);
    for (;;) {
    }
}

#if defined(__linux__) && !defined(ZIRCONIA_PORTABLE)

// Some virtual machines take debug registers and never act by them. A child is watched by ptrace
// alone as it stores.
static bool host_acts_by_them(void) {
    static volatile uint64_t watched;
    const uintptr_t place = offsetof(struct user, u_debugreg);
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        watched = 1;
        _exit(0);
    }
    waitpid(child, &status, 0);
    ptrace(PTRACE_POKEUSER, child, (void *)place, (void *)(uintptr_t)&watched);
    ptrace(PTRACE_POKEUSER, child, (void *)(place + 7 * sizeof(uint64_t)),
           (void *)(uintptr_t)(DR7_ENABLE_0 | DR7_WRITE_8));
    ptrace(PTRACE_CONT, child, NULL, NULL);
    waitpid(child, &status, 0);
    const bool hit = WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
    if (!WIFEXITED(status)) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    return hit;
}

#else

static bool host_acts_by_them(void) {
    return true;
}

#endif

static bool acts; // What the above found.

// Makes a suspended worker. False where no breakpoint would be hit.
static bool start_breakable(thread_fn *function) {
    if (!start(function)) {
        return false;
    }
    if (!acts) {
        end();
    }
    return acts;
}

// Takes the next exception from the channel. It must be a hardware breakpoint with these events in
// DR6, and the thread must stand before the instruction at `stands_at`.
static zx_handle_t next_breakpoint(void (*stands_at)(void), uint64_t events) {
    zx_exception_info_t info = {0};
    zx_handle_t exception = ZX_HANDLE_INVALID;
    until(channel, ZX_CHANNEL_READABLE);
    ck_assert_int_eq(zx_channel_read(channel, 0, &info, &exception, sizeof info, 1, NULL, NULL),
                     ZX_OK);
    ck_assert_uint_eq(info.type, ZX_EXCP_HW_BREAKPOINT);
    zx_exception_report_t report = {0};
    ck_assert_int_eq(zx_object_get_info(worker.handle, ZX_INFO_THREAD_EXCEPTION_REPORT, &report,
                                        sizeof report, NULL, NULL),
                     ZX_OK);
    ck_assert_uint_eq(report.context.arch.u.x86_64.vector, 1);
    ck_assert_uint_eq(report.context.arch.u.x86_64.err_code, 0);
    ck_assert_uint_eq(registers().dr6, DR6_NO_EVENT | events);
    if (stands_at != NULL) {
        ck_assert_uint_eq(general_registers().rip, (uintptr_t)stands_at);
    }
    return exception;
}

static void handle(zx_handle_t exception) {
    const uint32_t handled = ZX_EXCEPTION_STATE_HANDLED;
    ck_assert_int_eq(
        zx_object_set_property(exception, ZX_PROP_EXCEPTION_STATE, &handled, sizeof handled),
        ZX_OK);
    ck_assert_int_eq(zx_handle_close(exception), ZX_OK);
}

static void assert_not_told(void) {
    ck_assert_int_eq(zx_object_wait_one(channel, ZX_CHANNEL_READABLE, 0, NULL), ZX_ERR_TIMED_OUT);
}

START_TEST(a_write_watchpoint_is_a_hardware_breakpoint_after_each_write) {
    if (!start_breakable(store_twice)) {
        return;
    }
    set_breakpoint((uintptr_t)&worker_memory.watched, DR7_ENABLE_0 | DR7_WRITE_8);
    resume();
    assert_not_told();
    atomic_store(&worker_memory.go, 1);
    const zx_handle_t first = next_breakpoint(store_second, 1);
    ck_assert_uint_eq(atomic_load(&worker_memory.watched), 1);
    handle(first);
    const zx_handle_t second = next_breakpoint(store_done, 1);
    ck_assert_uint_eq(atomic_load(&worker_memory.watched), 2);
    handle(second);
    until_set(&worker_memory.finished);
    assert_not_told();
    end();
}
END_TEST

START_TEST(an_instruction_breakpoint_is_hit_again_until_it_is_cleared) {
    if (!start_breakable(store_twice)) {
        return;
    }
    set_breakpoint((uintptr_t)store_first, DR7_ENABLE_0);
    resume();
    atomic_store(&worker_memory.go, 1);
    for (int i = 0; i < 3; i++) {
        const zx_handle_t exception = next_breakpoint(store_first, 1);
        ck_assert_uint_eq(atomic_load(&worker_memory.watched), 0);
        handle(exception);
    }
    const zx_handle_t last = next_breakpoint(store_first, 1);
    set_breakpoint(0, 0); // Removes the breakpoint while the thread is in an exception.
    handle(last);
    until_set(&worker_memory.finished);
    assert_not_told();
    end();
}
END_TEST

// The other thread has no handler, so a breakpoint there would end the process.
START_TEST(breakpoints_of_one_thread_are_not_those_of_another) {
    if (!start_breakable(store_twice)) {
        return;
    }
    set_breakpoint((uintptr_t)&worker_memory.watched, DR7_ENABLE_0 | DR7_WRITE_8);
    const struct worker watched = worker;
    const zx_handle_t watched_token = token;
    worker = worker_run(store_twice, &worker_memory);
    suspend();
    ck_assert_uint_eq(registers().dr[0], 0);
    ck_assert_uint_eq(registers().dr7, DR7_NOTHING);
    atomic_store(&worker_memory.go, 1);
    resume();
    until_set(&worker_memory.finished);
    worker_end(&worker);
    worker = watched;
    ck_assert_uint_eq(registers().dr[0], (uintptr_t)&worker_memory.watched);
    ck_assert_uint_eq(registers().dr6, DR6_NO_EVENT);
    assert_not_told();
    ck_assert_int_eq(zx_handle_close(watched_token), ZX_OK);
    handle(next_breakpoint(store_second, 1));
    end();
}
END_TEST

START_TEST(what_a_call_writes_for_the_thread_hits_no_watchpoint) {
    ck_assert_int_eq(zx_event_create(0, &worker_memory.event), ZX_OK);
    ck_assert_int_eq(zx_object_signal(worker_memory.event, 0, ZX_EVENT_SIGNALED), ZX_OK);
    if (start_breakable(have_library_store)) {
        set_breakpoint((uintptr_t)&worker_memory.watched, DR7_ENABLE_0 | DR7_WRITE_8);
        ck_assert_int_eq(zx_handle_close(token), ZX_OK);
        atomic_store(&worker_memory.go, 1);
        const zx_handle_t exception = next_breakpoint(NULL, 1);
        ck_assert_int_eq(atomic_load(&worker_memory.library_done), 1);
        handle(exception);
        until_set(&worker_memory.finished);
        end();
    }
    ck_assert_int_eq(zx_handle_close(worker_memory.event), ZX_OK);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_write_watchpoint_is_a_hardware_breakpoint_after_each_write,
        an_instruction_breakpoint_is_hit_again_until_it_is_cleared,
        breakpoints_of_one_thread_are_not_those_of_another,
        what_a_call_writes_for_the_thread_hits_no_watchpoint,
    };
    allowed = ask_host();
    acts = host_acts_by_them();
    if (allowed && !acts) {
        fprintf(stderr, "left out: this host takes debug registers and does not act by them\n");
    }
    return run_tests("breakpoints", tests, sizeof tests / sizeof tests[0]);
}

#else

#include "debug_fixture.h"

int main(void) {
    return run_refused("breakpoints");
}

#endif
