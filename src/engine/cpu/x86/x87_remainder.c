// SPDX-License-Identifier: MIT
//
// FPREM and FPREM1: exact, by subtraction of shifted divisors.

#include "engine/cpu/x86/x87_functions.h"

#define COMPLETE 64 // A smaller difference of the exponents is reduced at once.

static unsigned quotient_codes(uint64_t quotient) {
    return ((quotient & 4) != 0 ? X87_C0 : 0) | ((quotient & 2) != 0 ? X87_C3 : 0) |
           ((quotient & 1) != 0 ? X87_C1 : 0);
}

// Subtracts the divisor's multiples from 2 ** first down to 1; returns the quotient's low bits. The
// numbers have significands of 64 bits, so a double fits.
static uint64_t reduce(uint128 *dividend, uint64_t divisor, int count) {
    uint64_t quotient = 0;
    for (int i = 0; i <= count; i++) {
        quotient <<= 1;
        if (*dividend >= divisor) {
            *dividend -= divisor;
            quotient |= 1;
        }
        if (i != count) {
            *dividend <<= 1;
        }
    }
    return quotient;
}

static struct extended exact(bool negative, uint128 significand, int exponent) {
    unsigned status = 0;
    const struct wide value = {negative, exponent, significand << 64};
    return wide_round(wide_normalized(value), true, X87_EXCEPTIONS, &status);
}

static struct x87_result finite(struct extended st0, struct extended st1, bool nearest) {
    const struct wide a = wide_from_extended(st0);
    const struct wide b = wide_from_extended(st1);
    const uint64_t divisor = (uint64_t)(b.significand >> 64);
    const int difference = a.exponent - b.exponent;
    uint128 rest = a.significand >> 64;
    struct x87_result result = {.value = st0};
    if (difference < -1 || (difference == -1 && !nearest)) {
        result.value = exact(a.negative, rest, a.exponent);
        return result;
    }
    if (difference >= COMPLETE) { // Reduces the exponent by 32 to 63, as Intel's processors do.
        const int steps = (difference & 31) | 32;
        reduce(&rest, divisor, steps);
        result.value =
            rest == 0 ? extended_zero(a.negative) : exact(a.negative, rest, a.exponent - steps);
        result.status = X87_C2;
        return result;
    }
    uint64_t quotient = 0;
    uint128 twice = rest; // Twice the rest, in units of the divisor's last bit.
    if (difference >= 0) {
        quotient = reduce(&rest, divisor, difference);
        twice = rest << 1;
    }
    bool negative = a.negative;
    const bool up = nearest && (twice > divisor || (twice == divisor && (quotient & 1) != 0));
    if (up) {
        // Below the divisor's exponent the dividend's last bit is half of the divisor's.
        rest = difference < 0 ? ((uint128)divisor << 1) - rest : divisor - rest;
        negative = !negative;
        quotient++;
    }
    const int exponent = difference < 0 ? a.exponent : b.exponent;
    result.value = rest == 0 ? extended_zero(a.negative) : exact(negative, rest, exponent);
    result.status = quotient_codes(quotient);
    return result;
}

static bool is_special(enum extended_class class) {
    return class == EXTENDED_NAN || class == EXTENDED_UNSUPPORTED;
}

struct x87_result x87_remainder(struct extended st0, struct extended st1, bool nearest) {
    const enum extended_class class0 = extended_class(st0);
    const enum extended_class class1 = extended_class(st1);
    struct x87_result result = {.value = st0};
    unsigned status = 0;
    if (is_special(class0) || is_special(class1)) {
        result.value = extended_propagate(st0, st1, &result.status);
        return result;
    }
    if (class0 == EXTENDED_INFINITE || class1 == EXTENDED_ZERO) {
        result.value = extended_indefinite;
        result.status = X87_IE;
        return result;
    }
    status = class0 == EXTENDED_DENORMAL || class1 == EXTENDED_DENORMAL ? X87_DE : 0;
    result.status = status;
    if (class0 == EXTENDED_ZERO) {
        return result;
    }
    if (class1 == EXTENDED_INFINITE) { // The exponent of a pseudo-denormal is corrected.
        const struct wide value = wide_from_extended(st0);
        result.value = exact(value.negative, value.significand >> 64, value.exponent);
    } else {
        result = finite(st0, st1, nearest);
    }
    result.status |= status;
    return result;
}
