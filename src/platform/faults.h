// SPDX-License-Identifier: MIT
//
// Faults of client code: what the host makes a signal of, and Zircon an exception (objects
// ABI 8.1).

#ifndef PLATFORM_FAULTS_H
#define PLATFORM_FAULTS_H

#include "platform/threads.h"

#include <zircon/syscalls/exception.h>

struct platform_fault {
    zx_excp_type_t type;
    union { // 0 on other processors.
        zx_x86_64_exc_data_t x86_64;
        zx_arm64_exc_data_t arm_64;
    };
    uint32_t synth_code; // For a page fault: the status that tells why.
};

// Called on the thread that faulted, with no signal of the client's let through and as little
// allowed as in platform_stop_fn. True when the thread goes on with its context as it is now;
// false when what would have happened without us is to happen.
typedef bool platform_fault_fn(const struct platform_fault *fault,
                               struct platform_context *context);

// Has every fault from now on told. False when the host refuses.
bool platform_watch_faults(platform_fault_fn *on_fault);

#endif // PLATFORM_FAULTS_H
