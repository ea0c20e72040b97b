// SPDX-License-Identifier: MIT
//
// FSIN, FCOS, FPTAN and FSINCOS. The operand is reduced by a pi of 66 bits (SDM volume 1, section
// 8.3.8), as Intel's processors do: near a multiple of pi that is what decides the result.

#include "engine/cpu/x86/x87_functions.h"

#define SERIES_END 140
#define RANGE 63 // 2 ** 63 and more is out of range.

// A quarter turn: 66 bits, times 2 ** -65.
#define QUARTER ((uint128)0xc90fdaa22168c234u << 2 | 3)
#define QUARTER_BITS 66

static const struct wide one = WIDE_CONSTANT(0, 0x8000000000000000u, 0);

struct angle {
    struct wide rest; // From minus to plus an eighth of a turn
    unsigned quarters;
};

// Exact: the quotient and rest of a division of integers.
static struct angle reduce(struct wide x) {
    struct angle angle = {.rest = x};
    const int shift = 127 - QUARTER_BITS + 1; // The quarter's top bit is to stand at the top.
    const uint128 quarter = QUARTER << shift >> 1;
    uint128 rest = x.significand >> 1;
    uint64_t quotient = 0;
    angle.rest.negative = false;
    if (x.significand == 0 || x.exponent < -1) {
        angle.rest.negative = x.negative;
        return angle;
    }
    // A quarter turn lies between 1 and 2: its exponent is 0.
    for (int i = x.exponent < 0 ? 0 : x.exponent; i >= 0 && x.exponent >= 0; i--) {
        quotient <<= 1;
        if (rest >= quarter) {
            rest -= quarter;
            quotient |= 1;
        }
        if (i != 0) {
            rest <<= 1;
        }
    }
    angle.rest = (struct wide){false, x.exponent < 0 ? x.exponent : 0, rest << 1};
    angle.rest = wide_normalized(angle.rest);
    const struct wide turn = wide_normalized((struct wide){false, 0, quarter << 1});
    if (wide_compare_magnitude(wide_scaled(angle.rest, 1), turn) > 0) {
        angle.rest = wide_add(angle.rest, wide_negated(turn));
        quotient++;
    }
    angle.quarters = (unsigned)quotient & 3;
    if (x.negative) {
        angle.rest.negative = !angle.rest.negative;
        angle.quarters = (4 - angle.quarters) & 3;
    }
    return angle;
}

// term - term * x^2 / ((i + 1)(i + 2)) + ...
static struct wide series(struct wide x, struct wide term, int64_t i) {
    const struct wide square = wide_negated(wide_multiply(x, x));
    struct wide sum = term;
    while (term.significand != 0 && term.exponent > sum.exponent - SERIES_END) {
        term = wide_multiply(term, square);
        term = wide_divide(term, wide_from_integer((i + 1) * (i + 2)));
        sum = wide_add(sum, term);
        i += 2;
    }
    return sum;
}

static struct wide sine(struct angle angle) {
    const struct wide value =
        (angle.quarters & 1) != 0 ? series(angle.rest, one, 0) : series(angle.rest, angle.rest, 1);
    return (angle.quarters & 2) != 0 ? wide_negated(value) : value;
}

static struct wide cosine(struct angle angle) {
    angle.quarters = (angle.quarters + 1) & 3;
    return sine(angle);
}

// NaNs, infinities and what is out of range. False: it is a matter of computing.
static bool is_limit(struct extended x, struct x87_result *result) {
    const unsigned exponent = x.exponent & EXTENDED_MAX;
    *result = (struct x87_result){.value = x, .second = x};
    switch (extended_class(x)) {
    case EXTENDED_NAN:
    case EXTENDED_UNSUPPORTED:
        result->value = extended_propagate(x, x, &result->status);
        break;
    case EXTENDED_INFINITE:
        result->value = extended_indefinite;
        result->status = X87_IE;
        break;
    default:
        result->status = extended_class(x) == EXTENDED_DENORMAL ? X87_DE : 0;
        if (exponent < EXTENDED_BIAS + RANGE) {
            return false;
        }
        result->status = X87_C2;
        return true;
    }
    result->second = result->value;
    return true;
}

// Only of zero are the functions exact.
static struct extended rounded(struct wide value, struct extended x, unsigned control,
                               unsigned *status) {
    return wide_round(value, extended_class(x) == EXTENDED_ZERO, control, status);
}

struct x87_result x87_fsin(struct extended x, unsigned control) {
    struct x87_result result;
    if (!is_limit(x, &result)) {
        const struct angle angle = reduce(wide_from_extended(x));
        result.value = rounded(sine(angle), x, control, &result.status);
    }
    return result;
}

struct x87_result x87_fcos(struct extended x, unsigned control) {
    struct x87_result result;
    if (!is_limit(x, &result)) {
        const struct angle angle = reduce(wide_from_extended(x));
        result.value = rounded(cosine(angle), x, control, &result.status);
    }
    return result;
}

struct x87_result x87_fptan(struct extended x, unsigned control) {
    struct x87_result result;
    if (!is_limit(x, &result)) {
        const struct angle angle = reduce(wide_from_extended(x));
        const struct wide tangent = wide_divide(sine(angle), cosine(angle));
        result.value = rounded(tangent, x, control, &result.status);
        result.second = extended_one;
    }
    return result;
}

struct x87_result x87_fsincos(struct extended x, unsigned control) {
    struct x87_result result;
    if (!is_limit(x, &result)) {
        const struct angle angle = reduce(wide_from_extended(x));
        result.value = rounded(sine(angle), x, control, &result.status);
        result.status &= ~X87_C1;
        result.second = rounded(cosine(angle), x, control, &result.status);
    }
    return result;
}
