// SPDX-License-Identifier: MIT
//
// What tests of debug registers share: a suspended worker, and whether the host lets a process have
// debug registers, which is found out without the library. Where the host does not, and on all
// hosts but Linux, macOS and Windows on x86-64, every access gives ZX_ERR_NOT_SUPPORTED.
//
// An includer defines _GNU_SOURCE before its first #include.

#ifndef TESTS_DEBUG_FIXTURE_H
#define TESTS_DEBUG_FIXTURE_H

#include "guest_fixture.h"
#include "thread_fixture.h"

#ifdef HOST_SHOWS_X86_REGISTERS

#include <pthread.h>
#include <stddef.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#define DR6_NO_EVENT UINT64_C(0xffff0ff0)
#define DR7_NOTHING UINT64_C(0x700)
#define DR7_ENABLE_0 UINT64_C(1)
#define DR7_WRITE_8 (UINT64_C(9) << 16) // Breakpoint 0 watches stores to 8 bytes.

// What a worker uses.
struct worker_memory {
    atomic_int go;
    atomic_int finished;
    _Atomic(uint64_t) watched;
    atomic_int library_done;
    zx_handle_t event;
    pthread_t thread;
};

static struct worker_memory worker_memory;
static struct worker worker;
static zx_handle_t token;
static zx_handle_t channel; // The channel of the worker's exceptions.
static bool allowed;        // Whether the host allows debug registers.

// --- Whether the host allows it ---

#if defined(__linux__) && !defined(ZIRCONIA_PORTABLE)
static inline bool can_trace(pid_t process) {
    const uintptr_t control = offsetof(struct user, u_debugreg) + 7 * sizeof(uint64_t);
    int status = 0;
    return ptrace(PTRACE_SEIZE, process, NULL, NULL) == 0 &&
           ptrace(PTRACE_INTERRUPT, process, NULL, NULL) == 0 &&
           waitpid(process, &status, __WALL) == process && WIFSTOPPED(status) &&
           ptrace(PTRACE_POKEUSER, process, (void *)control, NULL) == 0 &&
           ptrace(PTRACE_DETACH, process, NULL, NULL) == 0;
}
#endif

static inline bool ask_host(void) {
#if defined(_WIN32)
    return true;
#elif defined(ZIRCONIA_PORTABLE)
    return false;
#elif defined(__APPLE__)
    return true;
#else
    prctl(PR_SET_PTRACER, (unsigned long)getpid(), 0, 0,
          0); // Fails where the host does not restrict tracers.
    const pid_t child = fork();
    if (child == 0) {
        _exit(can_trace(getppid()) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    prctl(PR_SET_PTRACER, 0, 0, 0, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
#endif
}

// --- The worker ---

static inline void suspend(void) {
    ck_assert_int_eq(zx_task_suspend(worker.handle, &token), ZX_OK);
    until(worker.handle, ZX_THREAD_SUSPENDED);
}

static inline void resume(void) {
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    until(worker.handle, ZX_THREAD_RUNNING);
}

static inline void until_set(const atomic_int *flag) {
    while (atomic_load(flag) == 0) {
        zx_nanosleep(0);
    }
}

static inline zx_status_t read_debug(zx_thread_state_debug_regs_t *out) {
    return zx_thread_read_state(worker.handle, ZX_THREAD_STATE_DEBUG_REGS, out, sizeof *out);
}

static inline zx_status_t write_debug(const zx_thread_state_debug_regs_t *from) {
    return zx_thread_write_state(worker.handle, ZX_THREAD_STATE_DEBUG_REGS, from, sizeof *from);
}

static inline zx_thread_state_debug_regs_t registers(void) {
    zx_thread_state_debug_regs_t debug;
    memset(&debug, 0xee, sizeof debug);
    ck_assert_int_eq(read_debug(&debug), ZX_OK);
    return debug;
}

static inline zx_thread_state_general_regs_t general_registers(void) {
    zx_thread_state_general_regs_t general;
    ck_assert_int_eq(
        zx_thread_read_state(worker.handle, ZX_THREAD_STATE_GENERAL_REGS, &general, sizeof general),
        ZX_OK);
    return general;
}

static inline void set_breakpoint(uintptr_t address, uint64_t control) {
    const zx_thread_state_debug_regs_t debug = {.dr = {address}, .dr7 = control};
    ck_assert_int_eq(write_debug(&debug), ZX_OK);
}

static inline void end(void) {
    worker_end(&worker);
    if (channel != ZX_HANDLE_INVALID) {
        ck_assert_int_eq(zx_handle_close(channel), ZX_OK);
    }
}

// Makes a suspended worker. False where the host forbids debug registers: then every access has
// given its documented status, and the worker has ended.
static inline bool start(thread_fn *function) {
    worker = worker_run(function, &worker_memory);
    ck_assert_int_eq(zx_task_create_exception_channel(worker.handle, 0, &channel), ZX_OK);
    suspend();
    if (allowed) {
        return true;
    }
    const zx_thread_state_debug_regs_t nothing = {.dr7 = DR7_NOTHING};
    zx_thread_state_debug_regs_t debug;
    ck_assert_int_eq(read_debug(&debug), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(write_debug(&nothing), ZX_ERR_NOT_SUPPORTED);
    end();
    return false;
}

#else

static void sleep_for_ever(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    zx_nanosleep(ZX_TIME_INFINITE);
}

START_TEST(debug_registers_are_not_supported) {
    struct worker worker = worker_run(sleep_for_ever, NULL);
    zx_thread_state_debug_regs_t debug = {0};
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend(worker.handle, &token), ZX_OK);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    ck_assert_int_eq(
        zx_thread_read_state(worker.handle, ZX_THREAD_STATE_DEBUG_REGS, &debug, sizeof debug),
        ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(
        zx_thread_write_state(worker.handle, ZX_THREAD_STATE_DEBUG_REGS, &debug, sizeof debug),
        ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    worker_end(&worker);
}
END_TEST

static int run_refused(const char *name) {
    const TTest *const tests[] = {debug_registers_are_not_supported};
    return run_tests(name, tests, 1);
}

#endif

#endif // TESTS_DEBUG_FIXTURE_H
