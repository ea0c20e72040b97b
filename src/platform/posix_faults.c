// SPDX-License-Identifier: MIT
//
// Taking over the signals of faults. A fault is first offered to the copy of client memory and to
// the divisions that are known, then to who watches faults, and then goes on to the handlers that
// were there before.

#define _GNU_SOURCE // REG_TRAPNO and its kin

#include "platform/posix_faults.h"

#include "platform/division.h"
#include "platform/faults.h"
#include "platform/platform.h"
#include "platform/posix_frame.h"
#include "platform/posix_general.h"
#include "platform/posix_trap.h"
#include "platform/store_faults.h"

#include <errno.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stddef.h>

// The first two are those of memory, the next that of divisions.
static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

enum {
    SIGNAL_COUNT = sizeof(numbers) / sizeof(numbers[0]),
    MEMORY_SIGNAL_COUNT = 2,
    DIVISION_SIGNAL_COUNT = 3,
};

static struct sigaction previous[SIGNAL_COUNT];
static _Atomic(platform_fault_fn *) watcher;

static _Atomic(platform_store_fn *) store_watcher;

// Where the thread that learns a division goes when it cannot.
static _Thread_local sigjmp_buf *volatile giving_up HANDLER_SAFE;

static const struct sigaction *previous_of(int number) {
    size_t i = 0;
    while (i + 1 < SIGNAL_COUNT && numbers[i] != number) {
        i++;
    }
    return &previous[i];
}

// --- Threads that faults concern ---

#if defined(__ELF__) && !defined(ZIRCONIA_PORTABLE)

// HANDLER_SAFE has the variables there from the beginning.
void posix_faults_concern_thread(void) {
}

bool posix_faults_know_thread(void) {
    return true;
}

#else

static struct platform_once mark_once = PLATFORM_ONCE_INIT;
static struct platform_thread_slot mark;
static atomic_bool marks;

static void make_mark(void) {
    atomic_store(&marks, platform_thread_slot_create(&mark, NULL));
}

// macOS allocates all of an image's variables as a thread first touches one.
void posix_faults_concern_thread(void) {
    (void)giving_up;
    platform_call_once(&mark_once, make_mark);
    if (atomic_load(&marks) && platform_thread_slot_get(&mark) == NULL) {
        platform_thread_slot_set(&mark, &mark);
    }
}

// Without a key of the host's, all are taken to be known.
bool posix_faults_know_thread(void) {
    return !atomic_load(&marks) || platform_thread_slot_get(&mark) != NULL;
}

#endif

// Whether an instruction raised the signal, and nobody sent it.
static bool is_fault(int number, const siginfo_t *info, const ucontext_t *context) {
    bool fault = true;
#if defined(__FreeBSD__)
    fault = info->si_code > 0 && info->si_code < SI_USER; // Who sends has codes above.
#elif defined(POSIX_CODES_TELL)
    fault = info->si_code > 0;
#else
    (void)info;
#endif
#if defined(POSIX_TRAPS_TELL)
    const struct posix_trap trap = posix_frame_trap(context);
    fault = fault && posix_trap_raises(&trap, number);
#else
    (void)number;
    (void)context;
#endif
    return fault;
}

// --- What is not ours ---

// Does what would have happened without our handler.
static void pass_on(int number, siginfo_t *info, void *context) {
    const bool sent = !is_fault(number, info, context);
    const struct sigaction *old = previous_of(number);
    const bool detailed = (old->sa_flags & SA_SIGINFO) != 0;
    if (!detailed && old->sa_handler == SIG_IGN && sent) {
        return;
    }
    if (!detailed && (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN)) {
        // The instruction faults again when we return, and what would not do so is sent again. No
        // other signal comes between, whose handler could end this thread and leave the process
        // without ours.
        signal(number, SIG_DFL);
        sigfillset(&((ucontext_t *)context)->uc_sigmask);
        sigdelset(&((ucontext_t *)context)->uc_sigmask, number);
        if (sent || number == SIGTRAP) {
            raise(number);
        }
        return;
    }
    sigset_t mask = old->sa_mask;
    sigaddset(&mask, number);
    pthread_sigmask(SIG_SETMASK, &((const ucontext_t *)context)->uc_sigmask, NULL);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    if (detailed) {
        old->sa_sigaction(number, info, context);
    } else {
        old->sa_handler(number);
    }
}

// --- What a fault is called ---

#if defined(POSIX_TRAPS_TELL) || (defined(__linux__) && defined(__x86_64__))

static struct platform_fault describe(int number, const siginfo_t *info,
                                      const ucontext_t *context) {
    const struct posix_trap trap = posix_frame_trap(context);
    struct platform_fault fault = {.type = posix_trap_type(&trap)};
    if (fault.type == ZX_EXCP_FATAL_PAGE_FAULT) {
        fault.synth_code = posix_trap_why(&trap, number, info);
    }
    posix_trap_describe(&trap, &fault);
    return fault;
}

#else

static struct platform_fault describe_signal(int number, const siginfo_t *info) {
    switch (number) {
    case SIGILL:
        return (struct platform_fault){.type = ZX_EXCP_UNDEFINED_INSTRUCTION};
    case SIGTRAP:
        return (struct platform_fault){.type = ZX_EXCP_SW_BREAKPOINT};
    case SIGFPE:
        return (struct platform_fault){.type = ZX_EXCP_GENERAL};
    case SIGBUS:
        if (info->si_code == BUS_ADRALN) {
            return (struct platform_fault){.type = ZX_EXCP_UNALIGNED_ACCESS};
        } // fall through
    default:
        return (struct platform_fault){
            .type = ZX_EXCP_FATAL_PAGE_FAULT,
            .synth_code = posix_trap_why(NULL, number, info),
        };
    }
}

