// SPDX-License-Identifier: MIT
//
// A finite number is unpacked to an integer times a power of two; one rounding ends each operation.

#include "engine/cpu/x86/float32.h"

#include <stdbool.h>

#define FRACTION_BITS 23
#define FRACTION ((1u << FRACTION_BITS) - 1)
#define HIDDEN_BIT (1u << FRACTION_BITS)
#define QUIET_BIT (1u << 22)
#define EXPONENT 0xffu
#define INFINITE 0x7f800000u
#define LARGEST 0x7f7fffffu
#define DEFAULT_NAN 0xffc00000u
#define SIGN 0x80000000u
#define BIAS 127

struct unpacked {
    bool negative;
    int exponent; // The exponent of the last bit of the significand.
    uint64_t significand;
};

static bool is_nan(uint32_t value) {
    return (value & ~SIGN) > INFINITE;
}

static bool is_infinite(uint32_t value) {
    return (value & ~SIGN) == INFINITE;
}

static bool is_denormal(uint32_t value) {
    return (value & INFINITE) == 0 && (value & FRACTION) != 0;
}

// With DAZ a denormal is a zero; without, it raises DE.
static uint32_t take_operand(uint32_t value, uint32_t *mxcsr) {
    if (!is_denormal(value)) {
        return value;
    }
    if ((*mxcsr & MXCSR_DAZ) != 0) {
        return value & SIGN;
    }
    *mxcsr |= MXCSR_DE;
    return value;
}

// The first NaN of two, made quiet.
static uint32_t propagate(uint32_t a, uint32_t b, uint32_t *mxcsr) {
    const bool signals = (is_nan(a) && (a & QUIET_BIT) == 0) || (is_nan(b) && (b & QUIET_BIT) == 0);
    *mxcsr |= signals ? MXCSR_IE : 0;
    return (is_nan(a) ? a : b) | QUIET_BIT;
}

static uint32_t invalid(uint32_t *mxcsr) {
    *mxcsr |= MXCSR_IE;
    return DEFAULT_NAN;
}

static struct unpacked unpack(uint32_t value) {
    const unsigned exponent = value >> FRACTION_BITS & EXPONENT;
    return (struct unpacked){
        .negative = (value & SIGN) != 0,
        .exponent = (int)(exponent == 0 ? 1 : exponent) - BIAS - FRACTION_BITS,
        .significand = (value & FRACTION) | (exponent == 0 ? 0 : HIDDEN_BIT),
    };
}

// Shifts right; what falls out leaves a 1 at the end if it was not 0.
static uint64_t shift_sticky(uint64_t value, unsigned count) {
    if (count == 0) {
        return value;
    }
    if (count > 63) {
        return value != 0;
    }
    return value >> count | ((value & ((1ull << count) - 1)) != 0);
}

#define SPARE_BITS 40 // Below the 24 that are kept, of 64.

static uint64_t round_off(uint64_t significand, bool negative, uint32_t mxcsr) {
    const uint64_t spare = significand & ((1ull << SPARE_BITS) - 1);
    const uint64_t half = 1ull << (SPARE_BITS - 1);
    const uint64_t kept = significand >> SPARE_BITS;
    switch ((enum rounding)MXCSR_RC(mxcsr)) {
    case ROUND_DOWN:
        return kept + (negative && spare != 0);
    case ROUND_UP:
        return kept + (!negative && spare != 0);
    case ROUND_TO_ZERO:
        return kept;
    case ROUND_NEAREST:
    default:
        return kept + (spare > half || (spare == half && (kept & 1) != 0));
    }
}

static uint32_t overflow(bool negative, uint32_t *mxcsr) {
    const enum rounding rounding = (enum rounding)MXCSR_RC(*mxcsr);
    const bool away = rounding == ROUND_NEAREST || rounding == (negative ? ROUND_DOWN : ROUND_UP);
    *mxcsr |= MXCSR_OE | MXCSR_PE;
    return (negative ? SIGN : 0) | (away ? INFINITE : LARGEST);
}

// Smaller than the smallest normal number, even when rounded as if there were no such limit.
static uint32_t pack_tiny(uint64_t significand, int biased, bool negative, uint32_t *mxcsr) {
    const uint32_t sign = negative ? SIGN : 0;
    if ((*mxcsr & MXCSR_FTZ) != 0) {
        *mxcsr |= MXCSR_UE | MXCSR_PE;
        return sign;
    }
    const uint64_t shifted = shift_sticky(significand, (unsigned)(1 - biased));
    if ((shifted & ((1ull << SPARE_BITS) - 1)) != 0) {
        *mxcsr |= MXCSR_UE | MXCSR_PE;
    }
    return sign | (uint32_t)round_off(shifted, negative, *mxcsr);
}

