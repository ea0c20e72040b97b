// SPDX-License-Identifier: MIT
//
// The rarer operations of the x87 unit (SDM volume 1, chapter 8, and volume 2), as functions of
// their operands and the control word. Those that round give the nearest number but for an error
// below 2 ** -50 of its last bit. Pure functions.

#ifndef ENGINE_CPU_X86_X87_FUNCTIONS_H
#define ENGINE_CPU_X86_X87_FUNCTIONS_H

#include "engine/cpu/x86/extended.h"

struct x87_result {
    struct extended value;
    struct extended second; // What is pushed after it, if anything is.
    unsigned status;        // Exceptions and condition codes
};

// ST(0) modulo ST(1): FPREM, and with `nearest` FPREM1. C2: the result is a partial remainder.
struct x87_result x87_remainder(struct extended st0, struct extended st1, bool nearest);

struct x87_result x87_f2xm1(struct extended x, unsigned control);
struct x87_result x87_fyl2x(struct extended x, struct extended y, unsigned control);
struct x87_result x87_fyl2xp1(struct extended x, struct extended y, unsigned control);
struct x87_result x87_fpatan(struct extended x, struct extended y, unsigned control);

// C2: the operand is out of range, and stays.
struct x87_result x87_fsin(struct extended x, unsigned control);
struct x87_result x87_fcos(struct extended x, unsigned control);
struct x87_result x87_fptan(struct extended x, unsigned control);
struct x87_result x87_fsincos(struct extended x, unsigned control);

struct x87_result x87_fxtract(struct extended x);
struct x87_result x87_fscale(struct extended x, struct extended scale, unsigned control);

// C0, C1, C2, C3.
unsigned x87_fxam(struct extended x, bool empty);

// D9 E9 to D9 ED: log2(10), log2(e), pi, log10(2), ln(2).
enum { X87_CONSTANTS = 5 };
struct extended x87_constant(unsigned number, unsigned control);

// A signed integer of `size` bytes, by truncation; the indefinite one where it does not fit.
uint64_t x87_fisttp(struct extended x, unsigned size, unsigned *status);

enum { X87_BCD_SIZE = 10 };
void x87_fbstp(struct extended x, unsigned control, uint8_t out[X87_BCD_SIZE], unsigned *status);

#endif // ENGINE_CPU_X86_X87_FUNCTIONS_H
