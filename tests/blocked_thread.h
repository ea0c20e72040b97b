// SPDX-License-Identifier: MIT
//
// Another thread that waits for an object's signals.

#ifndef TESTS_BLOCKED_THREAD_H
#define TESTS_BLOCKED_THREAD_H

#include "object_fixture.h"

#include <pthread.h>

struct blocked {
    zx_handle_t handle;
    zx_signals_t wanted;
    zx_time_t deadline;
    zx_status_t status;
    zx_signals_t observed;
    pthread_t thread;
};

// The body of the thread; its argument is a struct blocked.
static inline void *wait_one(void *argument) {
    struct blocked *blocked = argument;
    blocked->status =
        zx_object_wait_one(blocked->handle, blocked->wanted, blocked->deadline, &blocked->observed);
    return NULL;
}

// Returns once the thread's wait has begun: the object has `observers` waits then.
static inline void block(struct blocked *blocked, zx_handle_t handle, zx_signals_t wanted,
                         int observers) {
    *blocked = (struct blocked){
        .handle = handle, .wanted = wanted, .deadline = ZX_TIME_INFINITE, .observed = 42};
    ck_assert_int_eq(pthread_create(&blocked->thread, NULL, wait_one, blocked), 0);
    until_observers(handle, observers);
}

#endif // TESTS_BLOCKED_THREAD_H