// A number that is not 0, rounded.
static uint32_t pack(struct unpacked number, uint32_t *mxcsr) {
    const unsigned free_bits = (unsigned)__builtin_clzll(number.significand);
    const uint64_t significand = number.significand << free_bits;
    const int biased = number.exponent - (int)free_bits + 63 + BIAS;
    uint64_t rounded = round_off(significand, number.negative, *mxcsr);
    const bool carried = rounded >> (FRACTION_BITS + 1) != 0;
    const int exponent = biased + carried;
    if (exponent >= (int)EXPONENT) {
        return overflow(number.negative, mxcsr);
    }
    if (exponent < 1) {
        return pack_tiny(significand, biased, number.negative, mxcsr);
    }
    if (biased < 1) { // Rounded up to the smallest normal number.
        const uint64_t shifted = shift_sticky(significand, (unsigned)(1 - biased));
        rounded = round_off(shifted, number.negative, *mxcsr);
        *mxcsr |= MXCSR_PE;
        return (number.negative ? SIGN : 0) | (uint32_t)rounded;
    }
    if ((significand & ((1ull << SPARE_BITS) - 1)) != 0) {
        *mxcsr |= MXCSR_PE;
    }
    rounded = carried ? rounded >> 1 : rounded;
    return (number.negative ? SIGN : 0) | (uint32_t)exponent << FRACTION_BITS |
           ((uint32_t)rounded & FRACTION);
}

uint32_t float32_multiply(uint32_t a, uint32_t b, uint32_t *mxcsr) {
    if (is_nan(a) || is_nan(b)) {
        return propagate(a, b, mxcsr);
    }
    a = (*mxcsr & MXCSR_DAZ) != 0 ? take_operand(a, mxcsr) : a;
    b = (*mxcsr & MXCSR_DAZ) != 0 ? take_operand(b, mxcsr) : b;
    const uint32_t sign = (a ^ b) & SIGN;
    const bool zero = (a & ~SIGN) == 0 || (b & ~SIGN) == 0;
    const bool infinite = is_infinite(a) || is_infinite(b);
    if (zero && infinite) {
        return invalid(mxcsr);
    }
    a = take_operand(a, mxcsr);
    b = take_operand(b, mxcsr);
    if (zero || infinite) {
        return sign | (infinite ? INFINITE : 0);
    }
    const struct unpacked first = unpack(a);
    const struct unpacked second = unpack(b);
    const struct unpacked product = {
        .negative = sign != 0,
        .exponent = first.exponent + second.exponent,
        .significand = first.significand * second.significand,
    };
    return pack(product, mxcsr);
}

// Moves a significand of 24 bits to the left, with room for a carry.
#define ALIGNMENT 38
#define ALIGNED (1ull << ALIGNMENT)

static uint32_t add_finite(uint32_t a, uint32_t b, uint32_t *mxcsr) {
    const bool swapped = unpack(a).exponent < unpack(b).exponent;
    const struct unpacked large = unpack(swapped ? b : a);
    const struct unpacked small = unpack(swapped ? a : b);
    const uint64_t first = large.significand * ALIGNED;
    const uint64_t second =
        shift_sticky(small.significand * ALIGNED, (unsigned)(large.exponent - small.exponent));
    struct unpacked sum = {.negative = large.negative, .exponent = large.exponent - ALIGNMENT};
    if (large.negative == small.negative) {
        sum.significand = first + second;
    } else if (first >= second) {
        sum.significand = first - second;
    } else {
        sum.significand = second - first;
        sum.negative = small.negative;
    }
    if (sum.significand != 0) {
        return pack(sum, mxcsr);
    }
    const bool both_negative = large.negative && small.negative;
    const bool down = MXCSR_RC(*mxcsr) == ROUND_DOWN && large.negative != small.negative;
    return both_negative || down ? SIGN : 0;
}

uint32_t float32_add(uint32_t a, uint32_t b, uint32_t *mxcsr) {
    if (is_nan(a) || is_nan(b)) {
        return propagate(a, b, mxcsr);
    }
    if (is_infinite(a) && is_infinite(b) && a != b) {
        return invalid(mxcsr);
    }
    a = take_operand(a, mxcsr);
    b = take_operand(b, mxcsr);
    if (is_infinite(a) || is_infinite(b)) {
        return is_infinite(a) ? a : b;
    }
    return add_finite(a, b, mxcsr);
}
