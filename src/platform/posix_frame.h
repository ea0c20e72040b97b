// SPDX-License-Identifier: MIT
//
// What else is in the frame of a signal. Each host and processor has a file with these functions:
// linux_frame_*.c and macos_frame_*.c.

#ifndef PLATFORM_POSIX_FRAME_H
#define PLATFORM_POSIX_FRAME_H

#include "platform/posix_context.h"

#if defined(POSIX_CONTEXT_REGISTERS)

#include "platform/xsave.h"

#include <zircon/syscalls/debug.h>

// What the processor told the host of the trap that a fault is.
struct posix_trap {
    uint64_t code; // The vector; on arm64 ESR_EL1 (Arm Architecture Reference Manual, D24.2), or 0.
    uint64_t error; // The error code; 0 on arm64.
    uint64_t address;
};

struct posix_trap posix_frame_trap(const ucontext_t *context);

#if defined(__x86_64__)

// Where the x87 and vector registers are, for reading: without those that are in their initial
// state. And for writing, after which the parts of the mask are not.
struct xsave_place posix_frame_saved(const ucontext_t *context);
struct xsave_place posix_frame_written(ucontext_t *context, uint64_t parts);

#else

void posix_frame_read_vectors(const ucontext_t *context, zx_thread_state_vector_regs_t *out);
void posix_frame_write_vectors(ucontext_t *context, const zx_thread_state_vector_regs_t *from);

#endif

#endif

#endif // PLATFORM_POSIX_FRAME_H
