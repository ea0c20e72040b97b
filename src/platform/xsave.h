// SPDX-License-Identifier: MIT
//
// The x87 and vector registers of an x86-64 processor where a host has saved them: an area of
// FXSAVE format, and the parts of XSAVE (Intel's manual, volume 1, chapter 13), wherever the host
// puts these.

#ifndef PLATFORM_XSAVE_H
#define PLATFORM_XSAVE_H

#include <stdint.h>
#include <zircon/syscalls/debug.h>

enum {
    XSAVE_X87 = 0,
    XSAVE_SSE = 1,
    XSAVE_AVX = 2,
    XSAVE_OPMASK = 5,
    XSAVE_ZMM_HIGH = 6,
    XSAVE_ZMM_UPPER = 7,
    XSAVE_PART_COUNT,
};

// What RFLAGS and MXCSR take from a client.
#define RFLAGS_WRITABLE UINT64_C(0x244dd5)
#define MXCSR_WRITABLE UINT32_C(0xffff)

// The parts that vector registers lie in, as bits.
#define XSAVE_VECTOR_PARTS                                                                         \
    (UINT64_C(1) << XSAVE_SSE | UINT64_C(1) << XSAVE_AVX | UINT64_C(1) << XSAVE_OPMASK |           \
     UINT64_C(1) << XSAVE_ZMM_HIGH | UINT64_C(1) << XSAVE_ZMM_UPPER)

// The state in a new thread and at the entry of a function, by the ABI of x86-64: the registers of
// the x87 empty, exceptions masked. The values of registers may stay.
void xsave_make_plain(unsigned char *area);

struct xsave_place {
    unsigned char *area;                    // 512 bytes.
    unsigned char *parts[XSAVE_PART_COUNT]; // From XSAVE_AVX on; NULL where there is none.
};

void xsave_read_fp(const struct xsave_place *place, zx_thread_state_fp_regs_t *out);
void xsave_write_fp(const struct xsave_place *place, const zx_thread_state_fp_regs_t *from);

// A part that is not there reads as 0 and is not written.
void xsave_read_vector(const struct xsave_place *place, zx_thread_state_vector_regs_t *out);
void xsave_write_vector(const struct xsave_place *place, const zx_thread_state_vector_regs_t *from);

#endif // PLATFORM_XSAVE_H
