// SPDX-License-Identifier: MIT
//
// The x87 unit's numbers of 80 bits, and numbers with a significand of 128 bits to compute with
// (SDM volume 1, sections 4.2.2, 4.8 and 8.5). Integer arithmetic only, so that every host gives
// the same results. Pure functions.

#ifndef ENGINE_CPU_X86_EXTENDED_H
#define ENGINE_CPU_X86_EXTENDED_H

#include <stdbool.h>
#include <stdint.h>

#define X87_IE 0x0001u // Invalid operation
#define X87_DE 0x0002u // Denormal operand
#define X87_ZE 0x0004u // Zero divide
#define X87_OE 0x0008u // Overflow
#define X87_UE 0x0010u // Underflow
#define X87_PE 0x0020u // Precision
#define X87_SF 0x0040u // Stack fault
#define X87_ES 0x0080u // Error summary
#define X87_C0 0x0100u
#define X87_C1 0x0200u
#define X87_C2 0x0400u
#define X87_C3 0x4000u
#define X87_BUSY 0x8000u
#define X87_EXCEPTIONS 0x003fu

#define X87_ROUNDING 0x0c00u // A field of the control word.
#define X87_ROUND_NEAREST 0x0000u
#define X87_ROUND_DOWN 0x0400u
#define X87_ROUND_UP 0x0800u
#define X87_ROUND_ZERO 0x0c00u

struct extended {
    uint64_t significand;
    uint16_t exponent; // With the sign in the top bit.
};

#define EXTENDED_SIGN 0x8000u
#define EXTENDED_MAX 0x7fffu
#define EXTENDED_BIAS 0x3fff
#define EXTENDED_INTEGER 0x8000000000000000u

static const struct extended extended_one = {EXTENDED_INTEGER, EXTENDED_BIAS};
static const struct extended extended_indefinite = {0xc000000000000000u, 0xffff};

enum extended_class {
    EXTENDED_ZERO,
    EXTENDED_DENORMAL, // A denormal or pseudo-denormal.
    EXTENDED_NORMAL,
    EXTENDED_INFINITE,
    EXTENDED_NAN,
    EXTENDED_UNSUPPORTED,
};

enum extended_class extended_class(struct extended value);
bool extended_negative(struct extended value);
struct extended extended_zero(bool negative);
struct extended extended_infinity(bool negative);
bool extended_signals(struct extended nan);

// What an operation with a NaN gives (SDM volume 1, table 4-7): for one operand, name it twice.
struct extended extended_propagate(struct extended a, struct extended b, unsigned *status);

// --- significand * 2 ** (exponent - 127); the top bit of the significand is set, or it is 0 ---

__extension__ typedef unsigned __int128 uint128;

struct wide {
    bool negative;
    int exponent;
    uint128 significand;
};

#define WIDE_CONSTANT(exponent, high, low)                                                         \
    { false, (exponent), (uint128)(high) << 64 | (low) }

struct wide wide_from_extended(struct extended finite);
struct wide wide_from_integer(int64_t value);
struct wide wide_normalized(struct wide value);
struct wide wide_negated(struct wide value);
struct wide wide_scaled(struct wide value, int power);
struct wide wide_add(struct wide a, struct wide b);
struct wide wide_multiply(struct wide a, struct wide b);
struct wide wide_divide(struct wide a, struct wide b);
int wide_compare_magnitude(struct wide a, struct wide b);

// Rounded as the control word says, to 64 bits; PE, UE, OE and C1 are added to `status`. `exact`
// is false when the value itself is an approximation, never one that 64 bits can hold.
struct extended wide_round(struct wide value, bool exact, unsigned control, unsigned *status);

// Rounded to an integer as `rounding` says. False beyond 2 ** 64 - 1.
bool wide_to_integer(struct wide value, unsigned rounding, uint64_t *magnitude, bool *exact,
                     bool *up);

#endif // ENGINE_CPU_X86_EXTENDED_H
