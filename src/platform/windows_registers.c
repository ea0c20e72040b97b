// SPDX-License-Identifier: MIT
//
// Registers in a context of Windows for x64: general ones in it, with an area of FXSAVE format, and
// the parts of XSAVE (Intel's manual, volume 1, chapter 13) where Windows has put them.

#include "platform/registers.h"

#include "platform/windows_context.h"

#if defined(WINDOWS_CONTEXT_REGISTERS)

#include <stddef.h>
#include <string.h>

#define RFLAGS_WRITABLE UINT32_C(0x244dd5)
#define RFLAGS_TRAP (UINT32_C(1) << 8)
#define RFLAGS_RESUME (UINT32_C(1) << 16)
#define MXCSR_WRITABLE UINT32_C(0xffff)

enum { PART_AVX = 2, PART_OPMASK = 5, PART_ZMM_HIGH = 6, PART_ZMM_UPPER = 7 };

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
    const DWORD kept = context->host->EFlags & ~RFLAGS_WRITABLE;
    context->host->EFlags = kept | ((DWORD)from->rflags & RFLAGS_WRITABLE);
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

// --- The FXSAVE part ---

// fcw to fdp lie as the processor stores them.
void platform_read_fp(const struct platform_context *context, zx_thread_state_fp_regs_t *out) {
    const XMM_SAVE_AREA32 *area = &context->host->FltSave;
    memset(out, 0, sizeof(*out));
    memcpy(out, area, offsetof(zx_thread_state_fp_regs_t, fdp) + sizeof(out->fdp));
    out->reserved = 0;
    memcpy(out->st, area->FloatRegisters, sizeof(out->st));
}

void platform_write_fp(struct platform_context *context, const zx_thread_state_fp_regs_t *from) {
    XMM_SAVE_AREA32 *area = &context->host->FltSave;
    zx_thread_state_fp_regs_t given = *from;
    given.reserved = 0;
    memcpy(area, &given, offsetof(zx_thread_state_fp_regs_t, fdp) + sizeof(given.fdp));
    memcpy(area->FloatRegisters, given.st, sizeof(given.st));
}

// --- The parts after it ---

static bool has_parts(const struct platform_context *context) {
    return (context->host->ContextFlags & CONTEXT_XSTATE) == CONTEXT_XSTATE;
}

// Where a part lies, or NULL.
static unsigned char *part_of(const struct platform_context *context, unsigned part) {
    DWORD size = 0;
    return has_parts(context) ? LocateXStateFeature(context->host, part, &size) : NULL;
}

// A part that is in its initial state lies there with what it had before.
static bool is_present(const struct platform_context *context, unsigned part) {
    DWORD64 present = 0;
    return GetXStateFeaturesMask(context->host, &present) && (present >> part & 1) != 0;
}

// Copies pieces of the vector registers between a part and the structure.
struct pieces {
    unsigned part;
    unsigned first; // The first register.
    unsigned count; // How many registers.
    unsigned word;  // The first 64-bit word of each.
    unsigned words; // How many words of each.
};

static const struct pieces pieces[] = {
    {PART_AVX, 0, 16, 2, 2},
    {PART_ZMM_HIGH, 0, 16, 4, 4},
    {PART_ZMM_UPPER, 16, 16, 0, 8},
};

enum { PIECES_COUNT = sizeof(pieces) / sizeof(pieces[0]) };

void platform_read_vector(const struct platform_context *context,
                          zx_thread_state_vector_regs_t *out) {
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < 16; i++) {
        memcpy(out->zmm[i].v, &context->host->FltSave.XmmRegisters[i], 16);
    }
    for (size_t p = 0; p < PIECES_COUNT; p++) {
        const unsigned char *from = part_of(context, pieces[p].part);
        const size_t size = 8u * pieces[p].words;
        for (size_t i = 0;
             from != NULL && is_present(context, pieces[p].part) && i < pieces[p].count; i++) {
            memcpy(&out->zmm[pieces[p].first + i].v[pieces[p].word], from + size * i, size);
        }
    }
    const unsigned char *masks = part_of(context, PART_OPMASK);
    if (masks != NULL && is_present(context, PART_OPMASK)) {
        memcpy(out->opmask, masks, sizeof(out->opmask));
    }
    out->mxcsr = context->host->MxCsr;
}

void platform_write_vector(struct platform_context *context,
                           const zx_thread_state_vector_regs_t *from) {
    CONTEXT *host = context->host;
    DWORD64 present = 0;
    if (has_parts(context)) {
        GetXStateFeaturesMask(host, &present);
    }
    for (size_t i = 0; i < 16; i++) {
        memcpy(&host->FltSave.XmmRegisters[i], from->zmm[i].v, 16);
    }
    for (size_t p = 0; p < PIECES_COUNT; p++) {
        unsigned char *to = part_of(context, pieces[p].part);
        const size_t size = 8u * pieces[p].words;
        for (size_t i = 0; to != NULL && i < pieces[p].count; i++) {
            memcpy(to + size * i, &from->zmm[pieces[p].first + i].v[pieces[p].word], size);
        }
        present |= to != NULL ? UINT64_C(1) << pieces[p].part : 0;
    }
    unsigned char *masks = part_of(context, PART_OPMASK);
    if (masks != NULL) {
        memcpy(masks, from->opmask, sizeof(from->opmask));
        present |= UINT64_C(1) << PART_OPMASK;
    }
    if (has_parts(context)) {
        SetXStateFeaturesMask(host, present);
    }
    host->MxCsr = from->mxcsr & MXCSR_WRITABLE;
    host->FltSave.MxCsr = host->MxCsr;
}

#endif
