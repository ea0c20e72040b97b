// SPDX-License-Identifier: MIT
//
// Asking handler after handler on the thread that is in the exception, and answering it from
// others. What is bound where is in exception_binding.c.

#include "tasks/exception.h"

#include "objects/refusal.h"
#include "platform/check.h"
#include "platform/faults.h"
#include "platform/registers.h"
#include "tasks/door.h"
#include "tasks/exception_binding.h"
#include "tasks/process.h"
#include "tasks/stop.h"

// --- On the thread in the exception ---

// What has become of the exception, beside the answers of a handler.
enum outcome {
    OUTCOME_RESUMED,
    OUTCOME_UNHANDLED,
    OUTCOME_KILLED,
};

static struct exception_binding **slot_of(struct thread *thread, enum handler_kind kind) {
    switch (kind) {
    case HANDLER_DEBUGGER:
        return &process_exception_slots()->debugger;
    case HANDLER_THREAD:
        return &thread->exception_slots.normal;
    case HANDLER_PROCESS:
        return &process_exception_slots()->normal;
    case HANDLER_JOB:
        return &job_exception_slots()->normal;
    default:
        return NULL;
    }
}

// The thread says that it waits before anybody can unbind what it waits on.
static struct exception_binding *begin_asking(struct thread *thread, enum handler_kind kind) {
    exception_bindings_lock();
    struct exception_binding *binding = *slot_of(thread, kind);
    if (binding != NULL) {
        binding->references++;
        platform_mutex_lock(&thread->blocking.lock);
        thread->exception.asked = kind;
        thread->exception.asked_for = binding;
        thread->exception.answer = ANSWER_NONE;
        thread->exception.ticket = NULL;
        platform_mutex_unlock(&thread->blocking.lock);
    }
    exception_bindings_unlock();
    return binding;
}

// A kill counts for more than an answer that came with it, such as that of a handler which goes.
static enum exception_answer wait_for_answer(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    while (thread->exception.answer == ANSWER_NONE && !thread->killed) {
        thread_sleep(thread);
    }
    const enum exception_answer answer = thread->killed ? ANSWER_NONE : thread->exception.answer;
    thread->exception.asked = HANDLER_NONE;
    thread->exception.asked_for = NULL;
    thread->exception.ticket = NULL;
    platform_mutex_unlock(&thread->blocking.lock);
    return answer;
}

// TRY_NEXT when there is no such handler; NONE when the thread was killed before an answer came.
static enum exception_answer ask(struct thread *thread, enum handler_kind kind, bool *untold) {
    struct exception_binding *binding = begin_asking(thread, kind);
    if (binding == NULL) {
        return ANSWER_TRY_NEXT;
    }
    const zx_status_t told = binding->ops->tell(binding, thread);
    *untold = told != ZX_OK && told != ZX_ERR_NEXT;
    if (told != ZX_OK) {
        platform_mutex_lock(&thread->blocking.lock);
        thread->exception.answer = ANSWER_TRY_NEXT;
        platform_mutex_unlock(&thread->blocking.lock);
    }
    const enum exception_answer answer = wait_for_answer(thread);
    exception_binding_release(binding);
    return answer;
}

static bool wants_second_chance(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    const bool wants = thread->exception.second_chance;
    platform_mutex_unlock(&thread->blocking.lock);
    return wants;
}

// A handler that cannot be told ends the search (objects ABI 8.5).
static enum outcome search(struct thread *thread) {
    static const enum handler_kind order[] = {
        HANDLER_DEBUGGER, HANDLER_THREAD, HANDLER_PROCESS, HANDLER_DEBUGGER, HANDLER_JOB,
    };
    enum { SECOND_CHANCE = 3 };
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        bool untold = false;
        if (i == SECOND_CHANCE && !wants_second_chance(thread)) {
            continue;
        }
        switch (ask(thread, order[i], &untold)) {
        case ANSWER_RESUME:
            return OUTCOME_RESUMED;
        case ANSWER_NONE:
        case ANSWER_EXIT:
            return OUTCOME_KILLED;
        case ANSWER_TRY_NEXT:
            if (untold) {
                return OUTCOME_UNHANDLED;
            }
            break;
        }
    }
    return OUTCOME_UNHANDLED;
}

static void begin_exception(struct thread *thread, const zx_exception_report_t *report,
                            struct platform_context *context) {
    platform_mutex_lock(&thread->blocking.lock);
    CHECK(thread == door.thread && !thread->exception.active && thread->registers == NULL);
    thread->exception.report = *report;
    thread->exception.active = true;
    thread->exception.second_chance = false;
    thread->registers = context;
    thread->stopped_in_call = door_in_call();
    platform_mutex_unlock(&thread->blocking.lock);
}

static void end_exception(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    CHECK(thread->exception.active && thread->exception.asked == HANDLER_NONE);
    thread->exception.active = false;
    thread->registers = NULL;
    platform_mutex_unlock(&thread->blocking.lock);
}

// The whole exception. A thread that it has killed, or that somebody kills meanwhile, ends at its
// next stop point, and the process lives.
static enum outcome raise_exception(struct thread *thread, const zx_exception_report_t *report,
                                    struct platform_context *context) {
    begin_exception(thread, report, context);
    enum outcome outcome = search(thread);
    end_exception(thread);
    platform_mutex_lock(&thread->blocking.lock);
    if (outcome == OUTCOME_UNHANDLED && thread->killed) {
        outcome = OUTCOME_KILLED;
    }
    thread->exiting = thread->exiting || outcome == OUTCOME_KILLED;
    platform_mutex_unlock(&thread->blocking.lock);
    return outcome;
}

