// SPDX-License-Identifier: MIT
//
// What a signal's frame on arm64 says besides of a fault.

#ifndef PLATFORM_POSIX_REGISTERS_ARM64_H
#define PLATFORM_POSIX_REGISTERS_ARM64_H

#include "platform/posix_context.h"

// ESR_EL1 of the fault (Arm Architecture Reference Manual, D24.2); 0 where the frame has none.
uint64_t posix_fault_syndrome(const ucontext_t *context);

#endif // PLATFORM_POSIX_REGISTERS_ARM64_H
