// SPDX-License-Identifier: MIT
//
// Host threads that can be stopped wherever they are, with their registers: on POSIX a signal whose
// handler does not return until the thread may go on, on Windows a function that it is sent through
// while SuspendThread() holds it. What a stopped thread waits for, and when it may be stopped, is
// for tasks/ to say.
//
// A context is the registers of one interrupted thread, which exist as long as the function that
// was given it has not returned.

#ifndef PLATFORM_THREADS_H
#define PLATFORM_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef _WIN32
struct platform_thread {
    struct windows_thread *native;
};
#else
#include <pthread.h>
struct platform_thread {
    pthread_t native;
};
#endif

struct platform_context;

// Called on a thread that was asked to stop, with no signal of the client's let through. It may
// have been interrupted anywhere in the client's code, in the host's allocator too, so this must
// not allocate. `entering`: at the first instruction after platform_client_enter().
typedef void platform_stop_fn(struct platform_context *context, bool entering);

// Once, before anything below. False when the host refuses.
bool platform_stop_init(platform_stop_fn *on_stop);

void platform_thread_self(struct platform_thread *out);

// Called on the thread when it will not be asked for any more: gives back what the host keeps for
// it.
void platform_thread_forget(struct platform_thread *thread);

// Whether it is the one that the host's thread library calls `native`: a pthread_t, on Windows the
// number that Windows has for the thread.
bool platform_thread_is(const struct platform_thread *thread, uintptr_t native);

// How long a thread that lives has run, in nanoseconds; 0 where the host does not tell.
int64_t platform_thread_runtime(const struct platform_thread *thread);

// The processor that this thread runs on; 0 where the host does not tell.
uint32_t platform_current_processor(void);

// Has on_stop called on a thread, soon. The caller knows that the thread lives.
void platform_thread_stop(const struct platform_thread *thread);

// Has on_stop called on this thread, before it returns.
void platform_stop_here(void);

// In on_stop: the thread ends as soon as that returns, without another instruction of the client's
// code but what the host's own end of a thread runs. A thread that entered client code through
// platform_client_enter() returns from there instead. False where only platform_stop_here() leads
// to a place at which the thread can end.
bool platform_context_end(struct platform_context *context);

// macOS on arm64 lets a thread either write the code that the process makes or run it, as the
// thread says. Unicorn says so itself where it can read what the thread said before; where it
// cannot, as on virtual machines, it takes each thread to be one that writes, which no thread is at
// first. So from allow to forbid this thread is; the client's code may have made code of its own,
// to run.
static inline void platform_code_allow_writes(void) {
#if defined(__APPLE__) && defined(__aarch64__)
    pthread_jit_write_protect_np(0);
#endif
}

static inline void platform_code_forbid_writes(void) {
#if defined(__APPLE__) && defined(__aarch64__)
    pthread_jit_write_protect_np(1);
#endif
}

// Whether the host may cancel the calling thread (pthread_cancel). Off, a request waits: around
// what may be a point of cancellation, such as a client's function. off returns how it was before.
int platform_cancel_off(void);
void platform_cancel_restore(int state);

// Where the thread can be cancelled at any instruction, as a client may have asked for it and as it
// is in some sleeps that a signal handler may interrupt: from defer to undefer, which is for where
// defer returned true, it cannot.
bool platform_cancel_defer(void);
void platform_cancel_undefer(void);

// A point of cancellation.
void platform_cancel_point(void);

// The end of a thread that was cancelled as it slept (platform_semaphore_wait_or_cancel()), outside
// of the library. The client's handlers for cleaning up run.
_Noreturn void platform_cancel_end(void);

// The end of a thread whose handlers for cleaning up run, from one of them: what is left of them
// does not run.
_Noreturn void platform_thread_end(void);

// Where client code begins (objects ABI 6.1); every register that is not named is 0. On Windows the
// arguments are besides in RCX and RDX, where its functions take them.
struct platform_client_entry {
    uint64_t entry;
    uint64_t stack;
    uint64_t arguments[2];
};

// Whether this host can do platform_client_enter().
bool platform_client_can_enter(void);

// Starts a detached host thread with the caller's signal mask, which may call
// platform_client_enter() once. False without memory, or where that cannot be.
bool platform_client_start(void (*function)(void *argument), void *argument);

// Leaves this stack for the client's code, after on_stop has been called with the context of its
// first instruction. Returns when platform_context_end() is called for this thread.
void platform_client_enter(const struct platform_client_entry *entry);

// Has in_child run in each child that fork() makes, before fork() returns there. Windows has no
// such children.
void platform_on_fork(void (*in_child)(void));

// The end of the host process: by itself, or as if killed from outside.
void platform_process_exit(int code);
void platform_process_kill(void);

#endif // PLATFORM_THREADS_H
