// SPDX-License-Identifier: MIT
//
// A thread in an exception, and the handlers that are asked in turn (objects ABI 8.3, 8.6, 8.7).
// What is bound where is in exception_binding.h.
//
// All of this may run inside the handler of a fault, so no step of it allocates or frees.

#ifndef TASKS_EXCEPTION_H
#define TASKS_EXCEPTION_H

#include "objects/object.h"
#include "platform/threads.h"

#include <zircon/syscalls/exception.h>

struct thread;
struct exception_binding;

// The numbers are those of ZX_INFO_THREAD in both eras.
enum handler_kind {
    HANDLER_NONE = 0,
    HANDLER_DEBUGGER = 1,
    HANDLER_THREAD = 2,
    HANDLER_PROCESS = 3,
    HANDLER_JOB = 4,
    HANDLER_JOB_DEBUGGER = 5,
};

enum exception_answer {
    ANSWER_NONE,
    ANSWER_RESUME,
    ANSWER_TRY_NEXT,
    ANSWER_EXIT, // Ends the thread alone.
};

// A thread's own; the thread's lock guards it.
struct exception {
    bool active;
    zx_exception_report_t report;
    enum handler_kind asked;             // While an answer is missing, else NONE.
    struct exception_binding *asked_for; // The binding that it waits on.
    enum exception_answer answer;
    const void *ticket; // The exception object that can answer, NULL when it is asked by a port.
    bool second_chance; // The debugger is to be asked again after the process.
};

// What a task can have bound, each NULL or a binding.
struct exception_slots {
    struct exception_binding *normal;
    struct exception_binding *debugger; // Not of threads.
};

typedef bool binding_matches_fn(const struct exception_binding *binding, const void *argument);

// Makes faults of client threads exceptions, from the first binding on.
bool exception_init(void);

// An answer from any thread: BAD_STATE when none is missing; ACCESS_DENIED when `is_from` is not
// NULL and does not accept the binding that the thread waits on.
zx_status_t exception_answer(struct thread *thread, enum exception_answer answer,
                             binding_matches_fn *is_from, const void *argument);

// The answer of one exception object; without effect once another answer was given.
void exception_answer_ticket(struct thread *thread, const void *ticket,
                             enum exception_answer answer);

// The report of the exception that the thread is in; BAD_STATE when it is in none.
zx_status_t exception_report(struct thread *thread, zx_exception_report_t *out);

// What the thread waits for, as ZX_INFO_THREAD tells it.
enum handler_kind exception_asked(struct thread *thread);

// On the thread itself, at its begin and end: tells the process's debugger and waits for it.
void exception_thread_starting(struct thread *thread, struct platform_context *context);
void exception_thread_exiting(struct thread *thread);

// The calling thread has broken a policy: it gets an exception as it leaves the library, if anyone
// can be told.
void exception_break_policy(uint32_t code);

// On the thread itself as it leaves: that exception, if there is one.
void exception_policy_error(struct thread *thread, struct platform_context *context);

#endif // TASKS_EXCEPTION_H