static struct platform_fault describe(int number, const siginfo_t *info,
                                      const ucontext_t *context) {
    struct platform_fault fault = describe_signal(number, info);
#if defined(POSIX_CONTEXT_REGISTERS)
    const struct posix_trap trap = posix_frame_trap(context);
    posix_trap_describe(&trap, &fault);
#else
    (void)context;
#endif
    return fault;
}

#endif

static bool tell(int number, const siginfo_t *info, ucontext_t *host) {
    platform_fault_fn *told = atomic_load(&watcher);
    if (told == NULL) {
        return false;
    }
    const struct platform_fault fault = describe(number, info, host);
    struct platform_context context = {.host = host};
    posix_context_capture(&context);
    const bool goes_on = told(&fault, &context);
    posix_context_apply(&context);
    return goes_on;
}

// --- Divisions ---

#if defined(POSIX_CONTEXT_REGISTERS) && defined(__x86_64__)

static bool complete_division(ucontext_t *context) {
    struct division_registers registers = {
        .instruction = posix_general(context, GENERAL_RIP),
        .rax = posix_general(context, GENERAL_RAX),
        .rdx = posix_general(context, GENERAL_RDX),
    };
    if (!division_complete(&registers)) {
        return false;
    }
    posix_set_general(context, GENERAL_RIP, registers.instruction);
    posix_set_general(context, GENERAL_RAX, registers.rax);
    posix_set_general(context, GENERAL_RDX, registers.rdx);
    return true;
}

#else

static bool complete_division(ucontext_t *context) {
    (void)context;
    return false;
}

#endif

// Returns when the fault is another's.
static bool is_divided(int number, ucontext_t *context) {
    if (number != SIGFPE) {
        return false;
    }
    if (complete_division(context)) {
        return true;
    }
    if (giving_up != NULL) {
        siglongjmp(*giving_up, 1);
    }
    return false;
}

// --- Stores ---

// macOS makes either signal of a page that is read-only.
static bool is_store(int number, const siginfo_t *info) {
    platform_store_fn *told = atomic_load(&store_watcher);
#if defined(__APPLE__)
    const bool is_refused = number == SIGSEGV || number == SIGBUS;
#else
    const bool is_refused = number == SIGSEGV && info->si_code == SEGV_ACCERR;
#endif
    return told != NULL && is_refused && told((uintptr_t)info->si_addr);
}

bool platform_watch_stores(platform_store_fn *on_store) {
    posix_faults_take_memory_signals();
    atomic_store(&store_watcher, on_store);
    return true;
}

static bool is_ours(int number, siginfo_t *info, void *context) {
    if (!is_fault(number, info, context)) {
        return false;
    }
    if (!posix_faults_know_thread()) {
        return is_store(number, info);
    }
    return posix_copy_recover(info, context) || is_divided(number, context) ||
           is_store(number, info) || tell(number, info, context);
}

// With all signals blocked: a thread is stopped where it faulted, not in here. Nor is one cancelled
// in here that may be at any instruction.
static void on_fault(int number, siginfo_t *info, void *context) {
    const int error = errno;
    posix_handler_begin();
    const bool cancellable = platform_cancel_defer();
    const bool ours = is_ours(number, info, context);
    if (cancellable) {
        platform_cancel_undefer();
    }
    if (!ours) {
        pass_on(number, info, context);
    }
    errno = error;
}

static bool take(size_t first, size_t end) {
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    action.sa_sigaction = on_fault;
    sigfillset(&action.sa_mask);
    bool taken = true;
    for (size_t i = first; i < end; i++) {
        taken = sigaction(numbers[i], &action, &previous[i]) == 0 && taken;
    }
    return taken;
}

static void take_memory_signals(void) {
    take(0, MEMORY_SIGNAL_COUNT);
}

static bool division_taken;

static void take_division_signal(void) {
    division_taken = take(MEMORY_SIGNAL_COUNT, DIVISION_SIGNAL_COUNT);
}

static bool others_taken;

static void take_others(void) {
    others_taken = take(DIVISION_SIGNAL_COUNT, SIGNAL_COUNT);
}

void posix_faults_take_memory_signals(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, take_memory_signals);
}

// False where the host refuses.
static bool take_division_signal_once(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, take_division_signal);
    return division_taken;
}

void platform_let_divide(void) {
    posix_faults_concern_thread();
    sigset_t divisions;
    sigemptyset(&divisions);
    sigaddset(&divisions, SIGFPE);
    pthread_sigmask(SIG_UNBLOCK, &divisions, NULL);
}

bool platform_learn_division(void (*divide)(void *context), void *context) {
    sigset_t mask;
    sigjmp_buf buffer;
    volatile bool learned = false;
    if (!take_division_signal_once()) {
        return false;
    }
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    platform_let_divide();
    if (sigsetjmp(buffer, 0) == 0) {
        giving_up = &buffer;
        division_learning(true);
        divide(context);
        learned = true;
    }
    division_learning(false);
    giving_up = NULL;
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    return learned;
}

bool platform_watch_faults(platform_fault_fn *function) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    posix_faults_take_memory_signals();
    take_division_signal_once();
    platform_call_once(&once, take_others);
    atomic_store(&watcher, function);
    return others_taken;
}
