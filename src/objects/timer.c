// SPDX-License-Identifier: MIT
//
// Timer objects: an entry of the timer queue that sets a signal.

#include "objects/timer.h"

#include "objects/signal_observer.h"

#include <stddef.h>
#include <stdlib.h>

static void timer_fire(struct timer_entry *entry) {
    struct timer *timer = (struct timer *)((char *)entry - offsetof(struct timer, entry));
    object_change_signals(&timer->object, 0, ZX_TIMER_SIGNALED);
}

// Here and not in destroy: firing takes the object's lock, which is gone by then.
static void timer_on_zero_handles(struct object *object) {
    struct timer *timer = timer_from_object(object);
    platform_mutex_lock(&timer->lock);
    timer->closed = true;
    timer_queue_cancel(&timer->entry);
    platform_mutex_unlock(&timer->lock);
}

static void timer_destroy(struct object *object) {
    struct timer *timer = timer_from_object(object);
    platform_mutex_destroy(&timer->lock);
    free(timer);
}

static const struct object_ops timer_ops = {
    .type = ZX_OBJ_TYPE_TIMER,
    .default_rights = ZX_DEFAULT_TIMER_RIGHTS,
    .on_zero_handles = timer_on_zero_handles,
    .destroy = timer_destroy,
};

zx_status_t timer_object_create(uint32_t options, struct timer **out) {
    struct timer *timer = timer_queue_prepare() ? calloc(1, sizeof(*timer)) : NULL;
    if (timer == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    object_init(&timer->object, &timer_ops, 0);
    platform_mutex_init(&timer->lock, LOCK_TIMER);
    timer->entry.fire = timer_fire;
    timer->setting.options = options;
    *out = timer;
    return ZX_OK;
}

void timer_object_set(struct timer *timer, zx_time_t deadline, zx_duration_t slack) {
    platform_mutex_lock(&timer->lock);
    timer->setting.deadline = deadline;
    timer->setting.slack = slack;
    timer_queue_cancel(&timer->entry);
    object_change_signals(&timer->object, ZX_TIMER_SIGNALED, 0);
    if (deadline <= platform_monotonic()) {
        object_change_signals(&timer->object, 0, ZX_TIMER_SIGNALED);
    } else if (!timer->closed) {
        timer_queue_arm(&timer->entry, deadline);
    }
    platform_mutex_unlock(&timer->lock);
}

struct timer_setting timer_object_setting(struct timer *timer) {
    platform_mutex_lock(&timer->lock);
    struct timer_setting setting = timer->setting;
    if ((atomic_load(&timer->object.signals) & ZX_TIMER_SIGNALED) != 0) {
        setting.deadline = 0;
        setting.slack = 0;
    }
    platform_mutex_unlock(&timer->lock);
    return setting;
}

void timer_object_cancel(struct timer *timer) {
    platform_mutex_lock(&timer->lock);
    timer->setting.deadline = 0;
    timer->setting.slack = 0;
    timer_queue_cancel(&timer->entry);
    object_change_signals(&timer->object, ZX_TIMER_SIGNALED, 0);
    platform_mutex_unlock(&timer->lock);
}
