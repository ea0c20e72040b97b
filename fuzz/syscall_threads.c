// SPDX-License-Identifier: MIT
//
// The threads that inputs of fuzz_syscalls make: the few programs that they run, how they are kept
// from ending or harming the target, and their end. A thread with any stack and any registers
// executes nothing but its program (syscall_programs.h); where there are none, none is started.

#include "syscall_programs.h"
#include "syscall_state.h"

#include "platform/platform.h"

#include <pthread.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/debug.h>
#include <zircon/syscalls/exception.h>
#include <zircon/syscalls/object.h>

#ifdef _WIN32
#include <windows.h>
#endif

#if defined(__has_feature)
#define ADDRESS_SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZED 1
#else
#define ADDRESS_SANITIZED 0
#endif
#if ADDRESS_SANITIZED
void __asan_unpoison_memory_region(const volatile void *address, size_t size);
#endif

#ifdef _WIN32
#define HOST_THREAD ((uintptr_t)GetCurrentThreadId())
#define NEEDS_STACK true
#else
#define HOST_THREAD ((uintptr_t)pthread_self())
#define NEEDS_STACK false
#endif

#if defined(__aarch64__) || defined(_M_ARM64)
#define CODE_ADDRESS pc
#define STACK_ADDRESS sp
#else
#define CODE_ADDRESS rip
#define STACK_ADDRESS rsp
#endif

enum { STACK_SIZE = 0x10000, LONGEST_END_S = 5 };

static uint8_t *programs;
static _Alignas(16) uint8_t stacks[THREADS][STACK_SIZE];

// Bound to the job, so that it is asked when no handler of the input's takes an exception. It never
// answers: the thread waits for its end.
static zx_handle_t last_handler;

static void make_programs(void) {
    const size_t size = platform_page_size();
    programs = platform_reserve(size);
    state_require(programs != NULL &&
                      platform_protect(programs, size, PLATFORM_READ | PLATFORM_WRITE),
                  "no memory for programs");
    memcpy(programs, program_bytes, sizeof program_bytes);
    state_require(platform_protect(programs, size, PLATFORM_READ | PLATFORM_EXECUTE),
                  "no memory for programs");
}

void threads_prepare(void) {
    if (programs == NULL) {
        make_programs();
        const zx_handle_t self = zx_thread_self();
        state_require(zirconia_thread_handle(HOST_THREAD) == self &&
                          zirconia_thread_handle(UINTPTR_MAX) == ZX_HANDLE_INVALID,
                      "the handle of a thread by its host's name");
        state_require(zx_task_create_exception_channel(zx_job_default(), 0, &last_handler) == ZX_OK,
                      "no exception channel");
    }
}

struct kept_thread *threads_find(struct state *state, zx_handle_t handle) {
    const zx_koid_t koid = koid_of(handle);
    for (unsigned i = 0; i < state->thread_count; i++) {
        if (state->threads[i].koid == koid) {
            return &state->threads[i];
        }
    }
    return NULL;
}

bool threads_keep(struct state *state, zx_handle_t handle) {
    struct kept_thread thread = {.koid = koid_of(handle)};
    if (state->thread_count == THREADS) {
        return false;
    }
    state_require(zx_handle_duplicate(handle, ZX_RIGHT_SAME_RIGHTS, &thread.handle) == ZX_OK,
                  "a new thread's handle cannot be duplicated");
    state->threads[state->thread_count++] = thread;
    return true;
}

// A thread that was killed in the middle of a call has left its frames' red zones behind.
static void clear_stack(const uint8_t *stack) {
#if ADDRESS_SANITIZED
    __asan_unpoison_memory_region(stack, STACK_SIZE);
#else
    (void)stack;
#endif
}

static uint64_t good_stack(const struct state *state, const struct kept_thread *thread) {
    const size_t number = thread != NULL ? (size_t)(thread - state->threads) : 0;
    return (uint64_t)(uintptr_t)stacks[number] + STACK_SIZE;
}

// Only the program that calls the library needs a real stack. On Windows all do: a fault without
// one ends the process.
static uint64_t some_stack(struct state *state, enum program program, uint64_t good) {
    const uint64_t any = input_amount(&state->input);
    return NEEDS_STACK || program == PROGRAM_SLEEP || program == PROGRAM_EXIT || any == 0 ? good
                                                                                          : any;
}

