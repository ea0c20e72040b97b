// SPDX-License-Identifier: MIT
//
// F2XM1, FYL2X, FYL2XP1 and FPATAN: power series in numbers of 128 bits. What the manual leaves
// undefined (an operand out of range) is computed as if it were in range, or left alone.

#include "engine/cpu/x86/x87_functions.h"

#define SERIES_END 140 // A term this many powers of two below the sum no longer counts.

static const struct wide one = WIDE_CONSTANT(0, 0x8000000000000000u, 0);
static const struct wide ln_2 = WIDE_CONSTANT(-1, 0xb17217f7d1cf79abu, 0xc9e3b39803f2f6afu);
static const struct wide log2_e = WIDE_CONSTANT(0, 0xb8aa3b295c17f0bbu, 0xbe87fed0691d3e89u);
static const struct wide pi = WIDE_CONSTANT(1, 0xc90fdaa22168c234u, 0xc4c6628b80dc1cd1u);

static bool is_special(struct extended x) {
    const enum extended_class class = extended_class(x);
    return class == EXTENDED_NAN || class == EXTENDED_UNSUPPORTED;
}

static unsigned denormal_status(struct extended a, struct extended b) {
    return extended_class(a) == EXTENDED_DENORMAL || extended_class(b) == EXTENDED_DENORMAL ? X87_DE
                                                                                            : 0;
}

static struct x87_result invalid(void) {
    return (struct x87_result){.value = extended_indefinite, .status = X87_IE};
}

static bool negligible(struct wide term, struct wide sum) {
    return term.significand == 0 ||
           (sum.significand != 0 && term.exponent < sum.exponent - SERIES_END);
}

// --- F2XM1 ---

// e ** x - 1 for |x| < 1.
static struct wide exponential_less_one(struct wide x) {
    struct wide sum = x;
    struct wide term = x;
    for (int64_t i = 2; !negligible(term, sum); i++) {
        term = wide_divide(wide_multiply(term, x), wide_from_integer(i));
        sum = wide_add(sum, term);
    }
    return sum;
}

struct x87_result x87_f2xm1(struct extended x, unsigned control) {
    static const struct extended minus_half = {EXTENDED_INTEGER, 0xbffe};
    struct x87_result result = {.value = x};
    if (is_special(x)) {
        result.value = extended_propagate(x, x, &result.status);
        return result;
    }
    const unsigned exponent = x.exponent & EXTENDED_MAX;
    result.status = denormal_status(x, x);
    if (extended_class(x) == EXTENDED_ZERO) {
        return result;
    }
    if (exponent >= EXTENDED_BIAS) { // Beyond 1 and -1 it is undefined.
        result.status |= extended_class(x) == EXTENDED_INFINITE ? 0 : X87_PE;
        const struct extended minus_one = {EXTENDED_INTEGER, 0xbfff};
        result.value = extended_negative(x)
                           ? extended_class(x) == EXTENDED_INFINITE ? minus_one : minus_half
                           : x;
        return result;
    }
    const struct wide power = wide_multiply(wide_from_extended(x), ln_2);
    result.value = wide_round(exponential_less_one(power), false, control, &result.status);
    return result;
}

// --- FYL2X, FYL2XP1 ---

// 2 * artanh(t) / ln(2), for small t.
static struct wide log2_by_artanh(struct wide t) {
    const struct wide square = wide_multiply(t, t);
    struct wide power = t;
    struct wide sum = t;
    for (int64_t i = 3; !negligible(power, sum); i += 2) {
        power = wide_multiply(power, square);
        sum = wide_add(sum, wide_divide(power, wide_from_integer(i)));
    }
    return wide_multiply(wide_scaled(sum, 1), log2_e);
}

#define SQUARE_ROOT_OF_2 0xb504f333f9de6484u // The upper half of its significand

