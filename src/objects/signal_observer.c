// SPDX-License-Identifier: MIT
//
// Changing signals, and the list of signal observers.

#include "objects/signal_observer.h"

#include "platform/check.h"

#include <stddef.h>

zx_signals_t object_signals(const struct object *object) {
    return atomic_load_explicit(&object->signals, memory_order_acquire);
}

void object_change_signals(struct object *object, zx_signals_t clear, zx_signals_t set) {
    struct wake_list wakes = {NULL};
    platform_mutex_lock(&object->lock);
    const zx_signals_t before = object_signals(object);
    const zx_signals_t now = (before & ~clear) | set;
    if (now != before) {
        atomic_store_explicit(&object->signals, now, memory_order_release);
        struct signal_observer *next = NULL;
        for (struct signal_observer *observer = object->observers; observer != NULL;
             observer = next) {
            next = observer->next;
            const zx_signals_t counting = observer->edge ? now & ~before : now;
            if ((counting & observer->trigger) != 0) {
                observer->ops->matched(observer, object, now, &wakes);
            }
        }
    }
    platform_mutex_unlock(&object->lock);
    wake_all(&wakes);
}

void signal_observer_link(struct object *object, struct signal_observer *observer,
                          struct wake_list *wakes) {
    ASSERT_HELD(&object->lock);
    CHECK(!observer->linked);
    observer->linked = true;
    observer->previous = NULL;
    observer->next = object->observers;
    if (observer->next != NULL) {
        observer->next->previous = observer;
    }
    object->observers = observer;
    const zx_signals_t signals = object_signals(object);
    if (!observer->edge && (signals & observer->trigger) != 0) {
        observer->ops->matched(observer, object, signals, wakes);
    }
}

void signal_observer_unlink(struct object *object, struct signal_observer *observer) {
    ASSERT_HELD(&object->lock);
    CHECK(observer->linked);
    CHECK(observer->previous != NULL ? observer->previous->next == observer
                                     : object->observers == observer);
    CHECK(observer->next == NULL || observer->next->previous == observer);
    *(observer->previous != NULL ? &observer->previous->next : &object->observers) = observer->next;
    if (observer->next != NULL) {
        observer->next->previous = observer->previous;
    }
    observer->linked = false;
}

void object_cancel_observers(struct object *object, zx_handle_t handle) {
    struct wake_list wakes = {NULL};
    platform_mutex_lock(&object->lock);
    const zx_signals_t signals = object_signals(object);
    struct signal_observer *next = NULL;
    for (struct signal_observer *observer = object->observers; observer != NULL; observer = next) {
        next = observer->next;
        if (observer->handle == handle) {
            signal_observer_unlink(object, observer);
            observer->ops->cancelled(observer, object, signals, &wakes);
        }
    }
    platform_mutex_unlock(&object->lock);
    wake_all(&wakes);
}
