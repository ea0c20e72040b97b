// SPDX-License-Identifier: MIT
//
// Signals and those who watch them. A signal observer is one wait in progress on one object,
// blocking (wait.h) or for a port (ports/port_observer.h); it belongs to the handle through which
// it began and ends with that handle (objects ABI 2.5).
//
// Locks: everything of an observer is guarded by its object's lock, which is held while its
// functions run. They may take a port's lock, and drop no reference.

#ifndef OBJECTS_SIGNAL_OBSERVER_H
#define OBJECTS_SIGNAL_OBSERVER_H

#include "objects/object.h"
#include "objects/waiter.h"

// Threads that are to go on are put into `wakes`, for the time when the object's lock is free.
struct signal_observer_ops {
    // The signals hold a bit of the trigger: at the start of the wait, or after a change. The
    // observer stays unless it unlinks itself, after which it may be freed.
    void (*matched)(struct signal_observer *observer, struct object *object, zx_signals_t signals,
                    struct wake_list *wakes);

    // Its handle is closed; it is unlinked already.
    void (*cancelled)(struct signal_observer *observer, struct object *object, zx_signals_t signals,
                      struct wake_list *wakes);
};

struct signal_observer {
    const struct signal_observer_ops *ops;
    zx_handle_t handle;
    zx_signals_t trigger;
    bool edge; // Counts only bits that change from 0 to 1, and none at the start.

    bool linked;
    struct signal_observer *next;
    struct signal_observer *previous;
};

zx_signals_t object_signals(const struct object *object);

// signals = (signals & ~clear) | set. Tells the observers when that is a change (objects ABI 3.2),
// the newest first (4.5).
void object_change_signals(struct object *object, zx_signals_t clear, zx_signals_t set);

// link may call `matched` before it returns, so an observer that can free itself must not be
// touched after it.
void signal_observer_link(struct object *object, struct signal_observer *observer,
                          struct wake_list *wakes) REQUIRES(object->lock);
void signal_observer_unlink(struct object *object, struct signal_observer *observer)
    REQUIRES(object->lock);

// Ends the waits that began through a handle that is closed. Whoever links an observer must look
// again whether its handle still is one, and call this if not: closing may have come between.
void object_cancel_observers(struct object *object, zx_handle_t handle);

#endif // OBJECTS_SIGNAL_OBSERVER_H
