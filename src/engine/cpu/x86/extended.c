// SPDX-License-Identifier: MIT
//
// Classes, rounding and the four operations; see the header.

#include "engine/cpu/x86/extended.h"

#define QUIET_BIT 0x4000000000000000u
#define TOP_BIT ((uint128)1 << 127)
#define BIAS_ADJUSTMENT 24576 // For results that overflow or underflow unmasked.

enum extended_class extended_class(struct extended value) {
    const unsigned exponent = value.exponent & EXTENDED_MAX;
    const bool integer = (value.significand & EXTENDED_INTEGER) != 0;
    if (exponent == 0) {
        return value.significand == 0 ? EXTENDED_ZERO : EXTENDED_DENORMAL;
    }
    if (!integer) {
        return EXTENDED_UNSUPPORTED;
    }
    if (exponent == EXTENDED_MAX) {
        return value.significand == EXTENDED_INTEGER ? EXTENDED_INFINITE : EXTENDED_NAN;
    }
    return EXTENDED_NORMAL;
}

bool extended_negative(struct extended value) {
    return (value.exponent & EXTENDED_SIGN) != 0;
}

struct extended extended_zero(bool negative) {
    return (struct extended){0, negative ? EXTENDED_SIGN : 0};
}

struct extended extended_infinity(bool negative) {
    return (struct extended){EXTENDED_INTEGER,
                             (uint16_t)(EXTENDED_MAX | (negative ? EXTENDED_SIGN : 0))};
}

bool extended_signals(struct extended nan) {
    return (nan.significand & QUIET_BIT) == 0;
}

static struct extended larger_nan(struct extended a, struct extended b) {
    if (a.significand != b.significand) {
        return a.significand > b.significand ? a : b;
    }
    return extended_negative(a) ? b : a;
}

struct extended extended_propagate(struct extended a, struct extended b, unsigned *status) {
    const enum extended_class class_a = extended_class(a);
    const enum extended_class class_b = extended_class(b);
    if (class_a == EXTENDED_UNSUPPORTED || class_b == EXTENDED_UNSUPPORTED) {
        *status |= X87_IE;
        return extended_indefinite;
    }
    const bool signals_a = class_a == EXTENDED_NAN && extended_signals(a);
    const bool signals_b = class_b == EXTENDED_NAN && extended_signals(b);
    struct extended result = class_a == EXTENDED_NAN ? a : b;
    *status |= signals_a || signals_b ? X87_IE : 0;
    if (class_a == EXTENDED_NAN && class_b == EXTENDED_NAN) {
        if (signals_a != signals_b) {
            result = signals_a ? b : a;
        } else {
            result = larger_nan(a, b);
        }
    }
    result.significand |= QUIET_BIT;
    return result;
}

// --- Wide numbers ---

struct wide wide_normalized(struct wide value) {
    if (value.significand == 0) {
        value.exponent = 0;
        return value;
    }
    while ((value.significand & TOP_BIT) == 0) {
        value.significand <<= 1;
        value.exponent--;
    }
    return value;
}

struct wide wide_from_extended(struct extended finite) {
    const int exponent = (int)(finite.exponent & EXTENDED_MAX);
    const struct wide value = {extended_negative(finite),
                               (exponent == 0 ? 1 : exponent) - EXTENDED_BIAS,
                               (uint128)finite.significand << 64};
    return wide_normalized(value);
}

struct wide wide_from_integer(int64_t value) {
    const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    const struct wide wide = {value < 0, 127, magnitude};
    return wide_normalized(wide);
}

struct wide wide_negated(struct wide value) {
    value.negative = !value.negative;
    return value;
}

struct wide wide_scaled(struct wide value, int power) {
    value.exponent += power;
    return value;
}

int wide_compare_magnitude(struct wide a, struct wide b) {
    if (a.significand == 0 || b.significand == 0) {
        return (a.significand != 0) - (b.significand != 0);
    }
    if (a.exponent != b.exponent) {
        return a.exponent > b.exponent ? 1 : -1;
    }
    return (a.significand > b.significand) - (a.significand < b.significand);
}

// The last bit stands for all that were shifted out.
static uint128 shift_right_sticky(uint128 value, int count) {
    if (count == 0) {
        return value;
    }
    if (count > 127) {
        return value != 0;
    }
    const bool sticky = (value << (128 - count)) != 0;
    return value >> count | sticky;
}

struct wide wide_add(struct wide a, struct wide b) {
    if (wide_compare_magnitude(a, b) < 0) {
        const struct wide other = a;
        a = b;
        b = other;
    }
    if (b.significand == 0) {
        return a;
    }
    const uint128 small = shift_right_sticky(b.significand, a.exponent - b.exponent);
    if (a.negative != b.negative) {
        a.significand -= small;
        return wide_normalized(a);
    }
    const uint128 sum = a.significand + small;
    if (sum < small) {
        a.significand = (sum >> 1) | (sum & 1) | TOP_BIT;
        a.exponent++;
    } else {
        a.significand = sum;
    }
    return a;
}

struct wide wide_multiply(struct wide a, struct wide b) {
    const uint64_t a_high = (uint64_t)(a.significand >> 64);
    const uint64_t a_low = (uint64_t)a.significand;
    const uint64_t b_high = (uint64_t)(b.significand >> 64);
    const uint64_t b_low = (uint64_t)b.significand;
    const uint128 low = (uint128)a_low * b_low;
    const uint128 cross = (uint128)a_high * b_low;
    const uint128 middle = (low >> 64) + (uint64_t)cross + (uint128)a_low * b_high;
    const uint128 high = (uint128)a_high * b_high + (cross >> 64) + (middle >> 64);
    const bool sticky = (uint64_t)middle != 0 || (uint64_t)low != 0;
    struct wide product = {a.negative != b.negative, a.exponent + b.exponent + 1, high};
    if (high == 0) {
        return (struct wide){product.negative, 0, 0};
    }
    if ((high & TOP_BIT) == 0) { // The bit that comes in is the highest of the rest.
        product.significand = high << 1 | (uint64_t)middle >> 63;
        product.exponent--;
        product.significand |= ((uint64_t)middle << 1) != 0 || (uint64_t)low != 0;
        return product;
    }
    product.significand |= sticky;
    return product;
}

