// SPDX-License-Identifier: MIT
//
// Threads. A THREAD object is a host thread that made a call (it is adopted), or one that
// zx_thread_create() made and zx_thread_start() starts. How a thread is stopped is in stop.h, its
// exceptions are in exception.h.
//
// Lock: blocking.lock is the thread's lock. It guards every field that is not constant or atomic.
// No signals are changed with it held: that would put it above every observer's lock.

#ifndef TASKS_THREAD_H
#define TASKS_THREAD_H

#include "objects/blocking.h"
#include "objects/object.h"
#include "platform/threads.h"
#include "tasks/exception.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <zircon/types.h>

// objects ABI 7.5. A thread changes its own state, but for the first step.
enum thread_life {
    THREAD_NEW,
    THREAD_RUNNING,
    THREAD_SUSPENDED,
    THREAD_DYING,
    THREAD_DEAD,
};

struct thread {
    struct object object;
    struct blocking blocking;
    enum thread_life life;
    bool killed;
    bool exiting;           // The thread ends by itself: as killed, but its debugger is waited for.
    bool legacy_suspended;  // Suspended by the call without a token, which is not counted (objects
                            // ABI 7.4).
    uint32_t suspend_count; // The number of open tokens.
    struct platform_semaphore wake;     // The thread sleeps on it while stopped or in an exception.
    struct platform_context *registers; // The registers of a stopped thread, else NULL.
    bool stopped_in_call;               // `registers` are those of the library.

    int64_t runtime; // Run time of the host thread, once it has ended.
    bool begun;      // The call that started it is done, so it may run.
    bool reachable;  // `host` is set and the host thread lives.
    struct platform_thread host;
    struct platform_client_entry entry;
    struct thread_exception exception;
    struct exception_slots exception_slots;
    zx_handle_t self; // The value of zx_thread_self(), 0 before the first use. Only the thread
                      // itself uses it.
    char name[ZX_MAX_NAME_LEN]; // Guarded by object.lock.

    atomic_bool exited;   // Set as the host thread ends, in whatever way.
    _Atomic(void *) vcpu; // The live VCPU that this thread owns (hypervisor ABI 3.3).

    struct thread *next; // The process's threads that live (process.h).
    struct thread *previous;
};

static inline struct thread *thread_from_object(struct object *object) {
    return (struct thread *)object;
}

// The calling thread, borrowed: it lives until the host thread ends, or longer with a reference.
// NULL without memory, and where thread_in_child(). Cheap after the first call of a thread.
struct thread *thread_current(void);

// Whether this process was forked by a process that had made a call. It has a copy of the library's
// state, whose locks may be held for ever by threads that do not exist here, and it shares the
// memory of VMOs with its parent. So its calls are refused.
bool thread_in_child(void);

// Returns BAD_STATE in such a child, and logs that the first time; else ZX_OK.
zx_status_t thread_check_child(void);

// A thread that is NEW. `name` is shorter than ZX_MAX_NAME_LEN. NULL without memory.
struct thread *thread_create(const char *name);

// BAD_STATE when the thread is not NEW; NOT_SUPPORTED where the host cannot enter client code;
// NO_MEMORY. The thread's first instruction may run before this returns, and RUNNING is asserted by
// then.
zx_status_t thread_start(struct thread *thread, const struct platform_client_entry *entry);

// Ends the thread in any state, as soon as it is outside of the library and without another
// instruction of the client's (objects ABI 6.3).
void thread_kill(struct thread *thread);

// Ends the calling thread, which has an object, as it leaves the library. One that the host is
// ending already never leaves it, and this does not return.
void thread_exit(void);

// Whether the thread is to end.
static inline bool thread_is_ending(const struct thread *thread) REQUIRES(thread->blocking.lock) {
    ASSERT_HELD(&thread->blocking.lock);
    return thread->killed || thread->exiting || thread->blocking.canceled;
}

// How long the thread has run, in nanoseconds; 0 while it is NEW. `processor` receives where it ran
// last, or ZX_INFO_INVALID_CPU if it never did; 0 for threads other than the caller, because the
// host does not tell.
int64_t thread_runtime(struct thread *thread, uint32_t *processor);

// ZX_THREAD_STATE_ of the thread.
uint32_t thread_state(struct thread *thread);

// The value of zx_thread_self() in that thread, 0 without memory or when the thread has ended.
zx_handle_t thread_self_handle(struct thread *thread);

#endif // TASKS_THREAD_H
