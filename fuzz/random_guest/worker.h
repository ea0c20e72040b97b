// SPDX-License-Identifier: MIT
//
// A thread that does one thing after the other for another thread. A VCPU belongs to a thread, and
// guests are too many for a thread each.

#ifndef RANDOM_GUEST_WORKER_H
#define RANDOM_GUEST_WORKER_H

#include "platform/platform.h"

#include <stdbool.h>

typedef void worker_task(void *argument);

// Begins with zeros. It never ends.
struct worker {
    bool started;
    worker_task *task;
    void *argument;
    struct platform_semaphore wanted;
    struct platform_semaphore done;
};

// Has the worker, which has nothing to do, call the function.
void worker_begin(struct worker *worker, worker_task *task, void *argument);

// Waits until it has returned.
void worker_wait(struct worker *worker);

static inline void worker_do(struct worker *worker, worker_task *task, void *argument) {
    worker_begin(worker, task, argument);
    worker_wait(worker);
}

#endif // RANDOM_GUEST_WORKER_H
