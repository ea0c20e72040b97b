// SPDX-License-Identifier: MIT
//
// Stopping and starting client threads on Windows. SuspendThread() holds a thread for as long as it
// takes to send it through a function that waits as the handler of a POSIX signal does, on a stack
// of its own, and goes back with every register as it should be. A thread in a call of Windows goes
// through it as that call returns.

#include "platform/windows_context.h"

#include "platform/platform.h"

#include <intrin.h>
#include <stdlib.h>
#include <string.h>

static platform_stop_fn *on_stop;

static _Thread_local struct windows_thread *own_thread;

struct windows_thread *windows_own_thread(void) {
    return own_thread;
}

// Goes on with the registers, the parts behind FXSAVE's among them; older headers lack it.
typedef LONG(WINAPI *continue_fn)(CONTEXT *context, BOOLEAN test_alert);
static continue_fn go_on;

// The code in which it is. Who asks Windows for it takes the loader's lock, which a thread that is
// held may have.
static const unsigned char *ntdll;

bool platform_stop_init(platform_stop_fn *function) {
    const HMODULE library = GetModuleHandleW(L"ntdll.dll");
    const FARPROC found = library != NULL ? GetProcAddress(library, "NtContinue") : NULL;
    memcpy(&go_on, &found, sizeof(found));
    ntdll = (const unsigned char *)library;
    on_stop = function;
    return go_on != NULL;
}

// --- Which thread ---

#if defined(WINDOWS_CONTEXT_REGISTERS)

// Makes `context` at the upper end of the stack, with room for all that this processor has.
static bool make_context(struct windows_thread *thread) {
    const DWORD kinds = CONTEXT_ALL | CONTEXT_XSTATE;
    DWORD size = 0;
    InitializeContext(NULL, kinds, NULL, &size);
    return size > 0 && size < WINDOWS_STOP_STACK / 2 &&
           InitializeContext(thread->stack + WINDOWS_STOP_STACK - size, kinds, &thread->context,
                             &size);
}

#else

static bool make_context(struct windows_thread *thread) {
    (void)thread;
    return true;
}

#endif

static void leave_home(void);

static void free_thread(struct windows_thread *thread) {
    free(thread->stack);
    if (thread->handle != NULL) {
        CloseHandle(thread->handle);
    }
    free(thread);
}

// NULL when it is short of something; the thread then stops as it leaves its next call.
void platform_thread_self(struct platform_thread *out) {
    out->native = NULL;
    struct windows_thread *thread = calloc(1, sizeof(*thread));
    if (thread == NULL) {
        return;
    }
    thread->id = GetCurrentThreadId();
    thread->stack = malloc(WINDOWS_STOP_STACK);
    if (thread->stack == NULL ||
        !DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(),
                         &thread->handle, 0, FALSE, DUPLICATE_SAME_ACCESS) ||
        !make_context(thread)) {
        free_thread(thread);
        return;
    }
    own_thread = thread;
    out->native = thread;
}

void platform_thread_forget(struct platform_thread *thread) {
    struct windows_thread *native = thread->native;
    leave_home();
    own_thread = NULL;
    thread->native = NULL;
    if (native != NULL) {
        free_thread(native);
    }
}

bool platform_thread_is(const struct platform_thread *thread, uintptr_t native) {
    return thread->native != NULL && thread->native->id == native;
}

