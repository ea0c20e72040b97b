// SPDX-License-Identifier: MIT
//
// The timer calls (objects ABI 1.7, 3.6).

#include "objects/timer.h"

#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>

zx_status_t sys_timer_create(const struct era *era, uint32_t options, zx_clock_t clock_id,
                             zx_handle_t *out) {
    if (options > ZX_TIMER_SLACK_LATE) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options);
    }
    if (clock_id != ZX_CLOCK_MONOTONIC) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "clock_id % is not the monotonic clock", clock_id);
    }
    struct timer *timer = NULL;
    const zx_status_t status = timer_object_create(options, &timer);
    return status == ZX_OK ? hand_over(&timer->object, era->event_rights | ZX_RIGHT_WRITE, out)
                           : status;
}

zx_status_t sys_timer_set(const struct era *era, zx_handle_t handle, zx_time_t deadline,
                          zx_duration_t slack) {
    if (slack < 0 && !era->unsigned_times) {
        return refuse(ZX_ERR_OUT_OF_RANGE, "slack is negative");
    }
    struct object *object = NULL;
    const zx_status_t status = look_up(era, handle, ZX_OBJ_TYPE_TIMER, ZX_RIGHT_WRITE, &object);
    if (status == ZX_OK) {
        timer_object_set(timer_from_object(object), deadline_of(era, deadline), slack);
        object_unref(object);
    }
    return status;
}

zx_status_t sys_timer_cancel(const struct era *era, struct timer *timer) {
    (void)era;
    timer_object_cancel(timer);
    return ZX_OK;
}
