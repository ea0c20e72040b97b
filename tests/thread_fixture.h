// SPDX-License-Identifier: MIT
//
// What tests of threads share: client threads on stacks of their own, waiting for a thread's
// signals and states, and a worker that counts, so that a stopped one can be told from a slow one.

#ifndef TESTS_THREAD_FIXTURE_H
#define TESTS_THREAD_FIXTURE_H

// Whether the host shows the registers of a stopped thread.
#if defined(__x86_64__) && (defined(__linux__) || defined(__APPLE__) || defined(_WIN32))
#define HOST_SHOWS_REGISTERS 1
#define HOST_SHOWS_X86_REGISTERS 1
#elif defined(__aarch64__) && (defined(__linux__) || defined(__APPLE__))
#define HOST_SHOWS_REGISTERS 1
#define HOST_SHOWS_ARM64_REGISTERS 1
#endif

#include "handles.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <zircon/process.h>
#include <zircon/syscalls/debug.h>
#include <zircon/syscalls/exception.h>

enum { STACK_SIZE = 1 << 18 };

// The first address that no program has; what the host's processor calls where a thread is; and an
// instruction that it does not have.
#if defined(__aarch64__) || defined(_M_ARM64)
#define ADDRESS_LIMIT (UINT64_C(1) << 48)
#define CODE_ADDRESS pc
#define UNDEFINED_INSTRUCTION ".inst 0\n"
enum { GENERAL_SIZE_2018 = 272, UNDEFINED_SIZE = 4 };
#else
#define ADDRESS_LIMIT (UINT64_C(1) << 47)
#define CODE_ADDRESS rip
#define UNDEFINED_INSTRUCTION "ud2\n"
enum { GENERAL_SIZE_2018 = 144, UNDEFINED_SIZE = 2 };
#endif

// The name that assembly has for a function. macOS would put an underscore before it.
#define IN_ASSEMBLY(name) __asm__(#name)

typedef void thread_fn(uintptr_t first, uintptr_t second);

struct worker {
    zx_handle_t handle;
    unsigned char *stack;
};

static inline struct worker worker_new(void) {
    struct worker worker = {.stack = malloc(STACK_SIZE)};
    ck_assert_ptr_nonnull(worker.stack);
    ck_assert_int_eq(zx_thread_create(zx_process_self(), "worker", 6, 0, &worker.handle), ZX_OK);
    return worker;
}

// The stack pointer as a called function finds it: on x86-64 8 bytes off a multiple of 16, below
// the bytes of the caller's stack that Windows lets it use.
static inline uintptr_t worker_stack(const struct worker *worker) {
#if defined(_WIN32)
    enum { BELOW = 32 + 8 };
#elif defined(__x86_64__)
    enum { BELOW = 8 };
#else
    enum { BELOW = 0 };
#endif
    return (((uintptr_t)worker->stack + STACK_SIZE) & ~(uintptr_t)15) - BELOW;
}

static inline void worker_start(const struct worker *worker, thread_fn *function, void *argument) {
    ck_assert_int_eq(zx_thread_start(worker->handle, (zx_vaddr_t)function, worker_stack(worker),
                                     (uintptr_t)argument, 0),
                     ZX_OK);
}

static inline struct worker worker_run(thread_fn *function, void *argument) {
    const struct worker worker = worker_new();
    worker_start(&worker, function, argument);
    return worker;
}

static inline zx_signals_t until(zx_handle_t handle, zx_signals_t signals) {
    zx_signals_t observed = 0;
    ck_assert_int_eq(zx_object_wait_one(handle, signals, ZX_TIME_INFINITE, &observed), ZX_OK);
    return observed;
}

static inline void worker_end(struct worker *worker) {
    ck_assert_int_eq(zx_task_kill(worker->handle), ZX_OK);
    until(worker->handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(zx_handle_close(worker->handle), ZX_OK);
    free(worker->stack);
}

static inline uint32_t state_of(zx_handle_t handle) {
    zx_info_thread_t info = {0};
    ck_assert_int_eq(zx_object_get_info(handle, ZX_INFO_THREAD, &info, sizeof info, NULL, NULL),
                     ZX_OK);
    return info.state;
}

static inline void until_state(zx_handle_t handle, uint32_t state) {
    while (state_of(handle) != state) {
        zx_nanosleep(0);
    }
}

// The token of a thread that is suspended before the deadline at which it will end, or
// ZX_HANDLE_INVALID when that came first, as on a busy machine.
static inline zx_handle_t suspend_before(zx_handle_t handle, zx_time_t deadline) {
    zx_handle_t token = ZX_HANDLE_INVALID;
    if (zx_task_suspend_token(handle, &token) != ZX_OK) {
        return ZX_HANDLE_INVALID;
    }
    const zx_signals_t signals = until(handle, ZX_THREAD_SUSPENDED | ZX_THREAD_TERMINATED);
    if ((signals & ZX_THREAD_SUSPENDED) != 0 && zx_clock_get_monotonic() < deadline) {
        return token;
    }
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    return ZX_HANDLE_INVALID;
}

// A worker's argument that it counts in, without ever entering the library.
static inline void count_for_ever(uintptr_t counter, uintptr_t unused) {
    (void)unused;
    for (;;) {
        atomic_fetch_add_explicit((_Atomic(uint64_t) *)counter, 1, memory_order_relaxed);
    }
}

static inline void until_counted(_Atomic(uint64_t) *counter) {
    const uint64_t before = atomic_load(counter);
    while (atomic_load(counter) < before + 1000) {
        zx_nanosleep(0);
    }
}

// Another thread counts so far meanwhile that this one, if it could, would have come to count too.
static inline void assert_stands_still(_Atomic(uint64_t) *counter) {
    static _Atomic(uint64_t) reference;
    const uint64_t before = atomic_load(counter);
    struct worker other = worker_run(count_for_ever, &reference);
    const uint64_t enough = atomic_load(&reference) + 10000000;
    while (atomic_load(&reference) < enough) {
        zx_nanosleep(0);
    }
    ck_assert_uint_eq(atomic_load(counter), before);
    worker_end(&other);
}

#endif // TESTS_THREAD_FIXTURE_H