static int64_t ticks_of(const FILETIME *time) {
    return (int64_t)((uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime);
}

int64_t platform_thread_runtime(const struct platform_thread *thread) {
    enum { TICK = 100 }; // Nanoseconds.
    const struct windows_thread *native = thread->native;
    FILETIME created, exited, kernel, user;
    if (native == NULL || !GetThreadTimes(native->handle, &created, &exited, &kernel, &user)) {
        return 0;
    }
    return (ticks_of(&kernel) + ticks_of(&user)) * TICK;
}

uint32_t platform_current_processor(void) {
    return GetCurrentProcessorNumber();
}

// --- Handlers ---

bool windows_handler_enter(void) {
    struct windows_thread *self = own_thread;
    return self != NULL && atomic_exchange(&self->busy, true);
}

static void stop_now(CONTEXT *registers) {
    const DWORD error = GetLastError();
    struct platform_context context = windows_context(registers);
    on_stop(&context, false);
    SetLastError(error);
}

// What is wanted after `busy` is false comes by SuspendThread() again.
static void stop_until_unwanted(struct windows_thread *self, CONTEXT *registers) {
    bool wanted = true;
    while (wanted) {
        stop_now(registers);
        atomic_store(&self->busy, false);
        wanted = atomic_exchange(&self->again, false);
        if (wanted) {
            atomic_store(&self->busy, true);
        }
    }
}

// Lets others stop the thread again, and does what they wanted while they could not.
static bool be_idle(struct windows_thread *self, CONTEXT *registers) {
    atomic_store(&self->busy, false);
    if (!atomic_exchange(&self->again, false)) {
        return false;
    }
    atomic_store(&self->busy, true);
    stop_until_unwanted(self, registers);
    return true;
}

bool windows_handler_leave(bool was_busy, CONTEXT *registers) {
    return own_thread != NULL && !was_busy && be_idle(own_thread, registers);
}

#if defined(WINDOWS_CONTEXT_REGISTERS)

// --- Stopping ---

enum { RED_ZONE = 128, HOME_AREA = 32 };

// The direction flag, single steps and the check of alignments are not for compiled code.
#define FLAGS_OF_CLIENTS 0x40500u

// Begins with RSP at the thread's context. RAX is what a call of Windows has returned, which the
// context cannot have.
void windows_stop_entry(void);
__asm__(".text\n"
        ".globl windows_stop_entry\n"
        "windows_stop_entry:\n"
        "    movq %rax, 0x78(%rsp)\n"
        "    movq %rsp, %rcx\n"
        "    subq $32, %rsp\n"
        "    call windows_stopped\n");
_Static_assert(offsetof(CONTEXT, Rax) == 0x78, "as above");

__attribute__((used)) void windows_stopped(CONTEXT *context);
void windows_stopped(CONTEXT *context) {
    stop_until_unwanted(own_thread, context);
    go_on(context, FALSE);
}

static bool on_stop_stack(const struct windows_thread *thread, DWORD64 address) {
    return address - (uintptr_t)thread->stack <= WINDOWS_STOP_STACK;
}

// Whether it is right behind the instruction that made a call of Windows: SYSCALL, INT 0x2e, or a
// call through the page that Windows shares with every process.
static bool is_in_call(const unsigned char *code) {
    static const unsigned char system_call[] = {0x0f, 0x05};
    static const unsigned char interrupt[] = {0xcd, 0x2e};
    static const unsigned char shared[] = {0xff, 0x14, 0x25, 0x00, 0x10, 0xfe, 0x7f};
    return memcmp(code - sizeof(system_call), system_call, sizeof(system_call)) == 0 ||
           memcmp(code - sizeof(interrupt), interrupt, sizeof(interrupt)) == 0 ||
           memcmp(code - sizeof(shared), shared, sizeof(shared)) == 0;
}

// Code of Windows that hands a fault on holds locks that every thread needs, for a few
// instructions.
static bool is_in_windows(const CONTEXT *context) {
    enum { HEADERS = 0x1000 };
    const LONG head = ((const IMAGE_DOS_HEADER *)ntdll)->e_lfanew;
    const IMAGE_NT_HEADERS *image = (const IMAGE_NT_HEADERS *)(ntdll + head);
    const DWORD64 offset = context->Rip - (uintptr_t)ntdll;
    return offset >= HEADERS && offset < image->OptionalHeader.SizeOfImage &&
           !is_in_call(ntdll + offset);
}

// False where Windows refuses.
static bool divert(struct windows_thread *thread, CONTEXT *control) {
    CONTEXT *context = thread->context;
    context->ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS | CONTEXT_XSTATE;
    SetXStateFeaturesMask(context, GetEnabledXStateFeatures());
    if (!GetThreadContext(thread->handle, context)) {
        return false;
    }
    atomic_store(&thread->busy, true);
    control->ContextFlags = CONTEXT_CONTROL;
    control->Rip = (DWORD64)(uintptr_t)windows_stop_entry;
    control->Rsp = (DWORD64)(uintptr_t)context;
    control->EFlags &= ~FLAGS_OF_CLIENTS;
    if (!SetThreadContext(thread->handle, control)) {
        atomic_store(&thread->busy, false);
        return false;
    }
    return true;
}

// False when it is to be tried again soon.
static bool try_stop(struct windows_thread *thread, bool patient) {
    CONTEXT control = {.ContextFlags = CONTEXT_CONTROL};
    bool done = true;
    if (SuspendThread(thread->handle) == (DWORD)-1) {
        return true;
    }
    // The thread stands still only once this returns.
    if (GetThreadContext(thread->handle, &control)) {
        if (atomic_load(&thread->busy)) {
            atomic_store(&thread->again, true);
        } else if (on_stop_stack(thread, control.Rsp) || (patient && is_in_windows(&control))) {
            done = false;
        } else {
            done = divert(thread, &control) || !patient;
        }
    }
    ResumeThread(thread->handle);
    return done;
}

void platform_thread_stop(const struct platform_thread *thread) {
    enum { PATIENCE = 100 };
    struct windows_thread *native = thread->native;
    for (int tries = 0; native != NULL && !try_stop(native, tries < PATIENCE); tries++) {
        SwitchToThread();
    }
}

// --- Client code on a stack of the client's ---

// What a new thread has: interrupts on, and the bit that is always 1.
enum { PLAIN_FLAGS = 0x202, PLAIN_FCW = 0x37f, PLAIN_MXCSR = 0x1f80 };

// What Windows takes for the stack of a thread.
struct stack_limits {
    void *base;
    void *limit;
};

// Where a thread left its host stack, which is where it goes back to.
struct home {
    CONTEXT registers;
    struct stack_limits limits;
    volatile bool is_back;
    void (*function)(void *argument); // What the host thread runs.
    void *argument;
};

static _Thread_local struct home *own_home;      // Set in a thread that may enter client code.
static _Thread_local struct home *volatile home; // While it is there.

bool windows_is_away(void) {
    return home != NULL;
}

static struct stack_limits get_limits(void) {
    const NT_TIB *block = windows_thread_block();
    return (struct stack_limits){block->StackBase, block->StackLimit};
}

static void set_limits(const struct stack_limits *limits) {
    NT_TIB *block = windows_thread_block();
    block->StackBase = limits->base;
    block->StackLimit = limits->limit;
}

// The pages of one kind around the address. What Windows tells of an address begins at its own
// page.
static bool pages_around(uintptr_t address, MEMORY_BASIC_INFORMATION *out) {
    bool found = VirtualQuery((void *)address, out, sizeof(*out)) != 0 && out->State == MEM_COMMIT;
    uintptr_t at = (uintptr_t)out->AllocationBase;
    while (found && VirtualQuery((void *)at, out, sizeof(*out)) != 0 &&
           at + out->RegionSize <= address) {
        at += out->RegionSize;
    }
    return found;
}

// Exceptions are looked for on no other stack than that which Windows takes for the thread's.
static void set_limits_around(uintptr_t stack) {
    MEMORY_BASIC_INFORMATION pages;
    if (pages_around(stack - 1, &pages)) {
        const struct stack_limits limits = {
            .base = (unsigned char *)pages.BaseAddress + pages.RegionSize,
            .limit = pages.BaseAddress,
        };
        set_limits(&limits);
    }
}

static void make_plain(CONTEXT *context) {
    context->EFlags = PLAIN_FLAGS;
    context->MxCsr = PLAIN_MXCSR;
    context->FltSave.MxCsr = PLAIN_MXCSR;
    context->FltSave.ControlWord = PLAIN_FCW;
    context->FltSave.StatusWord = 0;
    context->FltSave.TagWord = 0;
}

static void end_host_thread(void) {
    ExitThread(0);
}

static void end_in_place(CONTEXT *context) {
    context->Rsp = ((context->Rsp - RED_ZONE) & ~(DWORD64)15) - sizeof(DWORD64);
    context->Rip = (DWORD64)(uintptr_t)end_host_thread;
}

bool platform_context_end(struct platform_context *context) {
    CONTEXT *host = context->host;
    if (home == NULL) {
        end_in_place(host);
    } else {
        const DWORD kinds = host->ContextFlags;
        memcpy(host, &home->registers, sizeof(*host));
        host->ContextFlags = kinds;
        set_limits(&home->limits);
        home->is_back = true;
    }
    make_plain(host);
    return true;
}

bool platform_client_can_enter(void) {
    return true;
}

static void enter(const struct platform_client_entry *entry) {
    struct windows_thread *self = own_thread;
    CONTEXT first = home->registers;
    static const size_t cleared[] = {
        offsetof(CONTEXT, Rax), offsetof(CONTEXT, Rbx), offsetof(CONTEXT, Rcx),
        offsetof(CONTEXT, Rdx), offsetof(CONTEXT, Rbp), offsetof(CONTEXT, R8),
        offsetof(CONTEXT, R9),  offsetof(CONTEXT, R10), offsetof(CONTEXT, R11),
        offsetof(CONTEXT, R12), offsetof(CONTEXT, R13), offsetof(CONTEXT, R14),
        offsetof(CONTEXT, R15)};
    for (size_t i = 0; i < sizeof(cleared) / sizeof(cleared[0]); i++) {
        *(DWORD64 *)((unsigned char *)&first + cleared[i]) = 0;
    }
    first.Rip = entry->entry;
    first.Rsp = entry->stack;
    first.Rdi = entry->arguments[0];
    first.Rsi = entry->arguments[1];
    first.Rcx = entry->arguments[0]; // Where functions of Windows take them.
    first.Rdx = entry->arguments[1];
    make_plain(&first);
    struct platform_context stopped = windows_context(&first);
    if (self != NULL) {
        atomic_store(&self->busy, true);
    }
    on_stop(&stopped, true);
    if (self != NULL) {
        be_idle(self, &first);
    }
    if (!home->is_back) {
        set_limits_around(entry->stack); // From here on the host's stack must not grow.
    }
    go_on(&first, FALSE);
}

// RtlCaptureContext() returns a second time when the thread is sent back.
void platform_client_enter(const struct platform_client_entry *entry) {
    own_home->is_back = false;
    own_home->limits = get_limits();
    RtlCaptureContext(&own_home->registers);
    if (!own_home->is_back) {
        home = own_home;
        enter(entry);
    }
    home = NULL;
}

// Where the client's code ends the host thread by the host's means.
static void leave_home(void) {
    if (home != NULL) {
        set_limits(&home->limits);
        home = NULL;
        free(own_home);
        own_home = NULL;
    }
}

static DWORD WINAPI run(LPVOID argument) {
    own_home = argument;
    home = NULL; // Handlers read it, so it must be there without an allocation.
    own_home->function(own_home->argument);
    free(own_home);
    own_home = NULL;
    return 0;
}

bool platform_client_start(void (*function)(void *argument), void *argument) {
    struct home *new_home = calloc(1, sizeof(*new_home));
    if (new_home == NULL) {
        return false;
    }
    new_home->function = function;
    new_home->argument = argument;
    const HANDLE thread = CreateThread(NULL, 0, run, new_home, 0, NULL);
    if (thread == NULL) {
        free(new_home);
        return false;
    }
    CloseHandle(thread);
    return true;
}

#else

bool windows_is_away(void) {
    return false;
}

static void leave_home(void) {
}

// The thread stops as it leaves its next call.
void platform_thread_stop(const struct platform_thread *thread) {
    (void)thread;
}

bool platform_context_end(struct platform_context *context) {
    (void)context;
    ExitThread(0);
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

#endif

// The call is where the thread stops, and it may be sent elsewhere from there.
void platform_stop_here(void) {
    CONTEXT context;
    volatile bool stopped = false;
    struct windows_thread *self = own_thread;
    RtlCaptureContext(&context);
    if (stopped) {
        return;
    }
    stopped = true;
    if (self == NULL) {
        stop_now(&context);
    } else {
        atomic_store(&self->busy, true);
        stop_until_unwanted(self, &context);
    }
    go_on(&context, FALSE);
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

_Noreturn void platform_thread_end(void) {
    for (;;) {
        ExitThread(0);
    }
}

// --- Cancellation: no such thing ---

int platform_cancel_off(void) {
    return 0;
}

void platform_cancel_restore(int state) {
    (void)state;
}

bool platform_cancel_defer(void) {
    return false;
}

void platform_cancel_undefer(void) {
}

void platform_cancel_point(void) {
}

_Noreturn void platform_cancel_end(void) {
    platform_thread_end();
}
