// SPDX-License-Identifier: MIT
//
// Timers: objects that are signalled when a deadline passes. Slack is permission to fire at
// another moment near the deadline and is not made use of (objects ABI 3.6: late, never early).
//
// Locks: timer.lock orders the calls that set and cancel. The timer thread does not take it.

#ifndef OBJECTS_TIMER_H
#define OBJECTS_TIMER_H

#include "objects/object.h"
#include "objects/timer_queue.h"

// What a timer was set to; deadline and slack are 0 when it is not set to fire.
struct timer_setting {
    uint32_t options;
    zx_time_t deadline;
    zx_duration_t slack;
};

struct timer {
    struct object object;
    struct platform_mutex lock;
    struct timer_entry entry;
    struct timer_setting setting; // Guarded by `lock`, as is `closed`.
    bool closed; // No handle is left: nobody would see it fire, so it is not set again.
};

zx_status_t timer_object_create(uint32_t options, struct timer **out);

static inline struct timer *timer_from_object(struct object *object) {
    return (struct timer *)object;
}

// Clears the signal, then sets it again at once when the deadline has passed: whoever waits for the
// edge sees one each time.
void timer_object_set(struct timer *timer, zx_time_t deadline, zx_duration_t slack);

// Cancels the deadline and clears the signal.
void timer_object_cancel(struct timer *timer);

// What the timer is set to now. Of a timer that has fired only the options are not 0.
struct timer_setting timer_object_setting(struct timer *timer);

#endif // OBJECTS_TIMER_H
