// SPDX-License-Identifier: MIT
//
// Blocking a thread until it is woken or a deadline passes.

#include "objects/waiter.h"

#include "objects/blocking.h"
#include "platform/check.h"
#include "platform/lock_order.h"

void waiter_init(struct waiter *waiter, uint32_t reason) {
    platform_semaphore_init(&waiter->wake);
    atomic_init(&waiter->promised, false);
    atomic_init(&waiter->woken, false);
    waiter->next = NULL;
    waiter->reason = reason;
}

void waiter_destroy(struct waiter *waiter) {
    CHECK(lock_order_holds_none());
    if (atomic_load(&waiter->promised)) {
        platform_semaphore_wait_until(&waiter->wake, INT64_MAX);
    }
    platform_semaphore_destroy(&waiter->wake);
}

// Only the first promises, so that the thread knows how many posts to wait for.
static void promise(struct waiter *waiter, struct wake_list *wakes) {
    if (!atomic_exchange(&waiter->promised, true)) {
        waiter->next = wakes->first;
        wakes->first = waiter;
    }
}

void waiter_promise_wake(struct waiter *waiter, struct wake_list *wakes) {
    atomic_store(&waiter->woken, true);
    promise(waiter, wakes);
}

void wake_all(struct wake_list *wakes) {
    struct waiter *waiter = wakes->first;
    while (waiter != NULL) {
        struct waiter *next = waiter->next;
        platform_semaphore_post(&waiter->wake);
        waiter = next;
    }
    wakes->first = NULL;
}

static void break_wait(void *argument) {
    struct wake_list wakes = {NULL};
    promise(argument, &wakes);
    wake_all(&wakes);
}

// A wake counts for more than a break: what the call waited for is there.
zx_status_t waiter_block(struct waiter *waiter, zx_time_t deadline) {
    struct blocking *blocking = blocking_current();
    if (!blocking_begin(blocking, waiter->reason, break_wait, waiter)) {
        return ZX_ERR_INTERNAL_INTR_RETRY;
    }
    const enum platform_wake woken = blocking_sleep(blocking, &waiter->wake, deadline);
    bool posted = woken == PLATFORM_POSTED;
    blocking_end(blocking);
    if (!posted && atomic_load(&waiter->promised)) {
        posted = platform_semaphore_wait_until(&waiter->wake, INT64_MAX);
    }
    if (!posted) {
        return woken == PLATFORM_TIMED_OUT ? ZX_ERR_TIMED_OUT : ZX_ERR_INTERNAL_INTR_RETRY;
    }
    atomic_store(&waiter->promised, false);
    return atomic_exchange(&waiter->woken, false) ? ZX_OK : ZX_ERR_INTERNAL_INTR_RETRY;
}
