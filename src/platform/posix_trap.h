// SPDX-License-Identifier: MIT
//
// What a trap that the host made a signal of is called: by what the processor told the host of it,
// where the frame of the signal has that, or by the signal.

#ifndef PLATFORM_POSIX_TRAP_H
#define PLATFORM_POSIX_TRAP_H

#include "platform/faults.h"
#include "platform/posix_frame.h"

#include <signal.h>

// What tells a fault from a signal that was sent. macOS gives both the same codes, gives some
// faults none, and on arm64 every SIGBUS that of an access off its alignment: there the trap tells.
// With ZIRCONIA_PORTABLE both are asked, where a frame has both.
#if !defined(__APPLE__)
#define POSIX_CODES_TELL 1
#endif
#if defined(__APPLE__) || (defined(__linux__) && defined(__x86_64__) && defined(ZIRCONIA_PORTABLE))
#define POSIX_TRAPS_TELL 1
#endif

// Whether the trap is one that raises this signal. A signal that was sent comes as the thread
// leaves the host's kernel, where it came by a system call or an interrupt.
bool posix_trap_raises(const struct posix_trap *trap, int number);

zx_excp_type_t posix_trap_type(const struct posix_trap *trap);

// Adds the processor's own data.
void posix_trap_describe(const struct posix_trap *trap, struct platform_fault *fault);

// The status that a page fault comes to: nothing is there, it may not be touched so, or what is
// mapped there ends before.
uint32_t posix_trap_why(const struct posix_trap *trap, int number, const siginfo_t *info);

#endif // PLATFORM_POSIX_TRAP_H
