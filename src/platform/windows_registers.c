// SPDX-License-Identifier: MIT
//
// Registers in a context of Windows for x64: general ones in it, with an area of FXSAVE format, and
// the parts of XSAVE (Intel's manual, volume 1, chapter 13) where Windows has put them.

#include "platform/registers.h"

#include "platform/windows_context.h"
#include "platform/xsave.h"

#if defined(WINDOWS_CONTEXT_REGISTERS)

#include <stddef.h>
#include <string.h>

#define RFLAGS_TRAP (UINT32_C(1) << 8)
#define RFLAGS_RESUME (UINT32_C(1) << 16)

bool platform_has_registers(void) {
    return true;
}

// --- General ones ---

// In the order of the structure.
static const size_t general[] = {
    offsetof(CONTEXT, Rax), offsetof(CONTEXT, Rbx), offsetof(CONTEXT, Rcx), offsetof(CONTEXT, Rdx),
    offsetof(CONTEXT, Rsi), offsetof(CONTEXT, Rdi), offsetof(CONTEXT, Rbp), offsetof(CONTEXT, Rsp),
    offsetof(CONTEXT, R8),  offsetof(CONTEXT, R9),  offsetof(CONTEXT, R10), offsetof(CONTEXT, R11),
    offsetof(CONTEXT, R12), offsetof(CONTEXT, R13), offsetof(CONTEXT, R14), offsetof(CONTEXT, R15),
    offsetof(CONTEXT, Rip),
};

enum { GENERAL_COUNT = sizeof(general) / sizeof(general[0]) };

_Static_assert(offsetof(zx_thread_state_general_regs_t, rip) == 8 * (GENERAL_COUNT - 1), "order");

// The base of GS is where Windows keeps what it knows of the thread.
void platform_read_general(const struct platform_context *context,
                           zx_thread_state_general_regs_t *out) {
    uint64_t values[GENERAL_COUNT];
    for (size_t i = 0; i < GENERAL_COUNT; i++) {
        memcpy(&values[i], (const unsigned char *)context->host + general[i], sizeof(values[i]));
    }
    memcpy(out, values, sizeof(values));
    out->rflags = context->host->EFlags;
    out->fs_base = 0;
    out->gs_base = context->gs_base;
}

bool platform_write_general(struct platform_context *context,
                            const zx_thread_state_general_regs_t *from) {
    if (from->fs_base != 0 || from->gs_base != context->gs_base) {
        return false;
    }
    uint64_t values[GENERAL_COUNT];
    memcpy(values, from, sizeof(values));
    for (size_t i = 0; i < GENERAL_COUNT; i++) {
        memcpy((unsigned char *)context->host + general[i], &values[i], sizeof(values[i]));
    }
    const uint64_t kept = context->host->EFlags & ~RFLAGS_WRITABLE;
    context->host->EFlags = (DWORD)(kept | (from->rflags & RFLAGS_WRITABLE));
    return true;
}

bool platform_read_single_step(const struct platform_context *context) {
    return (context->host->EFlags & RFLAGS_TRAP) != 0;
}

bool platform_write_single_step(struct platform_context *context, bool on) {
    DWORD *flags = &context->host->EFlags;
    *flags = (*flags & ~RFLAGS_TRAP) | (on ? RFLAGS_TRAP : 0);
    return true;
}

bool platform_set_resume_flag(struct platform_context *context, bool on) {
    DWORD *flags = &context->host->EFlags;
    const bool old = (*flags & RFLAGS_RESUME) != 0;
    *flags = (*flags & ~RFLAGS_RESUME) | (on ? RFLAGS_RESUME : 0);
    return old;
}

// --- The others ---

static bool has_parts(const struct platform_context *context) {
    return (context->host->ContextFlags & CONTEXT_XSTATE) == CONTEXT_XSTATE;
}

// The parts that are not in their initial state, as bits. The others lie there with what they had
// before.
static uint64_t present_parts(const struct platform_context *context) {
    DWORD64 present = 0;
    return has_parts(context) && GetXStateFeaturesMask(context->host, &present) ? present : 0;
}

static struct xsave_place place_of(const struct platform_context *context, uint64_t parts) {
    struct xsave_place place = {.area = (unsigned char *)&context->host->FltSave};
    for (DWORD part = XSAVE_AVX; part < XSAVE_PART_COUNT && has_parts(context); part++) {
        DWORD size = 0;
        if ((parts >> part & 1) != 0) {
            place.parts[part] = LocateXStateFeature(context->host, part, &size);
        }
    }
    return place;
}

void platform_read_fp(const struct platform_context *context, zx_thread_state_fp_regs_t *out) {
    const struct xsave_place place = place_of(context, 0);
    xsave_read_fp(&place, out);
}

void platform_write_fp(struct platform_context *context, const zx_thread_state_fp_regs_t *from) {
    const struct xsave_place place = place_of(context, 0);
    xsave_write_fp(&place, from);
}

// Windows has MXCSR twice.
void platform_read_vector(const struct platform_context *context,
                          zx_thread_state_vector_regs_t *out) {
    const struct xsave_place place = place_of(context, present_parts(context));
    xsave_read_vector(&place, out);
    out->mxcsr = context->host->MxCsr;
}

void platform_write_vector(struct platform_context *context,
                           const zx_thread_state_vector_regs_t *from) {
    const struct xsave_place place = place_of(context, XSAVE_VECTOR_PARTS);
    xsave_write_vector(&place, from);
    context->host->MxCsr = context->host->FltSave.MxCsr;
    if (has_parts(context)) {
        DWORD64 present = present_parts(context);
        for (unsigned part = XSAVE_AVX; part < XSAVE_PART_COUNT; part++) {
            present |= place.parts[part] != NULL ? UINT64_C(1) << part : 0;
        }
        SetXStateFeaturesMask(context->host, present);
    }
}

#endif
