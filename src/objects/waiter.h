// SPDX-License-Identifier: MIT
//
// A thread that blocks inside a call. Every wait of the object calls (for signals, for a packet,
// for time to pass) ends in waiter_block(), so this is the one place where such a thread can be
// found and woken for another reason.
//
// A waiter lives on its thread's stack. Who may wake it finds it in some list; the thread takes it
// out of there, under that list's lock, before it leaves. waiter.lock is a leaf.

#ifndef OBJECTS_WAITER_H
#define OBJECTS_WAITER_H

#include "platform/platform.h"

#include <stdbool.h>
#include <zircon/types.h>

struct waiter {
    struct platform_mutex lock; // Guards the two flags.
    struct platform_condition wake;
    bool woken;
    bool broken; // The thread is to stop or to end.
    uint32_t reason;
};

// `reason`: what ZX_INFO_THREAD tells of the thread meanwhile, ZX_THREAD_STATE_BLOCKED_ something.
void waiter_init(struct waiter *waiter, uint32_t reason);
void waiter_destroy(struct waiter *waiter);

// A wake is kept until the next block.
void waiter_wake(struct waiter *waiter);

// Until a wake, which it uses up (ZX_OK), the deadline (ZX_ERR_TIMED_OUT), or until the thread is
// to stop or to end (ZX_ERR_INTERNAL_INTR_RETRY): then the call undoes what it began and returns
// that.
zx_status_t waiter_block(struct waiter *waiter, zx_time_t deadline);

#endif // OBJECTS_WAITER_H
