// SPDX-License-Identifier: MIT
//
// How a thread that blocks inside a call is found and woken, because it is to stop or to end.
// Whoever blocks says so between begin and end, and gives a function that wakes it; the thread's
// owner (tasks/thread.h) calls that. A thread that nobody can name has none of this.
//
// Lock: `lock` guards the requests to stop, and `canceled`. `wake` is called with the lock held,
// and may take the lock of what the blocked thread sleeps on: a waiter's, a VCPU's. At the end of
// blocking the thread takes the lock only if it is being woken, so that `argument` stays valid
// until `wake` has returned.

#ifndef OBJECTS_BLOCKING_H
#define OBJECTS_BLOCKING_H

#include "platform/platform.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef void blocking_wake_fn(void *argument);

struct blocking {
    struct platform_mutex lock;
    atomic_bool stop_requested; // The thread is to stop or to end. Set under the lock.
    _Atomic(blocking_wake_fn *) wake;
    void *argument;     // Valid while `wake` is not NULL.
    atomic_uint reason; // ZX_THREAD_STATE_BLOCKED_ something while blocked, else 0.
    bool canceled;      // The host has cancelled the thread: it is to end.
};

void blocking_init(struct blocking *blocking);
void blocking_destroy(struct blocking *blocking);

// The calling thread's; NULL while its waits are not to be interrupted.
void blocking_set_current(struct blocking *blocking);
struct blocking *blocking_current(void);

// False when the thread must not block, because it is to stop or to end. With `blocking` NULL the
// two do nothing.
bool blocking_begin(struct blocking *blocking, uint32_t reason, blocking_wake_fn *wake,
                    void *argument);
void blocking_end(struct blocking *blocking);

// Sleeps on a semaphore of the calling thread's. A thread that the host cancels meanwhile is to end
// from then on.
enum platform_wake blocking_sleep(struct blocking *blocking, struct platform_semaphore *semaphore,
                                  int64_t deadline);

// Whether the thread is to stop or to end.
bool blocking_stop_requested(const struct blocking *blocking);

// Wakes the thread if it is blocked, and tells whether it was.
bool blocking_break(struct blocking *blocking) REQUIRES(blocking->lock);

#endif // OBJECTS_BLOCKING_H
