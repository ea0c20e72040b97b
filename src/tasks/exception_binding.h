// SPDX-License-Identifier: MIT
//
// What is bound to tasks to hear of exceptions: ports and channels. How each of them is told is its
// own business. A thread that asks a handler holds a reference to the binding; since that may be in
// the handler of a fault, bindings are freed by the calls that bind and unbind.
//
// Lock: one for all slots and bindings, above the list of threads and the threads' locks.

#ifndef TASKS_EXCEPTION_BINDING_H
#define TASKS_EXCEPTION_BINDING_H

#include "tasks/exception.h"

struct exception_binding_ops {
    // Tells the handler of a thread's exception, which is filled in already. Anything but ZX_OK
    // counts as a handler that cannot be told, but ZX_ERR_NEXT as no handler.
    zx_status_t (*tell)(struct exception_binding *binding, struct thread *thread);

    // Called when the task that it is bound to has ended. NULL for bindings that do not need that.
    void (*task_died)(struct exception_binding *binding);

    // Called when the last reference is gone, inside a call, with no lock held.
    void (*destroy)(struct exception_binding *binding);
};

struct exception_binding {
    const struct exception_binding_ops *ops;
    unsigned references; // Guarded, as is what follows, by the lock of all bindings.
    struct exception_binding *
        *slot; // The slot that it is bound to, NULL when it is bound no longer.
    struct exception_binding *next; // In the list of bound ones, or of those to be freed.
    struct exception_binding *previous;
};

// BAD_STATE when the slot is taken. The caller's reference is then the slot's.
zx_status_t exception_bind(struct exception_binding **slot, struct exception_binding *binding);

// BAD_STATE when nothing is bound. Threads that wait on the binding go on to the next handler, or
// with `quietly` wait on.
zx_status_t exception_unbind(struct exception_binding **slot, bool quietly);

// As exception_unbind(), for every binding that `matches` accepts.
void exception_unbind_matching(binding_matches_fn *matches, const void *argument, bool quietly);

// Tells what is bound to a task that the task has ended.
void exception_slots_died(struct exception_slots *slots);

// Whether anything is bound anywhere. If not, a fault is left to the host at once.
bool exception_any_bound(void);

// Unbinds whatever is bound to a thread that has ended.
void exception_slots_close(struct exception_slots *slots);

// For a thread that asks handlers: takes and releases the lock of all bindings, and drops the
// thread's reference to one.
void exception_bindings_lock(void);
void exception_bindings_unlock(void);
void exception_binding_release(struct exception_binding *binding);

#endif // TASKS_EXCEPTION_BINDING_H
