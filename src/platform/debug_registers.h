// SPDX-License-Identifier: MIT
//
// Debug registers of a stopped thread. The frame of a signal does not contain them. Linux gives
// them to other processes alone; macOS and Windows give them to threads of the same process. A
// breakpoint that is hit is a fault (faults.h).

#ifndef PLATFORM_DEBUG_REGISTERS_H
#define PLATFORM_DEBUG_REGISTERS_H

#include "platform/threads.h"

#include <zircon/types.h>

#if ((defined(__linux__) || defined(__APPLE__)) && defined(__x86_64__) &&                          \
     !defined(ZIRCONIA_PORTABLE)) ||                                                               \
    (defined(_WIN32) && (defined(__x86_64__) || defined(_M_X64)))
#define PLATFORM_DEBUG_REGISTERS 1
#endif

struct platform_debug_registers {
    uint64_t address[4]; // DR0 to DR3
    uint64_t status;     // DR6, of which only the bits that tell of an event count. Not written.
    uint64_t control;    // DR7
};

// Why the host refuses, for a person; `error` is the host's error number, or 0.
struct platform_refusal {
    const char *reason;
    int error;
};

// OK; NO_MEMORY; NOT_SUPPORTED, and then *refusal is filled in; write: INVALID_ARGS, and nothing is
// changed, for what the host does not take as a breakpoint.
zx_status_t platform_read_debug_registers(const struct platform_context *context,
                                          struct platform_debug_registers *out,
                                          struct platform_refusal *refusal);
zx_status_t platform_write_debug_registers(const struct platform_context *context,
                                           const struct platform_debug_registers *from,
                                           struct platform_refusal *refusal);

#endif // PLATFORM_DEBUG_REGISTERS_H
