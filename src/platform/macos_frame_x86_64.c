// SPDX-License-Identifier: MIT
//
// The frame of a signal on macOS for x86-64. What is in it, its size tells: whether the registers
// of AVX and AVX-512 follow those of SSE, and whether more selectors come before.

#include "platform/posix_frame.h"

#if defined(__x86_64__)

#include <stddef.h>

// What macOS has in GS belongs to the host, and it does not tell it; FS it leaves alone.
void posix_context_capture(struct platform_context *context) {
    context->thread = pthread_mach_thread_np(pthread_self());
}

void posix_context_apply(const struct platform_context *context) {
    (void)context;
}

struct posix_trap posix_frame_trap(const ucontext_t *context) {
    const _STRUCT_X86_EXCEPTION_STATE64 *state = &context->uc_mcontext->__es;
    return (struct posix_trap){
        .code = state->__trapno,
        .error = state->__err,
        .address = state->__faultvaddr,
    };
}

#define AT(name) offsetof(_STRUCT_X86_AVX512_STATE64, name)

enum {
    AREA = AT(__fpu_fcw),
    AREA_END = AT(__fpu_reserved1),
    AVX = AT(__fpu_ymmh0),
    OPMASK = AT(__fpu_k0),
    ZMM_HIGH = AT(__fpu_zmmh0),
    ZMM_UPPER = AT(__fpu_zmm16),
};

// The structures begin alike, and what lies in them is in the order and of the size that XSAVE's
// parts have.
_Static_assert(AREA_END - AREA == 512, "an area of FXSAVE format");
_Static_assert(offsetof(_STRUCT_X86_FLOAT_STATE64, __fpu_fcw) == AREA, "without AVX");
_Static_assert(offsetof(_STRUCT_X86_AVX_STATE64, __fpu_ymmh0) == AVX, "with AVX alone");
_Static_assert(OPMASK - AVX == 16 * 16, "the upper halves of YMM0 to YMM15");
_Static_assert(ZMM_HIGH - OPMASK == 8 * 8, "K0 to K7");
_Static_assert(ZMM_UPPER - ZMM_HIGH == 16 * 32, "the upper halves of ZMM0 to ZMM15");
_Static_assert(sizeof(_STRUCT_X86_AVX512_STATE64) - ZMM_UPPER == 16 * 64, "ZMM16 to ZMM31");

// A process with descriptors of its own (i386_set_ldt()).
static bool has_all_selectors(size_t size) {
    return size == sizeof(_STRUCT_MCONTEXT64_FULL) || size == sizeof(_STRUCT_MCONTEXT_AVX64_FULL) ||
           size == sizeof(_STRUCT_MCONTEXT_AVX512_64_FULL);
}

static struct xsave_place place_of(const ucontext_t *context) {
    unsigned char *start = (unsigned char *)&context->uc_mcontext->__fs;
    if (has_all_selectors(context->uc_mcsize)) {
        start += sizeof(_STRUCT_X86_THREAD_FULL_STATE64) - sizeof(_STRUCT_X86_THREAD_STATE64);
    }
    struct xsave_place place = {.area = start + AREA};
    if (context->uc_mcsize >= sizeof(_STRUCT_MCONTEXT_AVX64)) {
        place.parts[XSAVE_AVX] = start + AVX;
    }
    if (context->uc_mcsize >= sizeof(_STRUCT_MCONTEXT_AVX512_64)) {
        place.parts[XSAVE_OPMASK] = start + OPMASK;
        place.parts[XSAVE_ZMM_HIGH] = start + ZMM_HIGH;
        place.parts[XSAVE_ZMM_UPPER] = start + ZMM_UPPER;
    }
    return place;
}

struct xsave_place posix_frame_saved(const ucontext_t *context) {
    return place_of(context);
}

struct xsave_place posix_frame_written(ucontext_t *context, uint64_t parts) {
    (void)parts;
    return place_of(context);
}

#endif
