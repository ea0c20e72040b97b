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
struct thread_exception {
    bool active;
    zx_exception_report_t report;
    enum handler_kind asked;             // The handler that was asked, until it answers; else NONE.
    struct exception_binding *asked_for; // The binding that the thread waits on.
    enum exception_answer answer;
    const void *ticket; // The exception object that can answer, NULL when a port asks.
    bool second_chance; // The debugger is to be asked again after the process.
};

// The slots of a task, each NULL or a binding.
struct exception_slots {
    struct exception_binding *normal;
    struct exception_binding *debugger; // Not used in threads.
};

typedef bool binding_matches_fn(const struct exception_binding *binding, const void *argument);

// From the first binding on: makes exceptions of the faults of client threads.
bool exception_init(void);

// Answers a thread, from any thread. BAD_STATE when it waits for no answer; ACCESS_DENIED when
// `is_from` is not NULL and does not accept the binding that the thread waits on.
zx_status_t exception_answer(struct thread *thread, enum exception_answer answer,
                             binding_matches_fn *is_from, const void *argument);

// Answers by an exception object; without effect once another answer was given.
void exception_answer_ticket(struct thread *thread, const void *ticket,
                             enum exception_answer answer);

// The report of the exception that the thread is in; BAD_STATE when it is in none.
zx_status_t exception_report(struct thread *thread, zx_exception_report_t *out);

// The kind of handler that the thread waits for, as ZX_INFO_THREAD has it.
enum handler_kind exception_asked(struct thread *thread);

// Called on the thread itself, when it begins and ends: tells the process's debugger and waits for
// it.
void exception_thread_starting(struct thread *thread, struct platform_context *context);
void exception_thread_exiting(struct thread *thread);

// Called when the calling thread has broken a policy: gives it an exception as it leaves the
// library, if a handler is bound.
void exception_break_policy(uint32_t code);

// Called on the thread itself as it leaves the library: raises that exception, if there is one.
void exception_policy_error(struct thread *thread, struct platform_context *context);

#endif // TASKS_EXCEPTION_H
