// SPDX-License-Identifier: MIT
//
// Blocking a thread until it is woken or a deadline passes.

#include "objects/waiter.h"

#include "objects/blocking.h"

void waiter_init(struct waiter *waiter, uint32_t reason) {
    platform_mutex_init(&waiter->lock);
    platform_condition_init(&waiter->wake);
    waiter->woken = false;
    waiter->broken = false;
    waiter->reason = reason;
}

void waiter_destroy(struct waiter *waiter) {
    platform_condition_destroy(&waiter->wake);
    platform_mutex_destroy(&waiter->lock);
}

void waiter_wake(struct waiter *waiter) {
    platform_mutex_lock(&waiter->lock);
    waiter->woken = true;
    platform_condition_signal(&waiter->wake);
    platform_mutex_unlock(&waiter->lock);
}

static void break_wait(void *argument) {
    struct waiter *waiter = argument;
    platform_mutex_lock(&waiter->lock);
    waiter->broken = true;
    platform_condition_signal(&waiter->wake);
    platform_mutex_unlock(&waiter->lock);
}

// A wake counts for more than a break: what the call waited for is there.
static zx_status_t sleep_until(struct waiter *waiter, zx_time_t deadline) {
    platform_mutex_lock(&waiter->lock);
    bool in_time = true;
    while (!waiter->woken && !waiter->broken && in_time) {
        in_time = platform_condition_wait_until(&waiter->wake, &waiter->lock, deadline);
    }
    const bool woken = waiter->woken;
    const bool broken = waiter->broken;
    waiter->woken = false;
    platform_mutex_unlock(&waiter->lock);
    if (woken) {
        return ZX_OK;
    }
    return broken ? ZX_ERR_INTERNAL_INTR_RETRY : ZX_ERR_TIMED_OUT;
}

zx_status_t waiter_block(struct waiter *waiter, zx_time_t deadline) {
    struct blocking *blocking = blocking_current();
    if (!blocking_begin(blocking, waiter->reason, break_wait, waiter)) {
        return ZX_ERR_INTERNAL_INTR_RETRY;
    }
    const zx_status_t status = sleep_until(waiter, deadline);
    blocking_end(blocking);
    return status;
}
