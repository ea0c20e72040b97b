// SPDX-License-Identifier: MIT
//
// Stopping client threads on Windows: SuspendThread(), and then the thread is sent through a
// function that waits as the handler of a POSIX signal does and restores its context afterwards.
// Starting threads in client code is not done here. The maintainers have not run this file.

#include "platform/division.h"
#include "platform/faults.h"
#include "platform/platform.h"
#include "platform/threads.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

struct platform_context {
    bool ends;
};

static platform_stop_fn *on_stop;
static platform_fault_fn *on_fault;

bool platform_stop_init(platform_stop_fn *function) {
    on_stop = function;
    return true;
}

// A real handle, which others can use; it is kept for as long as the process lives.
void platform_thread_self(struct platform_thread *out) {
    HANDLE handle = NULL;
    DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &handle, 0, FALSE,
                    DUPLICATE_SAME_ACCESS);
    out->native = handle;
}

int64_t platform_thread_runtime(const struct platform_thread *thread) {
    (void)thread;
    return 0;
}

uint32_t platform_current_processor(void) {
    return GetCurrentProcessorNumber();
}

bool platform_thread_is(const struct platform_thread *thread, uintptr_t native) {
    (void)thread;
    (void)native;
    return false;
}

void platform_stop_here(void) {
    struct platform_context context = {.ends = false};
    on_stop(&context, false);
    if (context.ends) {
        ExitThread(0);
    }
}

#if defined(_M_X64) || defined(__x86_64__)

enum { RED_ZONE = 128, HOME_AREA = 32 };

static void stop_and_go_on(CONTEXT *saved) {
    platform_stop_here();
    RtlRestoreContext(saved, NULL);
}

// The saved context lies on the thread's own stack, below what it may be using.
static void send_through_stop(HANDLE thread, CONTEXT *context) {
    const DWORD64 place = (context->Rsp - RED_ZONE - sizeof(*context)) & ~(DWORD64)15;
    memcpy((void *)(uintptr_t)place, context, sizeof(*context));
    context->Rcx = place;
    context->Rsp = place - HOME_AREA - sizeof(DWORD64);
    context->Rip = (DWORD64)(uintptr_t)stop_and_go_on;
    SetThreadContext(thread, context);
}

void platform_thread_stop(const struct platform_thread *thread) {
    CONTEXT context;
    memset(&context, 0, sizeof(context));
    context.ContextFlags = CONTEXT_FULL;
    if (SuspendThread(thread->native) == (DWORD)-1) {
        return;
    }
    if (GetThreadContext(thread->native, &context)) {
        send_through_stop(thread->native, &context);
    }
    ResumeThread(thread->native);
}

#else

// The thread stops as it leaves its next call.
void platform_thread_stop(const struct platform_thread *thread) {
    (void)thread;
}

#endif

void platform_context_end(struct platform_context *context) {
    context->ends = true;
}

bool platform_client_can_enter(void) {
    return false;
}

bool platform_client_start(void (*function)(void *argument), void *argument) {
    (void)function;
    (void)argument;
    return false;
}

void platform_client_enter(const struct platform_client_entry *entry) {
    (void)entry;
}

void platform_on_fork(void (*in_child)(void)) {
    (void)in_child;
}

void platform_process_exit(int code) {
    ExitProcess((UINT)code);
}

void platform_process_kill(void) {
    TerminateProcess(GetCurrentProcess(), (UINT)-1);
}

// --- Faults ---

static bool describe(const EXCEPTION_RECORD *record, struct platform_fault *out) {
    switch (record->ExceptionCode) {
    case EXCEPTION_ACCESS_VIOLATION:
    case EXCEPTION_IN_PAGE_ERROR:
        *out = (struct platform_fault){
            .type = ZX_EXCP_FATAL_PAGE_FAULT,
            .x86_64 = {.vector = 14, .cr2 = record->ExceptionInformation[1]},
            .synth_code = (uint32_t)ZX_ERR_ACCESS_DENIED,
        };
        return true;
    case EXCEPTION_BREAKPOINT:
        *out = (struct platform_fault){.type = ZX_EXCP_SW_BREAKPOINT, .x86_64 = {.vector = 3}};
        return true;
    case EXCEPTION_SINGLE_STEP:
        *out = (struct platform_fault){.type = ZX_EXCP_HW_BREAKPOINT, .x86_64 = {.vector = 1}};
        return true;
    case EXCEPTION_ILLEGAL_INSTRUCTION:
        *out =
            (struct platform_fault){.type = ZX_EXCP_UNDEFINED_INSTRUCTION, .x86_64 = {.vector = 6}};
        return true;
    case EXCEPTION_INT_DIVIDE_BY_ZERO:
    case EXCEPTION_INT_OVERFLOW:
        *out = (struct platform_fault){.type = ZX_EXCP_GENERAL};
        return true;
    default:
        return false;
    }
}

static LONG CALLBACK first_look(EXCEPTION_POINTERS *pointers) {
    struct platform_fault fault;
    struct platform_context context = {.ends = false};
    if (!describe(pointers->ExceptionRecord, &fault) || !on_fault(&fault, &context)) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    if (context.ends) {
        ExitThread(0);
    }
    return EXCEPTION_CONTINUE_EXECUTION;
}

bool platform_watch_faults(platform_fault_fn *function) {
    static bool watches;
    on_fault = function;
    if (!watches) {
        watches = AddVectoredExceptionHandler(1, first_look) != NULL;
    }
    return watches;
}

// --- Cancellation: no such thing ---

int platform_cancel_off(void) {
    return 0;
}

void platform_cancel_restore(int state) {
    (void)state;
}

int platform_cancel_defer(void) {
    return 0;
}

void platform_cancel_undefer(int type) {
    (void)type;
}

void platform_cancel_point(void) {
}

_Noreturn void platform_cancel_end(void) {
    for (;;) {
        ExitThread(0);
    }
}

// --- Divisions ---

#if defined(_M_X64) || defined(__x86_64__)

static LONG CALLBACK complete_division(EXCEPTION_POINTERS *pointers) {
    CONTEXT *context = pointers->ContextRecord;
    struct division_registers registers = {
        .instruction = context->Rip,
        .rax = context->Rax,
        .rdx = context->Rdx,
    };
    if (pointers->ExceptionRecord->ExceptionCode != EXCEPTION_INT_OVERFLOW ||
        !division_complete(&registers)) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    context->Rip = registers.instruction;
    context->Rax = registers.rax;
    context->Rdx = registers.rdx;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void watch_divisions(void) {
    AddVectoredExceptionHandler(1, complete_division);
}

#else

static void watch_divisions(void) {
}

#endif

void platform_let_divide(void) {
}

bool platform_learn_division(void (*divide)(void *context), void *context) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, watch_divisions);
    division_learning(true);
    divide(context);
    division_learning(false);
    return true;
}
