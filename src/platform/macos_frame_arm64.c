// SPDX-License-Identifier: MIT
//
// The frame of a signal on macOS for arm64.

#include "platform/posix_frame.h"

#if defined(__aarch64__)

#include <string.h>

// macOS uses TPIDR_EL0 for itself, and what it has there may be another value at each look.
void posix_context_capture(struct platform_context *context) {
    context->thread = pthread_mach_thread_np(pthread_self());
}

void posix_context_apply(const struct platform_context *context) {
    (void)context;
}

struct posix_trap posix_frame_trap(const ucontext_t *context) {
    const _STRUCT_ARM_EXCEPTION_STATE64 *state = &context->uc_mcontext->__es;
    return (struct posix_trap){.code = state->__esr, .address = state->__far};
}

_Static_assert(sizeof(((zx_thread_state_vector_regs_t *)0)->v) ==
                   sizeof(((_STRUCT_ARM_NEON_STATE64 *)0)->__v),
               "32 registers of 16 bytes");

void posix_frame_read_vectors(const ucontext_t *context, zx_thread_state_vector_regs_t *out) {
    const _STRUCT_ARM_NEON_STATE64 *state = &context->uc_mcontext->__ns;
    out->fpcr = state->__fpcr;
    out->fpsr = state->__fpsr;
    memcpy(out->v, state->__v, sizeof(out->v));
}

void posix_frame_write_vectors(ucontext_t *context, const zx_thread_state_vector_regs_t *from) {
    _STRUCT_ARM_NEON_STATE64 *state = &context->uc_mcontext->__ns;
    state->__fpcr = from->fpcr;
    state->__fpsr = from->fpsr;
    memcpy(state->__v, from->v, sizeof(from->v));
}

#endif
