// SPDX-License-Identifier: MIT
//
// The gate between client code and the library: every exported call passes it, so that a signal
// handler that runs on this thread can tell whether it interrupted the client or a call. Inside,
// locks may be held and memory be half allocated; a thread is stopped or ended only outside.

#ifndef TASKS_GATE_H
#define TASKS_GATE_H

#include "platform/check.h"
#include "tasks/thread.h"

// Handlers read it, so it must be there without an allocation at the first use.
#if defined(__ELF__)
#define GATE_STORAGE __attribute__((tls_model("initial-exec")))
#else
#define GATE_STORAGE
#endif

struct gate {
    volatile unsigned depth;     // Calls that this thread is inside of, one in the other.
    volatile bool stops_inside;  // It is at a place in the library where it may stop.
    struct thread *thread;       // Who it is, NULL before its first call.
    volatile bool stops_leaving; // It stops as it leaves a call.
    bool policy_error;           // It has broken a policy in this call, told as it leaves.
    uint32_t policy_code;
};

extern _Thread_local struct gate gate GATE_STORAGE;

// A call from a callback of the library is not to be interrupted: the call around it could not end.
void gate_nest(void);
void gate_unnest(void);

// The thread is wanted: it stops before it goes on in the client's code, and may end there.
void gate_stop(void);

// The frame of a stop that this thread is at is one of the library's, not the client's.
static inline bool gate_in_call(void) {
    return gate.stops_inside || gate.stops_leaving;
}

// The first call of a host thread makes it a THREAD object.
static inline void gate_enter(void) {
    if (gate.thread == NULL) {
        thread_current();
    }
    if (++gate.depth == 2) {
        gate_nest();
    }
}

static inline void gate_stop_if_wanted(void) {
    if (gate.depth == 0 && gate.thread != NULL &&
        (gate.policy_error || blocking_attention(&gate.thread->blocking))) {
        gate_stop();
    }
}

static inline void gate_leave(void) {
    CHECK(gate.depth > 0);
    CHECK(gate.depth > 1 || lock_order_holds_none());
    if (--gate.depth == 1) {
        gate_unnest();
    }
    gate_stop_if_wanted();
}

// For a call that a signal handler may make, on a thread that may be anywhere in the library or
// have no object yet. It neither blocks nor allocates.
static inline void gate_enter_in_handler(void) {
    ++gate.depth;
}

static inline void gate_leave_in_handler(void) {
    --gate.depth;
    gate_stop_if_wanted();
}

#endif // TASKS_GATE_H