struct wide wide_divide(struct wide a, struct wide b) {
    uint128 rest = a.significand;
    uint128 quotient = 0;
    int exponent = a.exponent - b.exponent;
    if (a.significand == 0) {
        return (struct wide){a.negative != b.negative, 0, 0};
    }
    bool carry = false; // The bit of the rest above its 128.
    if (rest < b.significand) {
        carry = (rest & TOP_BIT) != 0;
        rest <<= 1;
        exponent--;
    }
    for (unsigned i = 0; i < 128; i++) {
        quotient <<= 1;
        if (carry || rest >= b.significand) {
            rest -= b.significand;
            quotient |= 1;
        }
        carry = (rest & TOP_BIT) != 0;
        rest <<= 1;
    }
    quotient |= rest != 0 || carry;
    return (struct wide){a.negative != b.negative, exponent, quotient};
}

// --- Rounding ---

// Whether what lies below the last bit that is kept rounds away from zero. `rest` is left-aligned.
static bool rounds_up(uint128 rest, bool exact, bool odd, bool negative, unsigned control) {
    const bool any = rest != 0 || !exact;
    switch (control & X87_ROUNDING) {
    case X87_ROUND_NEAREST:
        return rest > TOP_BIT || (rest == TOP_BIT && (odd || !exact));
    case X87_ROUND_DOWN:
        return any && negative;
    case X87_ROUND_UP:
        return any && !negative;
    default:
        return false;
    }
}

static struct extended overflow(bool negative, unsigned control, unsigned *status) {
    const unsigned rounding = control & X87_ROUNDING;
    const bool infinite =
        rounding == X87_ROUND_NEAREST || rounding == (negative ? X87_ROUND_DOWN : X87_ROUND_UP);
    *status |= X87_OE | X87_PE | (infinite ? X87_C1 : 0);
    if (infinite) {
        return extended_infinity(negative);
    }
    return (struct extended){UINT64_MAX,
                             (uint16_t)((EXTENDED_MAX - 1) | (negative ? EXTENDED_SIGN : 0))};
}

// The significand's 64 upper bits after it was shifted right by `shift`, rounded; the result may
// carry out, which is told by its being smaller.
static uint64_t round_significand(struct wide value, int shift, bool exact, unsigned control,
                                  bool *inexact, bool *up, bool *carry) {
    const uint128 shifted = shift > 127 ? 0 : value.significand >> shift;
    const uint64_t kept = (uint64_t)(shifted >> 64);
    uint128 rest = shifted << 64;
    if (shift != 0) { // What was shifted out stands for a little.
        rest |= shift > 127 ? value.significand != 0 : (value.significand << (128 - shift)) != 0;
    }
    *inexact = rest != 0 || !exact;
    *up = rounds_up(rest, exact, (kept & 1) != 0, value.negative, control);
    *carry = *up && kept == UINT64_MAX;
    return kept + *up;
}

static struct extended round_tiny(struct wide value, bool exact, unsigned control,
                                  unsigned *status) {
    const int shift = 1 - EXTENDED_BIAS - value.exponent;
    bool inexact;
    bool up;
    bool carry;
    const uint64_t kept = round_significand(value, shift, exact, control, &inexact, &up, &carry);
    *status |= inexact ? X87_UE | X87_PE : 0;
    *status |= inexact && up ? X87_C1 : 0;
    const bool normal = (kept & EXTENDED_INTEGER) != 0;
    return (struct extended){kept, (uint16_t)(normal | (value.negative ? EXTENDED_SIGN : 0))};
}

struct extended wide_round(struct wide value, bool exact, unsigned control, unsigned *status) {
    const unsigned sign = value.negative ? EXTENDED_SIGN : 0;
    bool inexact;
    bool up;
    bool carry;
    if (value.significand == 0) {
        return extended_zero(value.negative);
    }
    uint64_t kept = round_significand(value, 0, exact, control, &inexact, &up, &carry);
    int exponent = value.exponent + EXTENDED_BIAS + carry;
    if (exponent <= 0) { // Tiny after rounding
        if ((control & X87_UE) != 0) {
            return round_tiny(value, exact, control, status);
        }
        *status |= X87_UE;
        exponent += BIAS_ADJUSTMENT;
    }
    if (exponent >= (int)EXTENDED_MAX) {
        if ((control & X87_OE) != 0) {
            return overflow(value.negative, control, status);
        }
        *status |= X87_OE;
        exponent -= BIAS_ADJUSTMENT;
    }
    kept = carry ? EXTENDED_INTEGER : kept;
    *status |= inexact ? X87_PE : 0;
    *status |= inexact && up ? X87_C1 : 0;
    return (struct extended){kept, (uint16_t)((unsigned)exponent | sign)};
}

bool wide_to_integer(struct wide value, unsigned rounding, uint64_t *magnitude, bool *exact,
                     bool *up) {
    bool carry;
    bool inexact;
    if (value.significand == 0) {
        *magnitude = 0;
        *exact = true;
        *up = false;
        return true;
    }
    if (value.exponent > 63) {
        return false;
    }
    const int shift = 63 - value.exponent;
    *magnitude = round_significand(value, shift, true, rounding, &inexact, up, &carry);
    *exact = !inexact;
    return !carry;
}
