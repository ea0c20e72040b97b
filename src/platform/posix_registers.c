// SPDX-License-Identifier: MIT
//
// Registers in the frame of a signal, on Linux for x86-64: general ones in gregs, the others in an
// area of FXSAVE format that XSAVE's parts may follow (Intel's manual, volume 1, chapter 13).

#define _GNU_SOURCE // REG_RIP and its kin

#include "platform/registers.h"

#include "platform/posix_context.h"

#if defined(POSIX_CONTEXT_REGISTERS) && defined(__x86_64__)

#include <asm/prctl.h>
#include <cpuid.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RFLAGS_WRITABLE UINT64_C(0x244dd5)
#define RFLAGS_TRAP (UINT64_C(1) << 8)
#define RFLAGS_RESUME (UINT64_C(1) << 16)

enum {
    FXSAVE_SIZE = 512,
    FXSAVE_ST = 32,
    FXSAVE_MXCSR = 24,
    FXSAVE_XMM = 160,
    FXSAVE_SOFTWARE = 464, // The host kernel's description of the area begins with a magic number.
    SOFTWARE_FEATURES = 8, // Offset in the description: which parts the area has.
    XSAVE_PRESENT = 512,   // Offset in the area: which parts are not in their initial state.

    PART_SSE = 1,
    PART_AVX = 2,
    PART_OPMASK = 5,
    PART_ZMM_HIGH = 6,
    PART_ZMM_UPPER = 7,
};

#define SOFTWARE_MAGIC UINT32_C(0x46505853)
#define MXCSR_WRITABLE UINT32_C(0xffff)

bool platform_has_registers(void) {
    return true;
}

void posix_context_capture(struct platform_context *context) {
    uint64_t fs_base = 0;
    unsigned long gs_base = 0;
    __asm__("movq %%fs:0, %0" : "=r"(fs_base)); // The thread's block begins with its own address.
    syscall(SYS_arch_prctl, ARCH_GET_GS, &gs_base);
    context->fs_base = fs_base;
    context->gs_base = gs_base;
    context->new_gs_base = gs_base;
    context->thread = (pid_t)syscall(SYS_gettid);
}

void posix_context_apply(const struct platform_context *context) {
    if (context->new_gs_base != context->gs_base) {
        syscall(SYS_arch_prctl, ARCH_SET_GS, context->new_gs_base);
    }
}

// In the order of the structure.
static const int general[] = {
    REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
    REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
};

enum { GENERAL_COUNT = sizeof(general) / sizeof(general[0]) };

_Static_assert(offsetof(zx_thread_state_general_regs_t, rip) == 8 * (GENERAL_COUNT - 1), "order");

void platform_read_general(const struct platform_context *context,
                           zx_thread_state_general_regs_t *out) {
    const greg_t *registers = context->host->uc_mcontext.gregs;
    uint64_t values[GENERAL_COUNT];
    for (size_t i = 0; i < GENERAL_COUNT; i++) {
        values[i] = (uint64_t)registers[general[i]];
    }
    memcpy(out, values, sizeof(values));
    out->rflags = (uint64_t)registers[REG_EFL];
    out->fs_base = context->fs_base;
    out->gs_base = context->new_gs_base;
}

bool platform_write_general(struct platform_context *context,
                            const zx_thread_state_general_regs_t *from) {
    if (from->fs_base != context->fs_base) {
        return false;
    }
    greg_t *registers = context->host->uc_mcontext.gregs;
    uint64_t values[GENERAL_COUNT];
    memcpy(values, from, sizeof(values));
    for (size_t i = 0; i < GENERAL_COUNT; i++) {
        registers[general[i]] = (greg_t)values[i];
    }
    const uint64_t kept = (uint64_t)registers[REG_EFL] & ~RFLAGS_WRITABLE;
    registers[REG_EFL] = (greg_t)(kept | (from->rflags & RFLAGS_WRITABLE));
    context->new_gs_base = from->gs_base;
    return true;
}

bool platform_read_single_step(const struct platform_context *context) {
    return ((uint64_t)context->host->uc_mcontext.gregs[REG_EFL] & RFLAGS_TRAP) != 0;
}

bool platform_write_single_step(struct platform_context *context, bool on) {
    greg_t *flags = &context->host->uc_mcontext.gregs[REG_EFL];
    const uint64_t others = (uint64_t)*flags & ~RFLAGS_TRAP;
    *flags = (greg_t)(others | (on ? RFLAGS_TRAP : 0));
    return true;
}

