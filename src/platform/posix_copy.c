// SPDX-License-Identifier: MIT
//
// A copy that survives bad pointers: a fault inside it jumps back out of it. The thread that
// copies says so in a thread-local pointer, which the handlers of SIGSEGV and SIGBUS look at
// (posix_faults.c).

#define _GNU_SOURCE // REG_RIP and its kin

#include "platform/platform.h"
#include "platform/posix_client_frame.h"
#include "platform/posix_context.h"
#include "platform/posix_faults.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

// Without counters of coverage, which would take longer than the copy.
#if defined(__clang__)
#define NO_COVERAGE __attribute__((no_sanitize("coverage")))
#else
#define NO_COVERAGE
#endif

// The copy reads and writes what sanitizers know nothing of, or know to be wrong.
#define NO_SANITIZE                                                                                \
    __attribute__((noinline, no_sanitize("address"), no_sanitize("thread"),                        \
                   no_sanitize("undefined"))) NO_COVERAGE

struct copy_guard {
    sigjmp_buf recovery;
    uintptr_t destination;
    uintptr_t source;
    size_t size;
    volatile uintptr_t fault_address;
    sigset_t mask; // The thread's, as it was when the copy faulted.
};

static _Thread_local struct copy_guard *volatile active_guard HANDLER_SAFE;

// An arm64 processor does not look at the highest byte of an address, and Linux reports it as 0.
static uintptr_t without_tag(uintptr_t address) {
#if defined(__aarch64__)
    return address & UINTPTR_MAX >> 8;
#else
    return address;
#endif
}

// Who reads some bytes may tell of the aligned 16 that have them, as QEMU does for programs with
// threads.
enum { GRAIN = 16 };

static bool inside(uintptr_t address, uintptr_t tagged, size_t size) {
    const uintptr_t start = without_tag(tagged);
    const uintptr_t first = start - start % GRAIN;
    return address >= first && (address < start || address - start < size);
}

// A processor that cannot represent the address reports 0.
static bool is_the_copys(const struct copy_guard *guard, const siginfo_t *info) {
    const uintptr_t address = without_tag((uintptr_t)info->si_addr);
    return address == 0 || inside(address, guard->destination, guard->size) ||
           inside(address, guard->source, guard->size);
}

static void end_copy(void) {
    siglongjmp(active_guard->recovery, 1);
}

// The handler returns, to the function that jumps: macOS takes a thread that jumps out of a handler
// to be on its alternate stack still, and never again uses that for it, and AddressSanitizer reads
// the map of the process for it.
static void leave_handler(ucontext_t *context) {
#if defined(POSIX_CLIENT_FRAME)
    client_frame_call(context, end_copy);
#else
    (void)context;
    end_copy();
#endif
}

bool posix_copy_recover(const siginfo_t *info, void *context) {
    struct copy_guard *guard = active_guard;
    if (guard == NULL || !is_the_copys(guard, info)) {
        return false;
    }
    guard->fault_address = (uintptr_t)info->si_addr;
    guard->mask = ((const ucontext_t *)context)->uc_sigmask;
    leave_handler(context);
    return true;
}

typedef uint64_t __attribute__((aligned(1), may_alias)) loose_word;

// Volatile, so that it is neither turned into a call of memcpy nor moved out of the guard.
NO_SANITIZE static void copy_words(volatile unsigned char *destination,
                                   const volatile unsigned char *source, size_t size) {
    while (size >= sizeof(loose_word)) {
        *(volatile loose_word *)destination = *(const volatile loose_word *)source;
        destination += sizeof(loose_word);
        source += sizeof(loose_word);
        size -= sizeof(loose_word);
    }
    while (size > 0) {
        *destination++ = *source++;
        size--;
    }
}

bool platform_copy_or_fault(void *destination, const void *source, size_t size,
                            uintptr_t *fault_address) {
    *fault_address = 0;
    if (size == 0) {
        return true;
    }
    if (destination == NULL || source == NULL) {
        return false;
    }
    posix_faults_take_memory_signals();
    posix_faults_concern_thread();
    struct copy_guard guard;
    guard.destination = (uintptr_t)destination;
    guard.source = (uintptr_t)source;
    guard.size = size;
    // To save the mask here would be a system call; the handler finds it when it is needed.
    if (sigsetjmp(guard.recovery, 0) != 0) {
        active_guard = NULL;
        pthread_sigmask(SIG_SETMASK, &guard.mask, NULL);
        *fault_address = guard.fault_address;
        return false;
    }
    active_guard = &guard;
    copy_words(destination, source, size);
    active_guard = NULL;
    return true;
}

bool platform_copy(void *destination, const void *source, size_t size) {
    uintptr_t fault_address = 0;
    return platform_copy_or_fault(destination, source, size, &fault_address);
}
