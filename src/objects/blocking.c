// SPDX-License-Identifier: MIT
//
// Registering that a thread blocks.

#include "objects/blocking.h"

#include "platform/check.h"
#include "platform/lock_order.h"
#include "platform/publish.h"

static _Thread_local struct blocking *current;

void blocking_init(struct blocking *blocking) {
    platform_mutex_init(&blocking->lock, LOCK_BLOCKING);
    atomic_init(&blocking->stop_requested, false);
    atomic_init(&blocking->wake, NULL);
    blocking->argument = NULL;
    atomic_init(&blocking->reason, 0);
    blocking->canceled = false;
}

void blocking_destroy(struct blocking *blocking) {
    platform_mutex_destroy(&blocking->lock);
}

void blocking_set_current(struct blocking *blocking) {
    current = blocking;
}

struct blocking *blocking_current(void) {
    return current;
}

// Stands in `wake` while the function that was there is being called.
static void being_woken(void *argument) {
    (void)argument;
}

// Whoever asks the thread to stop says so before it looks for a function: one of the two sees what
// the other has done.
bool blocking_begin(struct blocking *blocking, uint32_t reason, blocking_wake_fn *wake,
                    void *argument) {
    if (blocking == NULL) {
        return true;
    }
    CHECK(atomic_load(&blocking->wake) == NULL);
    atomic_store_explicit(&blocking->reason, reason, memory_order_relaxed);
    blocking->argument = argument;
    platform_publish(&blocking->wake, wake);
    if (atomic_load(&blocking->stop_requested)) {
        blocking_end(blocking);
        return false;
    }
    return true;
}

void blocking_end(struct blocking *blocking) {
    if (blocking == NULL) {
        return;
    }
    atomic_store_explicit(&blocking->reason, 0, memory_order_relaxed);
    blocking_wake_fn *wake = atomic_load_explicit(&blocking->wake, memory_order_relaxed);
    if (wake == being_woken || !atomic_compare_exchange_strong(&blocking->wake, &wake, NULL)) {
        platform_mutex_lock(&blocking->lock);
        atomic_store(&blocking->wake, NULL);
        platform_mutex_unlock(&blocking->lock);
    }
}

enum platform_wake blocking_sleep(struct blocking *blocking, struct platform_semaphore *semaphore,
                                  int64_t deadline) {
    CHECK(lock_order_holds_none_from(LOCK_GUEST_TURN)); // A change of memory waits for the turn.
    if (blocking == NULL) {
        return platform_semaphore_wait_until(semaphore, deadline) ? PLATFORM_POSTED
                                                                  : PLATFORM_TIMED_OUT;
    }
    const enum platform_wake woken = platform_semaphore_wait_or_cancel(semaphore, deadline);
    if (woken == PLATFORM_CANCELED) {
        platform_mutex_lock(&blocking->lock);
        blocking->canceled = true;
        atomic_store(&blocking->stop_requested, true);
        platform_mutex_unlock(&blocking->lock);
    }
    return woken;
}

bool blocking_stop_requested(const struct blocking *blocking) {
    return blocking != NULL &&
           atomic_load_explicit(&blocking->stop_requested, memory_order_acquire);
}

bool blocking_break(struct blocking *blocking) {
    ASSERT_HELD(&blocking->lock);
    blocking_wake_fn *wake = atomic_load(&blocking->wake);
    if (wake == NULL || !atomic_compare_exchange_strong(&blocking->wake, &wake, being_woken)) {
        return false;
    }
    wake(blocking->argument);
    atomic_store(&blocking->wake, wake);
    return true;
}
