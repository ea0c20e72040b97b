// SPDX-License-Identifier: MIT
//
// Registers in the frame of a signal, for arm64.

#define _GNU_SOURCE // The members of mcontext_t

#include "platform/registers.h"

#include "platform/posix_frame.h"
#include "platform/posix_general.h"

#if defined(POSIX_CONTEXT_REGISTERS) && defined(__aarch64__)

#include <string.h>

// PSTATE's condition flags; the rest is the host's.
#define CONDITION_FLAGS UINT64_C(0xf0000000)

bool platform_has_registers(void) {
    return true;
}

// --- General registers ---

void platform_read_general(const struct platform_context *context,
                           zx_thread_state_general_regs_t *out) {
    const ucontext_t *host = context->host;
    for (unsigned i = 0; i < GENERAL_LINK; i++) {
        out->r[i] = posix_general(host, i);
    }
    out->lr = posix_general(host, GENERAL_LINK);
    out->sp = posix_general(host, GENERAL_SP);
    out->pc = posix_general(host, GENERAL_PC);
    out->cpsr = posix_general(host, GENERAL_CPSR);
    out->tpidr = context->fs_base;
}

bool platform_write_general(struct platform_context *context,
                            const zx_thread_state_general_regs_t *from) {
    if (from->tpidr != context->fs_base) {
        return false;
    }
    ucontext_t *host = context->host;
    for (unsigned i = 0; i < GENERAL_LINK; i++) {
        posix_set_general(host, i, from->r[i]);
    }
    posix_set_general(host, GENERAL_LINK, from->lr);
    posix_set_general(host, GENERAL_SP, from->sp);
    posix_set_general(host, GENERAL_PC, from->pc);
    const uint64_t kept = posix_general(host, GENERAL_CPSR) & ~CONDITION_FLAGS;
    posix_set_general(host, GENERAL_CPSR, kept | (from->cpsr & CONDITION_FLAGS));
    return true;
}

// The frame has no way to a step: Linux lets only another process step a thread, macOS another
// thread.
bool platform_read_single_step(const struct platform_context *context) {
    (void)context;
    return false;
}

bool platform_write_single_step(struct platform_context *context, bool on) {
    (void)context;
    return !on;
}

bool platform_set_resume_flag(struct platform_context *context, bool on) {
    (void)context;
    (void)on;
    return false;
}

// --- Floating point and vectors ---

void platform_read_fp(const struct platform_context *context, zx_thread_state_fp_regs_t *out) {
    (void)context;
    memset(out, 0, sizeof(*out));
}

void platform_write_fp(struct platform_context *context, const zx_thread_state_fp_regs_t *from) {
    (void)context;
    (void)from;
}

void platform_read_vector(const struct platform_context *context,
                          zx_thread_state_vector_regs_t *out) {
    memset(out, 0, sizeof(*out));
    posix_frame_read_vectors(context->host, out);
}

void platform_write_vector(struct platform_context *context,
                           const zx_thread_state_vector_regs_t *from) {
    posix_frame_write_vectors(context->host, from);
}

#endif
