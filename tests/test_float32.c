// SPDX-License-Identifier: MIT
//
// Sums and products of single-precision numbers under every rounding, DAZ and FTZ, against the
// host's SSE where the host has it, and in any case against fixed values.

#include "engine/cpu/x86/float32.h"
#include "run_tests.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define HAVE_SSE 1
#else
#define HAVE_SSE 0
#endif

#define MASKS 0x1f80u
#define FLAGS 0x3fu
#define ONE 0x3f800000u
#define SMALLEST 0x00800000u // The smallest normal number.
#define SMALLEST_DENORMAL 1u
#define LARGEST 0x7f7fffffu
#define INFINITE 0x7f800000u
#define QUIET_NAN 0x7fc00001u
#define SIGNALING_NAN 0xff800001u

struct operation {
    uint32_t a, b, mxcsr;
    uint32_t sum, sum_flags;
    uint32_t product, product_flags;
};

#define DOWN (1u << 13)
#define UP (2u << 13)

static const struct operation operations[] = {
    {ONE, ONE, MASKS, 0x40000000, 0, ONE, 0},
    {ONE, 1, MASKS, ONE, MXCSR_DE | MXCSR_PE, 1, MXCSR_DE},
    {ONE, 1, MASKS | UP, ONE + 1, MXCSR_DE | MXCSR_PE, 1, MXCSR_DE},
    {ONE, 1, MASKS | MXCSR_DAZ, ONE, 0, 0, 0},
    {LARGEST, LARGEST, MASKS, INFINITE, MXCSR_OE | MXCSR_PE, INFINITE, MXCSR_OE | MXCSR_PE},
    {LARGEST, LARGEST, MASKS | DOWN, LARGEST, MXCSR_OE | MXCSR_PE, LARGEST, MXCSR_OE | MXCSR_PE},
    {SMALLEST, SMALLEST, MASKS, 0x01000000, 0, 0, MXCSR_UE | MXCSR_PE},
    {SMALLEST, 0x80800000 | 1, MASKS, 0x80000001, 0, 0x80000000, MXCSR_UE | MXCSR_PE},
    {SMALLEST, 0x80800000 | 1, MASKS | MXCSR_FTZ, 0x80000000, MXCSR_UE | MXCSR_PE, 0x80000000,
     MXCSR_UE | MXCSR_PE},
    {INFINITE, INFINITE | 0x80000000, MASKS, 0xffc00000, MXCSR_IE, 0xff800000, 0},
    {INFINITE, 0, MASKS, INFINITE, 0, 0xffc00000, MXCSR_IE},
    {QUIET_NAN, SIGNALING_NAN, MASKS, QUIET_NAN, MXCSR_IE, QUIET_NAN, MXCSR_IE},
    {ONE, SIGNALING_NAN, MASKS, 0xffc00001, MXCSR_IE, 0xffc00001, MXCSR_IE},
    {ONE, ONE | 0x80000000, MASKS, 0, 0, 0xbf800000, 0},
    {ONE, ONE | 0x80000000, MASKS | DOWN, 0x80000000, 0, 0xbf800000, 0},
};

START_TEST(results_and_flags_are_those_of_the_manual) {
    const struct operation *expected = &operations[_i];
    uint32_t mxcsr = expected->mxcsr;
    ck_assert_uint_eq(float32_add(expected->a, expected->b, &mxcsr), expected->sum);
    ck_assert_uint_eq(mxcsr & FLAGS, expected->sum_flags);
    mxcsr = expected->mxcsr;
    ck_assert_uint_eq(float32_multiply(expected->a, expected->b, &mxcsr), expected->product);
    ck_assert_uint_eq(mxcsr & FLAGS, expected->product_flags);
}
END_TEST

#if HAVE_SSE

static uint64_t next_random(uint64_t *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 24;
}

// Often near the borders, and near each other.
static uint32_t operand(uint64_t *seed, uint32_t other) {
    static const uint32_t corners[] = {0,       1,        SMALLEST,  SMALLEST - 1, ONE,
                                       LARGEST, INFINITE, QUIET_NAN, SIGNALING_NAN};
    const uint32_t random = (uint32_t)next_random(seed);
    switch (next_random(seed) % 4) {
    case 0:
        return corners[random % 9] ^ (random & 0x80000000);
    case 1:
        return other ^ (random & 0x8100000f);
    case 2:
        return random & 0x80ffffff;
    default:
        return random;
    }
}

// The order of the operands matters, where both are NaN.
static uint32_t on_host(uint32_t a, uint32_t b, uint32_t *mxcsr, bool multiply) {
    const uint32_t before = _mm_getcsr();
    __m128i result = _mm_cvtsi32_si128((int)a);
    const __m128i second = _mm_cvtsi32_si128((int)b);
    _mm_setcsr(*mxcsr);
    if (multiply) {
        __asm__ volatile("mulss %1, %0" : "+x"(result) : "x"(second));
    } else {
        __asm__ volatile("addss %1, %0" : "+x"(result) : "x"(second));
    }
    *mxcsr = _mm_getcsr();
    _mm_setcsr(before);
    return (uint32_t)_mm_cvtsi128_si32(result);
}

START_TEST(the_host_computes_the_same) {
    uint64_t seed = 0x9e3779b97f4a7c15u;
    for (unsigned i = 0; i < 500000; i++) {
        const uint32_t a = operand(&seed, ONE);
        const uint32_t b = operand(&seed, a);
        const uint32_t control = MASKS | (uint32_t)(next_random(&seed) & 0xe040);
        for (unsigned multiply = 0; multiply < 2; multiply++) {
            uint32_t ours = control;
            uint32_t theirs = control;
            const uint32_t value =
                multiply != 0 ? float32_multiply(a, b, &ours) : float32_add(a, b, &ours);
            const uint32_t expected = on_host(a, b, &theirs, multiply != 0);
            ck_assert_msg(value == expected && ours == theirs,
                          "%08x %c %08x under %04x: %08x and %04x, not %08x and %04x", a,
                          multiply != 0 ? '*' : '+', b, control, value, ours, expected, theirs);
        }
    }
}
END_TEST

#endif

int main(void) {
    Suite *suite = suite_create("float32");
    TCase *tcase = tcase_create("float32");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, results_and_flags_are_those_of_the_manual, 0,
                        sizeof operations / sizeof operations[0]);
#if HAVE_SSE
    tcase_add_test(tcase, the_host_computes_the_same);
#endif
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