// A handler that resumes from a breakpoint on an instruction hits it again, unless it has cleared
// it (objects ABI 8.7); some hosts would let the thread pass.
static enum outcome raise_breakpoint(struct thread *thread, const zx_exception_report_t *report,
                                     struct platform_context *context) {
    const bool passes = platform_set_resume_flag(context, false);
    const enum outcome outcome = raise_exception(thread, report, context);
    if (outcome == OUTCOME_UNHANDLED) {
        platform_set_resume_flag(context, passes);
    }
    return outcome;
}

static bool on_fault(const struct platform_fault *fault, struct platform_context *context) {
    struct thread *thread = door.thread;
    const bool is_breakpoint = fault->type == ZX_EXCP_HW_BREAKPOINT;
    if (thread != NULL && door.depth > 0 && is_breakpoint) {
        return true; // As a kernel's own work, the library's work for a thread hits no breakpoints.
    }
    if (thread == NULL || door.depth > 0 || !exception_any_bound()) {
        return false;
    }
    door_set_depth(1);
    _Static_assert(sizeof(fault->arm_64) <= sizeof(fault->x86_64),
                   "the larger takes the other along");
    const zx_exception_report_t report = {
        .header = {.size = sizeof(report), .type = fault->type},
        .context = {.arch.u.x86_64 = fault->x86_64, .synth_code = fault->synth_code},
    };
    const enum outcome outcome = is_breakpoint ? raise_breakpoint(thread, &report, context)
                                               : raise_exception(thread, &report, context);
    if (outcome == OUTCOME_UNHANDLED) {
        door_set_depth(0);
        return false;
    }
    thread_stop_point(thread, context);
    return true;
}

static void tell_debugger(struct thread *thread, zx_excp_type_t type,
                          struct platform_context *context) {
    const zx_exception_report_t report = {.header = {.size = sizeof(report), .type = type}};
    bool untold = false;
    if (exception_any_bound()) {
        begin_exception(thread, &report, context);
        ask(thread, HANDLER_DEBUGGER, &untold);
        end_exception(thread);
    }
}

void exception_thread_starting(struct thread *thread, struct platform_context *context) {
    tell_debugger(thread, ZX_EXCP_THREAD_STARTING, context);
}

void exception_thread_exiting(struct thread *thread) {
    tell_debugger(thread, ZX_EXCP_THREAD_EXITING, NULL);
}

void exception_break_policy(uint32_t code) {
    if (door.thread != NULL && exception_any_bound()) {
        door.policy_code = code;
        door.policy_error = true;
    }
}

// If no handler takes it, only the status of the call is left.
void exception_policy_error(struct thread *thread, struct platform_context *context) {
    if (!door.policy_error) {
        return;
    }
    door.policy_error = false;
    door_set_depth(1);
    const zx_exception_report_t report = {
        .header = {.size = sizeof(report), .type = ZX_EXCP_POLICY_ERROR},
        .context = {.synth_code = door.policy_code},
    };
    raise_exception(thread, &report, context);
}

bool exception_init(void) {
    return platform_watch_faults(on_fault);
}

// --- From any thread ---

zx_status_t exception_answer(struct thread *thread, enum exception_answer answer,
                             binding_matches_fn *is_from, const void *argument) {
    zx_status_t status = ZX_OK;
    platform_mutex_lock(&thread->blocking.lock);
    struct thread_exception *exception = &thread->exception;
    if (exception->asked == HANDLER_NONE || thread->killed) {
        status = refuse(ZX_ERR_BAD_STATE, "the thread is in no exception that is to be answered");
    } else if (is_from != NULL && !is_from(exception->asked_for, argument)) {
        status = refuse(ZX_ERR_ACCESS_DENIED, "another port than this one was asked");
    } else {
        exception->answer = answer;
        exception->asked = HANDLER_NONE;
    }
    platform_mutex_unlock(&thread->blocking.lock);
    platform_semaphore_post(&thread->wake);
    return status;
}

void exception_answer_ticket(struct thread *thread, const void *ticket,
                             enum exception_answer answer) {
    platform_mutex_lock(&thread->blocking.lock);
    struct thread_exception *exception = &thread->exception;
    if (exception->asked != HANDLER_NONE && exception->ticket == ticket) {
        exception->answer = answer;
        exception->asked = HANDLER_NONE;
    }
    platform_mutex_unlock(&thread->blocking.lock);
    platform_semaphore_post(&thread->wake);
}

zx_status_t exception_report(struct thread *thread, zx_exception_report_t *out) {
    platform_mutex_lock(&thread->blocking.lock);
    const bool active = thread->exception.active;
    *out = thread->exception.report;
    platform_mutex_unlock(&thread->blocking.lock);
    return active ? ZX_OK : refuse(ZX_ERR_BAD_STATE, "the thread is in no exception");
}

enum handler_kind exception_asked(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    const enum handler_kind asked = thread->exception.asked;
    platform_mutex_unlock(&thread->blocking.lock);
    return asked;
}
