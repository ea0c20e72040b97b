// SPDX-License-Identifier: MIT
//
// Sums and products of single-precision numbers as an x86 processor's SSE computes them under any
// MXCSR, by integer arithmetic alone (IEEE 754; SDM volume 1, sections 4.8, 4.9 and 10.2.3).

#ifndef ENGINE_CPU_X86_FLOAT32_H
#define ENGINE_CPU_X86_FLOAT32_H

#include <stdint.h>

#define MXCSR_IE (1u << 0)
#define MXCSR_DE (1u << 1)
#define MXCSR_ZE (1u << 2)
#define MXCSR_OE (1u << 3)
#define MXCSR_UE (1u << 4)
#define MXCSR_PE (1u << 5)
#define MXCSR_EXCEPTIONS 0x003fu
#define MXCSR_DAZ (1u << 6)
#define MXCSR_RC(mxcsr) ((mxcsr) >> 13 & 3u)
#define MXCSR_FTZ (1u << 15)

enum rounding { ROUND_NEAREST, ROUND_DOWN, ROUND_UP, ROUND_TO_ZERO };

// Flags are added to `mxcsr`.
uint32_t float32_add(uint32_t a, uint32_t b, uint32_t *mxcsr);
uint32_t float32_multiply(uint32_t a, uint32_t b, uint32_t *mxcsr);

#endif // ENGINE_CPU_X86_FLOAT32_H
