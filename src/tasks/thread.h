// SPDX-License-Identifier: MIT
//
// Threads. Every host thread that makes a call is a THREAD object from then on; the library makes
// none of its own. The process is implicit and has only a koid.
//
// Nothing here needs a lock: `exited` and `vcpu` are atomic.

#ifndef TASKS_THREAD_H
#define TASKS_THREAD_H

#include "objects/object.h"

#include <stdatomic.h>
#include <stdbool.h>

struct thread {
    struct object object;
    atomic_bool exited;   // Set as the host thread ends, by any road.
    _Atomic(void *) vcpu; // The engine's: the live VCPU that this thread owns (hypervisor ABI 3.3).
};

// The calling thread, borrowed: it lives at least until the host thread ends, and longer for who
// takes a reference. NULL without memory. Cheap after the first call of a thread.
struct thread *thread_current(void);

zx_koid_t process_koid(void);

#endif // TASKS_THREAD_H
