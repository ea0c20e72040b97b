// SPDX-License-Identifier: MIT
//
// FXTRACT, FSCALE, FXAM, the constants, and stores as integers and decimal digits.

#include "engine/cpu/x86/x87_functions.h"

#include <string.h>

// --- FXTRACT, FSCALE ---

struct x87_result x87_fxtract(struct extended x) {
    const enum extended_class class = extended_class(x);
    struct x87_result result = {.value = x, .second = x};
    unsigned ignored = 0;
    switch (class) {
    case EXTENDED_NAN:
    case EXTENDED_UNSUPPORTED:
        result.value = extended_propagate(x, x, &result.status);
        result.second = result.value;
        return result;
    case EXTENDED_INFINITE:
        result.value = extended_infinity(false);
        return result;
    case EXTENDED_ZERO:
        result.value = extended_infinity(true);
        result.status = X87_ZE;
        return result;
    default:
        break;
    }
    struct wide significand = wide_from_extended(x);
    result.status = class == EXTENDED_DENORMAL ? X87_DE : 0;
    result.value = wide_round(wide_from_integer(significand.exponent), true, 0, &ignored);
    significand.exponent = 0;
    result.second = wide_round(significand, true, 0, &ignored);
    return result;
}

static bool is_special(enum extended_class class) {
    return class == EXTENDED_NAN || class == EXTENDED_UNSUPPORTED;
}

#define SCALE_BEYOND 0x10000 // Takes any number out of the range.

static int truncated(struct extended scale) {
    const struct wide value = wide_from_extended(scale);
    uint64_t magnitude;
    bool exact;
    bool up;
    if (!wide_to_integer(value, X87_ROUND_ZERO, &magnitude, &exact, &up) ||
        magnitude > SCALE_BEYOND) {
        magnitude = SCALE_BEYOND;
    }
    return value.negative ? -(int)magnitude : (int)magnitude;
}

static struct x87_result scaled_by_infinity(struct extended x, enum extended_class class,
                                            bool down) {
    struct x87_result result = {.value = x};
    if (class == (down ? EXTENDED_INFINITE : EXTENDED_ZERO)) {
        result.value = extended_indefinite;
        result.status = X87_IE;
        return result;
    }
    result.status = class == EXTENDED_DENORMAL ? X87_DE : 0;
    result.value = down ? extended_zero(extended_negative(x)) //
                        : extended_infinity(extended_negative(x));
    return result;
}

struct x87_result x87_fscale(struct extended x, struct extended scale, unsigned control) {
    const enum extended_class class = extended_class(x);
    const enum extended_class scale_class = extended_class(scale);
    struct x87_result result = {.value = x};
    if (is_special(class) || is_special(scale_class)) {
        result.value = extended_propagate(x, scale, &result.status);
        return result;
    }
    if (scale_class == EXTENDED_INFINITE) {
        return scaled_by_infinity(x, class, extended_negative(scale));
    }
    const bool denormal = class == EXTENDED_DENORMAL || scale_class == EXTENDED_DENORMAL;
    result.status = denormal ? X87_DE : 0;
    if (class == EXTENDED_INFINITE || class == EXTENDED_ZERO) {
        return result;
    }
    const struct wide value = wide_scaled(wide_from_extended(x), truncated(scale));
    result.value = wide_round(value, true, control, &result.status);
    return result;
}

// --- FXAM ---

unsigned x87_fxam(struct extended x, bool empty) {
    static const unsigned codes[] = {
        [EXTENDED_ZERO] = X87_C3,   [EXTENDED_DENORMAL] = X87_C3 | X87_C2,
        [EXTENDED_NORMAL] = X87_C2, [EXTENDED_INFINITE] = X87_C2 | X87_C0,
        [EXTENDED_NAN] = X87_C0,    [EXTENDED_UNSUPPORTED] = 0,
    };
    const unsigned sign = extended_negative(x) ? X87_C1 : 0;
    return sign | (empty ? X87_C3 | X87_C0 : codes[extended_class(x)]);
}

// --- Constants: rounded down, and what the nearest is ---

static const struct {
    struct extended down;
    bool nearest_is_up;
} constants[X87_CONSTANTS] = {
    {{0xd49a784bcd1b8afeu, 0x4000}, false}, // log2(10)
    {{0xb8aa3b295c17f0bbu, 0x3fff}, true},  // log2(e)
    {{0xc90fdaa22168c234u, 0x4000}, true},  // pi
    {{0x9a209a84fbcff798u, 0x3ffd}, true},  // log10(2)
    {{0xb17217f7d1cf79abu, 0x3ffe}, true},  // ln(2)
};

struct extended x87_constant(unsigned number, unsigned control) {
    struct extended value = constants[number].down;
    const unsigned rounding = control & X87_ROUNDING;
    const bool up = rounding == X87_ROUND_UP ||
                    (rounding == X87_ROUND_NEAREST && constants[number].nearest_is_up);
    value.significand += up;
    return value;
}

// --- Stores ---

// False where x is not a number, or does not fit into 64 bits.
static bool integer_of(struct extended x, unsigned rounding, uint64_t *magnitude, bool *exact,
                       bool *up) {
    switch (extended_class(x)) {
    case EXTENDED_NAN:
    case EXTENDED_UNSUPPORTED:
    case EXTENDED_INFINITE:
        return false;
    default:
        return wide_to_integer(wide_from_extended(x), rounding, magnitude, exact, up);
    }
}

uint64_t x87_fisttp(struct extended x, unsigned size, unsigned *status) {
    const uint64_t limit = 1ull << (8 * size - 1);
    uint64_t magnitude;
    bool exact;
    bool up;
    const bool fits = integer_of(x, X87_ROUND_ZERO, &magnitude, &exact, &up);
    if (!fits || magnitude > limit || (magnitude == limit && !extended_negative(x))) {
        *status |= X87_IE;
        return limit;
    }
    *status |= exact ? 0 : X87_PE;
    return extended_negative(x) ? 0 - magnitude : magnitude;
}

#define BCD_LIMIT 1000000000000000000u // 18 digits

void x87_fbstp(struct extended x, unsigned control, uint8_t out[X87_BCD_SIZE], unsigned *status) {
    static const uint8_t indefinite[X87_BCD_SIZE] = {[7] = 0xc0, [8] = 0xff, [9] = 0xff};
    uint64_t magnitude;
    bool exact;
    bool up;
    if (!integer_of(x, control, &magnitude, &exact, &up) || magnitude >= BCD_LIMIT) {
        *status |= X87_IE;
        memcpy(out, indefinite, sizeof indefinite);
        return;
    }
    *status |= exact ? 0 : X87_PE | (up ? X87_C1 : 0);
    for (unsigned i = 0; i < X87_BCD_SIZE - 1; i++) {
        out[i] = (uint8_t)(magnitude % 10 | (magnitude / 10 % 10) << 4);
        magnitude /= 100;
    }
    out[X87_BCD_SIZE - 1] = extended_negative(x) ? 0x80 : 0;
}
