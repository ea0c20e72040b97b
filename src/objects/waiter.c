// SPDX-License-Identifier: MIT
//
// Blocking a thread until it is woken or a deadline passes.

#include "objects/waiter.h"

void waiter_init(struct waiter *waiter) {
    platform_mutex_init(&waiter->lock);
    platform_condition_init(&waiter->wake);
    waiter->woken = false;
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

zx_status_t waiter_block(struct waiter *waiter, zx_time_t deadline) {
    platform_mutex_lock(&waiter->lock);
    bool in_time = true;
    while (!waiter->woken && in_time) {
        in_time = platform_condition_wait_until(&waiter->wake, &waiter->lock, deadline);
    }
    const bool woken = waiter->woken;
    waiter->woken = false;
    platform_mutex_unlock(&waiter->lock);
    return woken ? ZX_OK : ZX_ERR_TIMED_OUT;
}
