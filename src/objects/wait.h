// SPDX-License-Identifier: MIT
//
// Blocking waits for signals of one or several objects (objects ABI 3.3, 3.4).

#ifndef OBJECTS_WAIT_H
#define OBJECTS_WAIT_H

#include "objects/era.h"
#include "objects/signal_observer.h"
#include "objects/waiter.h"

#include <stddef.h>

// One object to wait for. The caller fills the first three; the object is a reference of its own.
struct wait_item {
    zx_handle_t handle;
    struct object *object;
    zx_signals_t wanted;

    zx_signals_t observed; // The result.

    // The wait's own.
    struct signal_observer observer;
    struct waiter *waiter;
    bool accumulate;
    bool matched;
};

// Until an item has a signal that it wants, a handle is closed, or the deadline passes: ZX_OK,
// ZX_ERR_CANCELED, ZX_ERR_TIMED_OUT. What is there already is found whatever the deadline. Fills
// every `observed`: a state of that moment, or all that was seen during the wait, as the era says.
// ZX_ERR_INTERNAL_INTR_RETRY as waiter_block(), whose `reason` it is.
zx_status_t wait_for_signals(struct wait_item *items, size_t count, zx_time_t deadline,
                             uint32_t reason, const struct era *era);

#endif // OBJECTS_WAIT_H
