// SPDX-License-Identifier: MIT
//
// What a platform_context is on POSIX systems: the frame of the signal that stopped the thread.

#ifndef PLATFORM_POSIX_CONTEXT_H
#define PLATFORM_POSIX_CONTEXT_H

#include "platform/threads.h"

#include <signal.h>
#if defined(__APPLE__) // There <signal.h> has it, and <ucontext.h> is for old functions.
#include <mach/mach.h>
#else
#include <ucontext.h>
#endif

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#define POSIX_FLAG_ALIGNMENT_CHECK (1u << 18)
#endif

// Registers of a signal's frame can be read and changed.
#if (defined(__linux__) || defined(__APPLE__)) && (defined(__x86_64__) || defined(__aarch64__))
#define POSIX_CONTEXT_REGISTERS 1
#endif

// Whether GS belongs to the host.
#if defined(__APPLE__)
#define POSIX_KEEPS_GS_BASE 1
typedef mach_port_t posix_thread_number;
#else
#define POSIX_KEEPS_GS_BASE 0
typedef pid_t posix_thread_number;
#endif

struct platform_context {
    ucontext_t *host;
    bool is_late;     // The frame is a copy of one that is left.
    uint64_t fs_base; // What no frame has. On arm64 TPIDR_EL0, and the others are not used.
    uint64_t gs_base;
    uint64_t new_gs_base;
    posix_thread_number thread; // The host's number of the thread.
};

// On the thread itself: what is not in the frame is read before others may look, and what they
// changed of it is done before the thread goes on.
void posix_context_capture(struct platform_context *context);
void posix_context_apply(const struct platform_context *context);

// The first thing in every handler. The host clears the direction flag and resets the
// floating-point unit for a handler, but not the flag that makes unaligned accesses fault, which
// the client's code may have set and compiled code does not expect. The return from the handler
// brings it back.
static inline void posix_handler_begin(void) {
#if defined(__x86_64__) || defined(__i386__)
    __writeeflags(__readeflags() & ~POSIX_FLAG_ALIGNMENT_CHECK);
#endif
}

// Handlers must not allocate, which other models of thread-local storage may do at first use.
#if defined(__ELF__)
#define HANDLER_SAFE __attribute__((tls_model("initial-exec")))
#else
#define HANDLER_SAFE
#endif

#endif // PLATFORM_POSIX_CONTEXT_H