static struct wide log2_of(struct wide x) {
    int exponent = x.exponent;
    x.exponent = 0;
    if (x.significand >> 64 > SQUARE_ROOT_OF_2) {
        x.exponent = -1;
        exponent++;
    }
    const struct wide t = wide_divide(wide_add(x, wide_negated(one)), wide_add(x, one));
    return wide_add(log2_by_artanh(t), wide_from_integer(exponent));
}

static struct x87_result signed_infinity(bool negative, unsigned status) {
    return (struct x87_result){.value = extended_infinity(negative), .status = status};
}

// y * log2(x) where x or y is zero or infinite. False: it is a matter of computing.
static bool fyl2x_limit(struct extended x, struct extended y, struct x87_result *result) {
    const enum extended_class class_x = extended_class(x);
    const enum extended_class class_y = extended_class(y);
    const bool y_negative = extended_negative(y);
    const bool below_one = class_x != EXTENDED_INFINITE && x.exponent < EXTENDED_BIAS;
    const bool is_one = x.exponent == EXTENDED_BIAS && x.significand == EXTENDED_INTEGER;
    if (class_x == EXTENDED_ZERO) {
        const unsigned status = class_y == EXTENDED_INFINITE ? 0 : X87_ZE;
        *result = class_y == EXTENDED_ZERO ? invalid() : signed_infinity(!y_negative, status);
        return true;
    }
    if (extended_negative(x)) {
        *result = invalid();
        return true;
    }
    if (class_x == EXTENDED_INFINITE) {
        *result = class_y == EXTENDED_ZERO ? invalid() : signed_infinity(y_negative, 0);
        return true;
    }
    if (class_y == EXTENDED_INFINITE) {
        *result = is_one ? invalid() : signed_infinity(y_negative != below_one, 0);
        return true;
    }
    if (is_one || class_y == EXTENDED_ZERO) {
        result->value = extended_zero(y_negative != (below_one && !is_one));
        return true;
    }
    return false;
}

// Processors call every result inexact, also where x is a power of two.
struct x87_result x87_fyl2x(struct extended x, struct extended y, unsigned control) {
    struct x87_result result = {.status = 0};
    if (is_special(x) || is_special(y)) {
        result.value = extended_propagate(x, y, &result.status);
        return result;
    }
    if (!fyl2x_limit(x, y, &result)) {
        const struct wide logarithm = log2_of(wide_from_extended(x));
        result.value = wide_round(wide_multiply(logarithm, wide_from_extended(y)), false, control,
                                  &result.status);
    }
    if ((result.status & (X87_IE | X87_ZE)) == 0) {
        result.status |= denormal_status(x, y);
    }
    return result;
}

struct x87_result x87_fyl2xp1(struct extended x, struct extended y, unsigned control) {
    struct x87_result result = {.status = denormal_status(x, y)};
    const bool negative = extended_negative(x) != extended_negative(y);
    if (is_special(x) || is_special(y)) {
        result.status = 0;
        result.value = extended_propagate(x, y, &result.status);
        return result;
    }
    const bool x_infinite = extended_class(x) == EXTENDED_INFINITE;
    const bool y_infinite = extended_class(y) == EXTENDED_INFINITE;
    const bool zero = extended_class(x) == EXTENDED_ZERO || extended_class(y) == EXTENDED_ZERO;
    if (x_infinite || y_infinite) {
        return zero || (x_infinite && extended_negative(x))
                   ? invalid()
                   : signed_infinity(negative, result.status);
    }
    if (zero) {
        result.value = extended_zero(negative);
        return result;
    }
    const struct wide small = wide_from_extended(x);
    const struct wide sum = wide_add(small, one);
    if (sum.negative || sum.significand == 0) { // Far out of range
        return invalid();
    }
    const struct wide t = wide_divide(small, wide_add(sum, one));
    const struct wide logarithm = small.exponent < -1 ? log2_by_artanh(t) : log2_of(sum);
    result.value =
        wide_round(wide_multiply(logarithm, wide_from_extended(y)), false, control, &result.status);
    return result;
}

// --- FPATAN ---

