// SPDX-License-Identifier: MIT
//
// The time calls (objects ABI 3.6).

#include "objects/waiter.h"
#include "platform/platform.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

zx_time_t zx_clock_get_monotonic(void) {
    return platform_monotonic();
}

zx_time_t zx_deadline_after(zx_duration_t nanoseconds) {
    const zx_time_t now = platform_monotonic(); // Never negative, so only one end can be passed.
    return nanoseconds > ZX_TIME_INFINITE - now ? ZX_TIME_INFINITE : now + nanoseconds;
}

// The deadline as an unsigned time, as July 2018 has it: no sum is below 0.
zx_time_t zirconia_201807_deadline_after(zx_duration_t nanoseconds) {
    return nanoseconds < 0 ? -1 : zx_deadline_after(nanoseconds);
}

zx_status_t sleep_until(zx_time_t deadline) {
    struct waiter waiter;
    waiter_init(&waiter, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    const zx_status_t status = waiter_block(&waiter, deadline);
    waiter_destroy(&waiter);
    return status == ZX_ERR_TIMED_OUT ? refuse(status, "the deadline has passed") : status;
}

zx_status_t sys_nanosleep(const struct era *era, zx_time_t deadline) {
    if (deadline == 0) {
        platform_yield();
        return ZX_OK;
    }
    const zx_status_t status = sleep_until(deadline_of(era, deadline));
    return status == ZX_ERR_TIMED_OUT ? ZX_OK : status;
}

// A tick is a nanosecond of the monotonic clock.
zx_ticks_t zx_ticks_get(void) {
    return platform_monotonic();
}

zx_ticks_t zx_ticks_per_second(void) {
    return ZX_SEC(1);
}
