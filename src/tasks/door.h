// SPDX-License-Identifier: MIT
//
// The door between client code and the library: every exported call goes through it, so that a
// signal handler that runs on this thread can tell whether it interrupted the client or a call.
// Inside, locks may be held and memory be half allocated; a thread is stopped or ended only
// outside.

#ifndef TASKS_DOOR_H
#define TASKS_DOOR_H

#include "platform/check.h"
#include "platform/threads.h"
#include "tasks/thread.h"

// Handlers read it, so it must be there without an allocation at the first use.
#if defined(__ELF__)
#define DOOR_STORAGE __attribute__((tls_model("initial-exec")))
#else
#define DOOR_STORAGE
#endif

struct door {
    volatile unsigned depth;     // Calls that this thread is inside of, one in the other.
    volatile bool stops_inside;  // The thread is at a place in the library where it may stop.
    struct thread *thread;       // The thread's object, NULL before its first call.
    volatile bool stops_leaving; // The thread stops as it leaves a call.
    bool cancellable;            // The client's code may be cancelled at any instruction.
    bool ending;       // The host ends the thread, and runs the client's handlers for cleaning up.
    bool policy_error; // The thread has broken a policy in this call, which is told as it leaves.
    uint32_t policy_code;
};

extern _Thread_local struct door door DOOR_STORAGE;

// A call from a callback of the library is not to be interrupted: the call around it could not end.
void door_nest(void);
void door_unnest(void);

// Where the depth is 0 the thread may be stopped at any instruction, by a handler that takes locks.
// A handler that comes between the two lines, and makes calls, leaves what the depth says.
static inline void door_set_depth(unsigned depth) {
    door.depth = depth;
    lock_order_allow(depth > 0 || door.thread == NULL);
}

// Stops a wanted thread before it goes on in the client's code; the thread may end there.
void door_stop(void);

// Whether the frame at which this thread is stopped is one of the library's, not of the client's.
static inline bool door_in_call(void) {
    return door.stops_inside || door.stops_leaving;
}

// The first call of a host thread makes it a THREAD object. Inside, where locks are held, a thread
// is cancelled at no other place than one that is meant for it.
static inline void door_enter(void) {
    const bool cancellable = platform_cancel_defer();
    if (door.thread == NULL) {
        thread_current();
    }
    door_set_depth(door.depth + 1);
    if (door.depth == 1) {
        door.cancellable = cancellable;
    } else if (door.depth == 2) {
        door_nest();
    }
    platform_code_allow_writes();
}

// BAD_STATE in the child of a fork, where every call ends here.
static inline zx_status_t door_status(void) {
    return door.thread == NULL ? thread_check_child() : ZX_OK;
}

static inline void door_stop_if_wanted(void) {
    if (door.depth == 0 && door.thread != NULL &&
        (door.policy_error || blocking_stop_requested(&door.thread->blocking))) {
        door_stop();
    }
}

static inline void door_leave(void) {
    CHECK(door.depth > 0);
    CHECK(door.depth > 1 || lock_order_holds_none());
    const bool cancellable = door.cancellable;
    door_set_depth(door.depth - 1);
    if (door.depth == 1) {
        door_unnest();
    } else if (door.depth == 0) {
        platform_code_forbid_writes();
    }
    door_stop_if_wanted();
    if (door.depth == 0 && cancellable) {
        platform_cancel_undefer();
    }
    lock_order_allow(true); // The client's code asks for none, and tests of units have no door.
}

// For a call that a signal handler may make, on a thread that may be anywhere in the library or
// have no object yet. It neither blocks nor allocates.
static inline void door_enter_in_handler(void) {
    door_set_depth(door.depth + 1);
}

static inline void door_leave_in_handler(void) {
    door_set_depth(door.depth - 1);
    door_stop_if_wanted();
    lock_order_allow(true);
}

#endif // TASKS_DOOR_H