bool platform_set_resume_flag(struct platform_context *context, bool on) {
    greg_t *flags = &context->host->uc_mcontext.gregs[REG_EFL];
    const uint64_t old = (uint64_t)*flags;
    *flags = (greg_t)((old & ~RFLAGS_RESUME) | (on ? RFLAGS_RESUME : 0));
    return (old & RFLAGS_RESUME) != 0;
}

// --- The FXSAVE part ---

static unsigned char *area(const struct platform_context *context) {
    return (unsigned char *)context->host->uc_mcontext.fpregs;
}

// The parts that follow the FXSAVE area, as bits; 0 when there are none.
static uint64_t parts(const struct platform_context *context) {
    uint32_t magic = 0;
    uint64_t features = 0;
    memcpy(&magic, area(context) + FXSAVE_SOFTWARE, sizeof(magic));
    memcpy(&features, area(context) + FXSAVE_SOFTWARE + SOFTWARE_FEATURES, sizeof(features));
    return magic == SOFTWARE_MAGIC ? features : 0;
}

static void mark_present(struct platform_context *context, uint64_t bits) {
    if (parts(context) != 0) {
        uint64_t present = 0;
        memcpy(&present, area(context) + XSAVE_PRESENT, sizeof(present));
        present |= bits;
        memcpy(area(context) + XSAVE_PRESENT, &present, sizeof(present));
    }
}

static bool is_present(const struct platform_context *context, unsigned part) {
    uint64_t present = 0;
    if ((parts(context) >> part & 1) == 0) {
        return false;
    }
    memcpy(&present, area(context) + XSAVE_PRESENT, sizeof(present));
    return (present >> part & 1) != 0;
}

// fcw to fdp lie as the processor stores them.
void platform_read_fp(const struct platform_context *context, zx_thread_state_fp_regs_t *out) {
    memset(out, 0, sizeof(*out));
    memcpy(out, area(context), offsetof(zx_thread_state_fp_regs_t, fdp) + sizeof(out->fdp));
    out->reserved = 0;
    memcpy(out->st, area(context) + FXSAVE_ST, sizeof(out->st));
}

void platform_write_fp(struct platform_context *context, const zx_thread_state_fp_regs_t *from) {
    zx_thread_state_fp_regs_t given = *from;
    given.reserved = 0;
    memcpy(area(context), &given, offsetof(zx_thread_state_fp_regs_t, fdp) + sizeof(given.fdp));
    memcpy(area(context) + FXSAVE_ST, given.st, sizeof(given.st));
    mark_present(context, 1);
}

// --- The parts after it ---

// Where a part lies, or NULL.
static unsigned char *part_of(const struct platform_context *context, unsigned part) {
    unsigned size = 0;
    unsigned offset = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    if ((parts(context) >> part & 1) == 0 ||
        !__get_cpuid_count(0xd, part, &size, &offset, &ecx, &edx)) {
        return NULL;
    }
    return area(context) + offset;
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
        memcpy(out->zmm[i].v, area(context) + FXSAVE_XMM + 16 * i, 16);
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
    memcpy(&out->mxcsr, area(context) + FXSAVE_MXCSR, sizeof(out->mxcsr));
}

void platform_write_vector(struct platform_context *context,
                           const zx_thread_state_vector_regs_t *from) {
    for (size_t i = 0; i < 16; i++) {
        memcpy(area(context) + FXSAVE_XMM + 16 * i, from->zmm[i].v, 16);
    }
    for (size_t p = 0; p < PIECES_COUNT; p++) {
        unsigned char *to = part_of(context, pieces[p].part);
        const size_t size = 8u * pieces[p].words;
        for (size_t i = 0; to != NULL && i < pieces[p].count; i++) {
            memcpy(to + size * i, &from->zmm[pieces[p].first + i].v[pieces[p].word], size);
        }
    }
    unsigned char *masks = part_of(context, PART_OPMASK);
    if (masks != NULL) {
        memcpy(masks, from->opmask, sizeof(from->opmask));
    }
    const uint32_t mxcsr = from->mxcsr & MXCSR_WRITABLE;
    memcpy(area(context) + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
    const uint64_t written = UINT64_C(1) << PART_SSE | UINT64_C(1) << PART_AVX |
                             UINT64_C(1) << PART_OPMASK | UINT64_C(1) << PART_ZMM_HIGH |
                             UINT64_C(1) << PART_ZMM_UPPER;
    mark_present(context, written & parts(context));
}

#elif !defined(POSIX_CONTEXT_REGISTERS)

void posix_context_capture(struct platform_context *context) {
    (void)context;
}

void posix_context_apply(const struct platform_context *context) {
    (void)context;
}

#endif
