// SPDX-License-Identifier: MIT
//
// The frame of a signal on Linux for x86-64: the x87 and vector registers are in an area of FXSAVE
// format that XSAVE's parts may follow (Intel's manual, volume 1, chapter 13).

#define _GNU_SOURCE // REG_TRAPNO and its kin

#include "platform/posix_frame.h"

#if defined(__x86_64__)

#include "platform/posix_general.h"

#include <asm/prctl.h>
#include <cpuid.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RFLAGS_NESTED_TASK (UINT64_C(1) << 14)
#define RFLAGS_ID (UINT64_C(1) << 21)

// Linux does not take these from the frame: a thread returns from a handler with the handler's.
#define RFLAGS_OF_HANDLER (RFLAGS_NESTED_TASK | RFLAGS_ID)

enum {
    FXSAVE_SOFTWARE = 464, // The host kernel's description of the area begins with a magic number.
    SOFTWARE_FEATURES = 8, // Offset in the description: which parts the area has.
    XSAVE_PRESENT = 512,   // Offset in the area: which parts are not in their initial state.
};

#define SOFTWARE_MAGIC UINT32_C(0x46505853)

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
    const uint64_t flags = posix_general(context->host, GENERAL_RFLAGS);
    __writeeflags((__readeflags() & ~RFLAGS_OF_HANDLER) | (flags & RFLAGS_OF_HANDLER));
    if (context->new_gs_base != context->gs_base) {
        syscall(SYS_arch_prctl, ARCH_SET_GS, context->new_gs_base);
    }
}

struct posix_trap posix_frame_trap(const ucontext_t *context) {
    const greg_t *registers = context->uc_mcontext.gregs;
    return (struct posix_trap){
        .code = (uint64_t)registers[REG_TRAPNO],
        .error = (uint64_t)registers[REG_ERR],
        .address = (uint64_t)registers[REG_CR2],
    };
}

static unsigned char *area_of(const ucontext_t *context) {
    return (unsigned char *)context->uc_mcontext.fpregs;
}

// The parts that follow the FXSAVE area, as bits; 0 when there are none.
static uint64_t parts_of(const unsigned char *area) {
    uint32_t magic = 0;
    uint64_t features = 0;
    memcpy(&magic, area + FXSAVE_SOFTWARE, sizeof(magic));
    memcpy(&features, area + FXSAVE_SOFTWARE + SOFTWARE_FEATURES, sizeof(features));
    return magic == SOFTWARE_MAGIC ? features : 0;
}

static struct xsave_place place_of(unsigned char *area, uint64_t parts) {
    struct xsave_place place = {.area = area};
    for (unsigned part = XSAVE_AVX; part < XSAVE_PART_COUNT; part++) {
        unsigned size = 0;
        unsigned offset = 0;
        unsigned ecx = 0;
        unsigned edx = 0;
        if ((parts >> part & 1) != 0 && __get_cpuid_count(0xd, part, &size, &offset, &ecx, &edx)) {
            place.parts[part] = area + offset;
        }
    }
    return place;
}

struct xsave_place posix_frame_saved(const ucontext_t *context) {
    unsigned char *area = area_of(context);
    const uint64_t parts = parts_of(area);
    uint64_t present = 0;
    if (parts != 0) {
        memcpy(&present, area + XSAVE_PRESENT, sizeof(present));
    }
    return place_of(area, parts & present);
}

struct xsave_place posix_frame_written(ucontext_t *context, uint64_t parts) {
    unsigned char *area = area_of(context);
    const uint64_t all = parts_of(area);
    uint64_t present = 0;
    if ((parts & all) != 0) {
        memcpy(&present, area + XSAVE_PRESENT, sizeof(present));
        present |= parts & all;
        memcpy(area + XSAVE_PRESENT, &present, sizeof(present));
    }
    return place_of(area, all);
}

#endif
