// SPDX-License-Identifier: MIT
//
// A thread that blocks inside a call. Every wait of the object calls (for signals, for a packet,
// for time to pass) ends in waiter_block(), so this is the one place where such a thread can be
// found and woken for another reason.
//
// A waiter lives on its thread's stack. Who wakes it finds it in some list and promises the wake
// under that list's lock, but wakes it only after that lock is free: the woken thread would run
// into it at once. The thread takes itself out of the list, under the list's lock, before it
// leaves, and waits for what was promised.

#ifndef OBJECTS_WAITER_H
#define OBJECTS_WAITER_H

#include "platform/platform.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <zircon/types.h>

struct waiter {
    struct platform_semaphore wake;
    atomic_bool promised; // A post will come, or has come and is not used up.
    atomic_bool woken;    // What it waits for is there. If false, the wait was broken off.
    struct waiter *next;  // In the list of who promised.
    uint32_t reason;
};

// What a thread has promised to wake as soon as the lock of the list is free. Starts as {NULL}.
struct wake_list {
    struct waiter *first;
};

// `reason`: what ZX_INFO_THREAD tells of the thread meanwhile, ZX_THREAD_STATE_BLOCKED_ something.
void waiter_init(struct waiter *waiter, uint32_t reason);

// The waiter is in no list, and the thread holds no lock. Waits until a wake that was promised has
// come; whoever promised it may take any lock before.
void waiter_destroy(struct waiter *waiter);

// Call it under the lock of the list that the waiter was found in. A wake is kept until the thread
// blocks next.
void waiter_promise_wake(struct waiter *waiter, struct wake_list *wakes);

// Wakes them, once the lock of their list is free; the waiters must not be touched afterwards.
void wake_all(struct wake_list *wakes);

// Until a wake, which it uses up (ZX_OK), the deadline (ZX_ERR_TIMED_OUT), or until the thread is
// to stop or to end (ZX_ERR_INTERNAL_INTR_RETRY): then the call undoes what it began and returns
// that.
zx_status_t waiter_block(struct waiter *waiter, zx_time_t deadline);

#endif // OBJECTS_WAITER_H