void threads_start(struct state *state, zx_handle_t handle, bool old) {
    struct kept_thread *thread = threads_find(state, handle);
    const enum program program = (enum program)(input_byte(&state->input) % PROGRAMS);
    const uint64_t good = good_stack(state, thread);
    const uint64_t stack = some_stack(state, program, good);
    uint64_t entry = (uint64_t)(uintptr_t)(programs + entries[program]);
    uint64_t first = (uint64_t)(uintptr_t)state_pointer(state, 8);
    uint64_t second = (uint64_t)(uintptr_t)state_pointer(state, 8);
    if (program == PROGRAM_WILD) {
        entry = input_amount(&state->input);
    } else if (program == PROGRAM_SLEEP || program == PROGRAM_EXIT) {
        first = program == PROGRAM_EXIT ? (uintptr_t)zx_thread_exit : (uintptr_t)zx_nanosleep;
        second = (uint64_t)ZX_TIME_INFINITE;
    }
    if (!HAS_PROGRAMS) {
        return;
    }
    if (thread != NULL && !thread->started) {
        clear_stack((const uint8_t *)(uintptr_t)good - STACK_SIZE);
    }
    const zx_status_t status =
        old ? state->calls->sys_thread_start(handle, entry, stack, (uintptr_t)first,
                                             (uintptr_t)second)
            : zx_thread_start(handle, entry, stack, (uintptr_t)first, (uintptr_t)second);
    state_require(status != ZX_OK || thread != NULL, "a thread that nobody made was started");
    if (status == ZX_OK) {
        thread->started = true;
        thread->program = program;
    }
}

// Whether a register that the input may have chosen is in its memory.
static bool is_chosen(const struct state *state, uintptr_t at) {
    const uintptr_t first = (uintptr_t)state->memory;
    return at >= first && at + sizeof(uint64_t) <= first + MEMORY_SIZE;
}

static void confine_stack(const struct state *state, const struct kept_thread *thread,
                          void *general) {
    const uintptr_t stack =
        (uintptr_t)general + offsetof(zx_thread_state_general_regs_t, STACK_ADDRESS);
    if (is_chosen(state, stack)) {
        const uint64_t value = good_stack(state, thread);
        memcpy((void *)stack, &value, sizeof value);
    }
}

void threads_confine(struct state *state, const struct kept_thread *thread, void *general) {
    const uintptr_t code =
        (uintptr_t)general + offsetof(zx_thread_state_general_regs_t, CODE_ADDRESS);
    uint64_t value = 0;
    if (is_chosen(state, code)) {
        memcpy(&value, (const void *)code, sizeof value);
        value = (uint64_t)(uintptr_t)programs + value % CONFINED_SIZE / CODE_GRAIN * CODE_GRAIN;
        memcpy((void *)code, &value, sizeof value);
    }
    if (NEEDS_STACK) {
        confine_stack(state, thread, general);
    }
}

static void forget_exceptions(void) {
    zx_exception_info_t info;
    zx_handle_t exception = ZX_HANDLE_INVALID;
    while (zx_channel_read(last_handler, 0, &info, &exception, sizeof info, 1, NULL, NULL) ==
           ZX_OK) {
        state_require(zx_handle_close(exception) == ZX_OK, "an exception's handle is gone");
    }
}

void threads_end(struct state *state) {
    for (unsigned i = 0; i < state->thread_count; i++) {
        state_require(zx_task_kill(state->threads[i].handle) == ZX_OK, "a thread cannot be killed");
    }
    for (unsigned i = 0; i < state->thread_count; i++) {
        const struct kept_thread *thread = &state->threads[i];
        state_require(!thread->started ||
                          zx_object_wait_one(thread->handle, ZX_THREAD_TERMINATED,
                                             zx_deadline_after(ZX_SEC(LONGEST_END_S)),
                                             NULL) == ZX_OK,
                      "a thread that was killed lives on");
        state_require(zx_handle_close(thread->handle) == ZX_OK, "a thread's handle is gone");
    }
    forget_exceptions();
}
