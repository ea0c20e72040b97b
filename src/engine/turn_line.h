// SPDX-License-Identifier: MIT
//
// The line of VCPUs and calls that wait for a guest's turn. The caller has the lock of the turn.

#ifndef ENGINE_TURN_LINE_H
#define ENGINE_TURN_LINE_H

#include "objects/blocking.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// What the turn knows of a VCPU. `wake` wakes its thread wherever the VCPU sleeps.
struct turn_seat {
    unsigned vpid;
    const void *thread; // The thread that makes the VCPU's run calls.
    uint64_t place; // Its place in the line, from when it asks until it runs; 0 when it has none.
    uint64_t kept;  // The place that it comes back to; 0 when it begins anew.
    int64_t rest;   // What it has left of its time slice when it comes back; 0 for a whole one.
    int64_t since;  // When the VCPU asked for the turn.
    bool hurried;   // An interrupt came, so the VCPU goes first.
    struct platform_semaphore wake;
    atomic_bool kicked;
};

// A thread that waits. The structure is on its stack.
struct turn_waiter {
    struct turn_waiter *next;
    struct platform_semaphore *wake;
    struct turn_seat *seat;    // NULL for a call from outside.
    struct blocking *blocking; // The thread's; NULL where the wait is not to be interrupted.
};

struct turn_line {
    struct turn_waiter *calls; // Calls from outside, in order of arrival.
    struct turn_waiter *vcpus; // VCPUs in a hurry first, and then by place.
    atomic_uint count;         // How many wait, calls and VCPUs.
};

void turn_line_add(struct turn_line *line, struct turn_waiter *waiter);
void turn_line_remove(struct turn_line *line, struct turn_waiter *waiter);

// The VCPU's waiter, or NULL when the VCPU does not wait.
struct turn_waiter *turn_line_find(const struct turn_line *line, unsigned vpid);

#endif // ENGINE_TURN_LINE_H
