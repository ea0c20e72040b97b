// SPDX-License-Identifier: MIT
//
// Registers in the frame of a signal, for x86-64.

#define _GNU_SOURCE // REG_RIP and its kin

#include "platform/registers.h"

#include "platform/posix_frame.h"
#include "platform/posix_general.h"

#if defined(POSIX_CONTEXT_REGISTERS) && defined(__x86_64__)

#include <stddef.h>
#include <string.h>

#define RFLAGS_TRAP (UINT64_C(1) << 8)
#define RFLAGS_RESUME (UINT64_C(1) << 16)

#define REGISTER_AT(name) (offsetof(zx_thread_state_general_regs_t, name) / sizeof(uint64_t))
_Static_assert(REGISTER_AT(rsp) == GENERAL_RSP && REGISTER_AT(r8) == GENERAL_R8 &&
                   REGISTER_AT(rip) == GENERAL_RIP && REGISTER_AT(rflags) == GENERAL_RFLAGS,
               "order");

bool platform_has_registers(void) {
    return true;
}

void platform_read_general(const struct platform_context *context,
                           zx_thread_state_general_regs_t *out) {
    uint64_t values[GENERAL_RFLAGS + 1];
    for (unsigned i = 0; i <= GENERAL_RFLAGS; i++) {
        values[i] = posix_general(context->host, i);
    }
    memcpy(out, values, sizeof(values));
    out->fs_base = context->fs_base;
    out->gs_base = context->new_gs_base;
}

bool platform_write_general(struct platform_context *context,
                            const zx_thread_state_general_regs_t *from) {
    if (from->fs_base != context->fs_base ||
        (POSIX_KEEPS_GS_BASE && from->gs_base != context->gs_base)) {
        return false;
    }
    uint64_t values[GENERAL_RIP + 1];
    memcpy(values, from, sizeof(values));
    for (unsigned i = 0; i <= GENERAL_RIP; i++) {
        posix_set_general(context->host, i, values[i]);
    }
    const uint64_t kept = posix_general(context->host, GENERAL_RFLAGS) & ~RFLAGS_WRITABLE;
    posix_set_general(context->host, GENERAL_RFLAGS, kept | (from->rflags & RFLAGS_WRITABLE));
    context->new_gs_base = from->gs_base;
    return true;
}

static void set_flag(struct platform_context *context, uint64_t flag, bool on) {
    const uint64_t others = posix_general(context->host, GENERAL_RFLAGS) & ~flag;
    posix_set_general(context->host, GENERAL_RFLAGS, others | (on ? flag : 0));
}

static bool get_flag(const struct platform_context *context, uint64_t flag) {
    return (posix_general(context->host, GENERAL_RFLAGS) & flag) != 0;
}

bool platform_read_single_step(const struct platform_context *context) {
    return get_flag(context, RFLAGS_TRAP);
}

bool platform_write_single_step(struct platform_context *context, bool on) {
    set_flag(context, RFLAGS_TRAP, on);
    return true;
}

// macOS clears it as the handler returns.
bool platform_set_resume_flag(struct platform_context *context, bool on) {
    const bool was = get_flag(context, RFLAGS_RESUME);
    set_flag(context, RFLAGS_RESUME, on);
    return was;
}

void platform_read_fp(const struct platform_context *context, zx_thread_state_fp_regs_t *out) {
    const struct xsave_place place = posix_frame_saved(context->host);
    xsave_read_fp(&place, out);
}

void platform_write_fp(struct platform_context *context, const zx_thread_state_fp_regs_t *from) {
    const struct xsave_place place = posix_frame_written(context->host, UINT64_C(1) << XSAVE_X87);
    xsave_write_fp(&place, from);
}

void platform_read_vector(const struct platform_context *context,
                          zx_thread_state_vector_regs_t *out) {
    const struct xsave_place place = posix_frame_saved(context->host);
    xsave_read_vector(&place, out);
}

void platform_write_vector(struct platform_context *context,
                           const zx_thread_state_vector_regs_t *from) {
    const struct xsave_place place = posix_frame_written(context->host, XSAVE_VECTOR_PARTS);
    xsave_write_vector(&place, from);
}

#elif !defined(POSIX_CONTEXT_REGISTERS)

void posix_context_capture(struct platform_context *context) {
    (void)context;
}

void posix_context_apply(const struct platform_context *context) {
    (void)context;
}

#endif
