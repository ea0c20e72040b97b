// SPDX-License-Identifier: MIT
//
// Debug registers on macOS, which keeps them for each thread and gives them to whoever has the
// thread's port: every thread of the process. It stops the thread meanwhile by itself.

#include "platform/debug_registers.h"

#if defined(PLATFORM_DEBUG_REGISTERS)

#include "platform/posix_context.h"

static zx_status_t refuse(struct platform_refusal *refusal, kern_return_t error) {
    *refusal = (struct platform_refusal){
        .reason = "macOS refuses the state of the thread",
        .error = error,
    };
    return ZX_ERR_NOT_SUPPORTED;
}

zx_status_t platform_read_debug_registers(const struct platform_context *context,
                                          struct platform_debug_registers *out,
                                          struct platform_refusal *refusal) {
    x86_debug_state64_t state;
    mach_msg_type_number_t count = x86_DEBUG_STATE64_COUNT;
    const kern_return_t error =
        thread_get_state(context->thread, x86_DEBUG_STATE64, (thread_state_t)&state, &count);
    if (error != KERN_SUCCESS) {
        return refuse(refusal, error);
    }
    *out = (struct platform_debug_registers){
        .address = {state.__dr0, state.__dr1, state.__dr2, state.__dr3},
        .status = state.__dr6,
        .control = state.__dr7,
    };
    return ZX_OK;
}

// macOS takes a breakpoint for the thread alone, which is what every breakpoint of a thread is, and
// does not refuse accesses to ports on each processor.
static bool adapt_control(uint64_t control, uint64_t *adapted) {
    enum { COUNT = 4, LOCAL = 1, GLOBAL = 2, PORT_ACCESS = 2 };
    for (unsigned i = 0; i < COUNT; i++) {
        const uint64_t global = control >> (2 * i) & GLOBAL;
        control = (control & ~(global << (2 * i))) | (global / GLOBAL * LOCAL) << (2 * i);
        if ((control >> (16 + 4 * i) & 3) == PORT_ACCESS) {
            return false;
        }
    }
    *adapted = control;
    return true;
}

// macOS looks at the values, and takes none of them then.
zx_status_t platform_write_debug_registers(const struct platform_context *context,
                                           const struct platform_debug_registers *from,
                                           struct platform_refusal *refusal) {
    x86_debug_state64_t state = {
        .__dr0 = from->address[0],
        .__dr1 = from->address[1],
        .__dr2 = from->address[2],
        .__dr3 = from->address[3],
    };
    uint64_t control = 0;
    if (!adapt_control(from->control, &control)) {
        return ZX_ERR_INVALID_ARGS;
    }
    state.__dr7 = control;
    const kern_return_t error = thread_set_state(context->thread, x86_DEBUG_STATE64,
                                                 (thread_state_t)&state, x86_DEBUG_STATE64_COUNT);
    if (error == KERN_INVALID_ARGUMENT) {
        return ZX_ERR_INVALID_ARGS;
    }
    return error == KERN_SUCCESS ? ZX_OK : refuse(refusal, error);
}

#endif