// arctan(i / 8)
static const struct wide arctangents[] = {
    {false, 0, 0},
    WIDE_CONSTANT(-4, 0xfeadd4d5617b6e32u, 0xc897989f3e888ef8u),
    WIDE_CONSTANT(-3, 0xfadbafc96406eb15u, 0x6dc79ef5f7a217e6u),
    WIDE_CONSTANT(-2, 0xb7b0ca0f26f78473u, 0x8aa32122dcfe4483u),
    WIDE_CONSTANT(-2, 0xed63382b0dda7b45u, 0x6fe445ecbc3a8d03u),
    WIDE_CONSTANT(-1, 0x8f005d5ef7f59f9bu, 0x5c835e1665c43748u),
    WIDE_CONSTANT(-1, 0xa4bc7d1934f70924u, 0x19a87f2a457dac9fu),
    WIDE_CONSTANT(-1, 0xb8053e2bc2319e73u, 0xcb2da55210a4443du),
    WIDE_CONSTANT(-1, 0xc90fdaa22168c234u, 0xc4c6628b80dc1cd1u),
};

static struct wide arctan_series(struct wide t) {
    const struct wide square = wide_negated(wide_multiply(t, t));
    struct wide power = t;
    struct wide sum = t;
    for (int64_t i = 3; !negligible(power, sum); i += 2) {
        power = wide_multiply(power, square);
        sum = wide_add(sum, wide_divide(power, wide_from_integer(i)));
    }
    return sum;
}

// The arctangent of a ratio from 0 to 1: arctan(r) = arctan(c) + arctan((r - c) / (1 + r * c)),
// with c the nearest eighth.
static struct wide arctan(struct wide ratio) {
    uint64_t eighths = 0;
    bool exact;
    bool up;
    wide_to_integer(wide_scaled(ratio, 3), X87_ROUND_NEAREST, &eighths, &exact, &up);
    const struct wide nearest = wide_scaled(wide_from_integer((int64_t)eighths), -3);
    if (eighths == 0) {
        return arctan_series(ratio);
    }
    const struct wide difference = wide_add(ratio, wide_negated(nearest));
    const struct wide t = wide_divide(difference, wide_add(one, wide_multiply(ratio, nearest)));
    return wide_add(arctangents[eighths], arctan_series(t));
}

// The angle of (|x|, |y|), both finite and not zero.
static struct wide first_quadrant(struct wide x, struct wide y) {
    x.negative = false;
    y.negative = false;
    if (wide_compare_magnitude(y, x) <= 0) {
        return arctan(wide_divide(y, x));
    }
    return wide_add(wide_scaled(pi, -1), wide_negated(arctan(wide_divide(x, y))));
}

// The angle of (|x|, |y|) where one is zero or infinite; false where it is a matter of computing.
static bool limit_angle(enum extended_class class_x, enum extended_class class_y,
                        struct wide *angle) {
    static const struct wide zero = {false, 0, 0};
    const bool x_infinite = class_x == EXTENDED_INFINITE;
    const bool y_infinite = class_y == EXTENDED_INFINITE;
    if (x_infinite && y_infinite) {
        *angle = wide_scaled(pi, -2);
    } else if (class_y == EXTENDED_ZERO || x_infinite) {
        *angle = zero;
    } else if (class_x == EXTENDED_ZERO || y_infinite) {
        *angle = wide_scaled(pi, -1);
    } else {
        return false;
    }
    return true;
}

struct x87_result x87_fpatan(struct extended x, struct extended y, unsigned control) {
    struct x87_result result = {.status = 0};
    struct wide angle;
    if (is_special(x) || is_special(y)) {
        result.value = extended_propagate(x, y, &result.status);
        return result;
    }
    result.status = denormal_status(x, y);
    if (!limit_angle(extended_class(x), extended_class(y), &angle)) {
        angle = first_quadrant(wide_from_extended(x), wide_from_extended(y));
    }
    if (extended_negative(x)) {
        angle = wide_add(pi, wide_negated(angle));
    }
    angle.negative = extended_negative(y);
    result.value = wide_round(angle, angle.significand == 0, control, &result.status);
    return result;
}
