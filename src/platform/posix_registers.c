// SPDX-License-Identifier: MIT
//
// Registers in the frame of a signal, on Linux for x86-64: general ones in gregs, the others in an
// area of FXSAVE format that XSAVE's parts may follow (Intel's manual, volume 1, chapter 13).

#define _GNU_SOURCE // REG_RIP and its kin

#include "platform/registers.h"

#include "platform/posix_context.h"
#include "platform/xsave.h"

#if defined(POSIX_CONTEXT_REGISTERS) && defined(__x86_64__)

#include <asm/prctl.h>
#include <cpuid.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RFLAGS_TRAP (UINT64_C(1) << 8)
#define RFLAGS_NESTED_TASK (UINT64_C(1) << 14)
#define RFLAGS_RESUME (UINT64_C(1) << 16)
#define RFLAGS_ID (UINT64_C(1) << 21)

// Linux does not take these from the frame: a thread returns from a handler with the handler's.
#define RFLAGS_OF_HANDLER (RFLAGS_NESTED_TASK | RFLAGS_ID)

enum {
    FXSAVE_SOFTWARE = 464, // The host kernel's description of the area begins with a magic number.
    SOFTWARE_FEATURES = 8, // Offset in the description: which parts the area has.
    XSAVE_PRESENT = 512,   // Offset in the area: which parts are not in their initial state.
};

#define SOFTWARE_MAGIC UINT32_C(0x46505853)

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
    const uint64_t flags = (uint64_t)context->host->uc_mcontext.gregs[REG_EFL];
    __writeeflags((__readeflags() & ~RFLAGS_OF_HANDLER) | (flags & RFLAGS_OF_HANDLER));
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

// --- The others ---

static unsigned char *area_of(const struct platform_context *context) {
    return (unsigned char *)context->host->uc_mcontext.fpregs;
}

// The parts that follow the FXSAVE area, as bits; 0 when there are none.
static uint64_t parts_of(const struct platform_context *context) {
    uint32_t magic = 0;
    uint64_t features = 0;
    memcpy(&magic, area_of(context) + FXSAVE_SOFTWARE, sizeof(magic));
    memcpy(&features, area_of(context) + FXSAVE_SOFTWARE + SOFTWARE_FEATURES, sizeof(features));
    return magic == SOFTWARE_MAGIC ? features : 0;
}

// The parts that are not in their initial state, as bits.
static uint64_t present_parts(const struct platform_context *context) {
    const uint64_t parts = parts_of(context);
    uint64_t present = 0;
    if (parts != 0) {
        memcpy(&present, area_of(context) + XSAVE_PRESENT, sizeof(present));
    }
    return parts & present;
}

static void mark_present(struct platform_context *context, uint64_t parts) {
    const uint64_t written = parts & parts_of(context);
    uint64_t present = 0;
    if (written != 0) {
        memcpy(&present, area_of(context) + XSAVE_PRESENT, sizeof(present));
        present |= written;
        memcpy(area_of(context) + XSAVE_PRESENT, &present, sizeof(present));
    }
}

static struct xsave_place place_of(const struct platform_context *context, uint64_t parts) {
    struct xsave_place place = {.area = area_of(context)};
    for (unsigned part = XSAVE_AVX; part < XSAVE_PART_COUNT; part++) {
        unsigned size = 0;
        unsigned offset = 0;
        unsigned ecx = 0;
        unsigned edx = 0;
        if ((parts >> part & 1) != 0 && __get_cpuid_count(0xd, part, &size, &offset, &ecx, &edx)) {
            place.parts[part] = area_of(context) + offset;
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
    mark_present(context, UINT64_C(1) << XSAVE_X87);
}

void platform_read_vector(const struct platform_context *context,
                          zx_thread_state_vector_regs_t *out) {
    const struct xsave_place place = place_of(context, present_parts(context));
    xsave_read_vector(&place, out);
}

void platform_write_vector(struct platform_context *context,
                           const zx_thread_state_vector_regs_t *from) {
    const struct xsave_place place = place_of(context, parts_of(context));
    xsave_write_vector(&place, from);
    mark_present(context, XSAVE_VECTOR_PARTS);
}

#elif !defined(POSIX_CONTEXT_REGISTERS)

void posix_context_capture(struct platform_context *context) {
    (void)context;
}

void posix_context_apply(const struct platform_context *context) {
    (void)context;
}

#endif
