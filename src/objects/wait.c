// SPDX-License-Identifier: MIT
//
// Blocking waits: a look at the signals as they are, and, if that does not end the wait, an
// observer on each object and a waiter for the thread.

#include "objects/wait.h"

#include "objects/handle_table.h"
#include "objects/refusal.h"
#include "platform/check.h"

static struct wait_item *item_from_observer(struct signal_observer *observer) {
    return (struct wait_item *)((char *)observer - offsetof(struct wait_item, observer));
}

// Where waits accumulate every change is seen, because every state counts for the result.
static void item_matched(struct signal_observer *observer, struct object *object,
                         zx_signals_t signals, struct wake_list *wakes) {
    ASSERT_HELD(&object->lock);
    struct wait_item *item = item_from_observer(observer);
    CHECK(item->object == object);
    if (item->accumulate) {
        item->observed |= signals;
    } else if (!item->matched) {
        item->observed = signals;
    }
    if (!item->matched && (signals & item->wanted) != 0) {
        item->matched = true;
        waiter_promise_wake(item->waiter, wakes);
    }
}

static void item_cancelled(struct signal_observer *observer, struct object *object,
                           zx_signals_t signals, struct wake_list *wakes) {
    ASSERT_HELD(&object->lock);
    struct wait_item *item = item_from_observer(observer);
    CHECK(item->object == object && !observer->linked);
    item->observed = (item->accumulate || item->matched ? item->observed : 0) | signals |
                     ZX_SIGNAL_HANDLE_CLOSED;
    item->matched = true;
    waiter_promise_wake(item->waiter, wakes);
}

static const struct signal_observer_ops item_ops = {
    .matched = item_matched,
    .cancelled = item_cancelled,
};

// The state of all items now; true when one has what it wants.
static bool look(struct wait_item *items, size_t count) {
    bool satisfied = false;
    for (size_t i = 0; i < count; i++) {
        items[i].observed = object_signals(items[i].object);
        satisfied = satisfied || (items[i].observed & items[i].wanted) != 0;
    }
    return satisfied;
}

static void begin(struct wait_item *item, struct waiter *waiter, const struct era *era) {
    item->observer = (struct signal_observer){
        .ops = &item_ops,
        .handle = item->handle,
        .trigger = era->waits_accumulate ? ~(zx_signals_t)0 : item->wanted,
    };
    item->waiter = waiter;
    item->accumulate = era->waits_accumulate;
    item->matched = false;
    struct wake_list wakes = {NULL};
    platform_mutex_lock(&item->object->lock);
    signal_observer_link(item->object, &item->observer, &wakes);
    platform_mutex_unlock(&item->object->lock);
    wake_all(&wakes);
    if (!handle_names(item->handle, item->object)) {
        object_cancel_observers(item->object, item->handle);
    }
}

static void end(struct wait_item *item) {
    platform_mutex_lock(&item->object->lock);
    if (item->observer.linked) {
        signal_observer_unlink(item->object, &item->observer);
    }
    if (!item->matched && !item->accumulate) {
        item->observed = object_signals(item->object);
    }
    platform_mutex_unlock(&item->object->lock);
}

#define PASSED "the deadline has passed"

// The status that the items' states amount to; a closed handle is looked for last (objects ABI
// 2.5) and so wins.
static zx_status_t outcome(const struct wait_item *items, size_t count) {
    zx_status_t status = ZX_ERR_TIMED_OUT;
    for (size_t i = 0; i < count; i++) {
        if ((items[i].observed & ZX_SIGNAL_HANDLE_CLOSED) != 0) {
            return refuse_value(ZX_ERR_CANCELED, "handle % was closed meanwhile", items[i].handle);
        }
        if ((items[i].observed & items[i].wanted) != 0) {
            status = ZX_OK;
        }
    }
    return status == ZX_OK ? ZX_OK : refuse(status, PASSED);
}

zx_status_t wait_for_signals(struct wait_item *items, size_t count, zx_time_t deadline,
                             uint32_t reason, const struct era *era) {
    if (look(items, count)) {
        return ZX_OK;
    }
    if (deadline <= platform_monotonic()) {
        return refuse(ZX_ERR_TIMED_OUT, PASSED);
    }
    struct waiter waiter;
    waiter_init(&waiter, reason);
    for (size_t i = 0; i < count; i++) {
        begin(&items[i], &waiter, era);
    }
    const zx_status_t blocked = waiter_block(&waiter, deadline);
    for (size_t i = 0; i < count; i++) {
        end(&items[i]);
    }
    waiter_destroy(&waiter);
    const zx_status_t status = outcome(items, count);
    const bool interrupted = status == ZX_ERR_TIMED_OUT && blocked == ZX_ERR_INTERNAL_INTR_RETRY;
    return interrupted ? blocked : status;
}
