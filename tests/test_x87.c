// SPDX-License-Identifier: MIT
//
// The rarer x87 operations (engine/cpu/x86/x87_functions.h), against results of an Intel processor,
// and in a guest. test_oracle.c compares them with the host where it is an x86-64.

#include "engine/cpu/x86/x87_functions.h"
#include "execute.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define DEFAULT_CONTROL 0x037fu

static struct x87_result prem(struct extended x, struct extended y, unsigned control) {
    (void)control;
    return x87_remainder(x, y, false);
}

static struct x87_result prem1(struct extended x, struct extended y, unsigned control) {
    (void)control;
    return x87_remainder(x, y, true);
}

#define UNARY(name)                                                                                \
    static struct x87_result name(struct extended x, struct extended y, unsigned control) {        \
        (void)y;                                                                                   \
        return x87_##name(x, control);                                                             \
    }

UNARY(f2xm1)
UNARY(fsin)
UNARY(fcos)
UNARY(fptan)
UNARY(fsincos)

static struct x87_result extract(struct extended x, struct extended y, unsigned control) {
    (void)y;
    (void)control;
    return x87_fxtract(x);
}

struct known_result {
    const char *name;
    struct x87_result (*function)(struct extended x, struct extended y, unsigned control);
    struct extended x;
    struct extended y;
    struct extended value;
    struct extended second;
    unsigned status; // With the condition codes that the operation defines, but C1 of a rounding.
};

static const struct known_result known_results[] = {
    {"FPREM",
     prem,
     {0x97951b766aaaa800, 0x402f},
     {0xb333333333333000, 0x3ffe},
     {0x88dac968b0270000, 0x3ffc},
     {0, 0},
     0x0100},
    {"FPREM",
     prem,
     {0xb1a2bc2ec5000000, 0x4037},
     {0xf666666666666800, 0x4001},
     {0xafc70240585a7000, 0x4001},
     {0, 0},
     0x4000},
    {"FPREM",
     prem,
     {0xc9f2c9cd04674edf, 0xc062},
     {0xc000000000000000, 0x4000},
     {0x8ce9dbe000000000, 0xc03d},
     {0, 0},
     0x0400},
    {"FPREM1",
     prem1,
     {0x97951b766aaaa800, 0x402f},
     {0xb333333333333000, 0x3ffe},
     {0x88dac968b0270000, 0x3ffc},
     {0, 0},
     0x0100},
    {"FPREM1",
     prem1,
     {0xa000000000000000, 0x4000},
     {0x8000000000000000, 0x3fff},
     {0x8000000000000000, 0x3ffe},
     {0, 0},
     0x4000},
    {"FPREM",
     prem,
     {0x8000000000000000, 0x3fff},
     {0, 0},
     {0xc000000000000000, 0xffff},
     {0, 0},
     0x0001},
    {"F2XM1",
     f2xm1,
     {0x8000000000000000, 0x3ffe},
     {0, 0},
     {0xd413cccfe7799211, 0x3ffd},
     {0, 0},
     0x0020},
    {"F2XM1",
     f2xm1,
     {0x89705f4136b4a800, 0x3fe1},
     {0, 0},
     {0xbe87e58a68945481, 0x3fe0},
     {0, 0},
     0x0020},
    {"F2XM1",
     f2xm1,
     {0xc000000000000000, 0xbffe},
     {0, 0},
     {0xcf901f5ce48ead21, 0xbffd},
     {0, 0},
     0x0020},
    {"FYL2X",
     x87_fyl2x,
     {0xa000000000000000, 0x4002},
     {0x8000000000000000, 0x3fff},
     {0xd49a784bcd1b8afe, 0x4000},
     {0, 0},
     0x0020},
    {"FYL2X",
     x87_fyl2x,
     {0x9999999999999800, 0x3ffd},
     {0xe000000000000000, 0xc001},
     {0xc28a470b48c25996, 0x4002},
     {0, 0},
     0x0020},
    {"FYL2X",
     x87_fyl2x,
     {0, 0},
     {0x8000000000000000, 0x3fff},
     {0x8000000000000000, 0xffff},
     {0, 0},
     0x0004},
    {"FYL2X",
     x87_fyl2x,
     {0x8000000000000000, 0xbfff},
     {0x8000000000000000, 0x3fff},
     {0xc000000000000000, 0xffff},
     {0, 0},
     0x0001},
    {"FYL2XP1",
     x87_fyl2xp1,
     {0xdbe6fecebdedd800, 0x3fdd},
     {0x8000000000000000, 0x3fff},
     {0x9ea0415b6f908dbf, 0x3fde},
     {0, 0},
     0x0020},
    {"FYL2XP1",
     x87_fyl2xp1,
     {0x8000000000000000, 0xbffd},
     {0xc000000000000000, 0x4000},
     {0x9f5fd8a9063e3490, 0xbfff},
     {0, 0},
     0x0020},
    {"FPATAN",
     x87_fpatan,
     {0xc90fdaa22168c235, 0x4000},
     {0x8000000000000000, 0x3fff},
     {0x9dc8562429e8b470, 0x3ffd},
     {0, 0},
     0x0020},
    {"FPATAN",
     x87_fpatan,
     {0x8000000000000000, 0xbfff},
     {0xa7c5ac471b478800, 0x3fee},
     {0xc90fb0b0b6570164, 0x4000},
     {0, 0},
     0x0020},
    {"FPATAN", x87_fpatan, {0, 0x8000}, {0, 0}, {0xc90fdaa22168c235, 0x4000}, {0, 0}, 0x0020},
    {"FSIN",
     fsin,
     {0x8000000000000000, 0x3fff},
     {0, 0},
     {0xd76aa47848677021, 0x3ffe},
     {0, 0},
     0x0020},
    {"FSIN",
     fsin,
     {0xe35fa931a0000000, 0x4030},
     {0, 0},
     {0xdbb7b8f40de0426e, 0x3ffe},
     {0, 0},
     0x0020},
    {"FSIN",
     fsin,
     {0x8ac7230489e80000, 0x403e},
     {0, 0},
     {0x8ac7230489e80000, 0x403e},
     {0, 0},
     0x0400},
    {"FCOS",
     fcos,
     {0xb000000000000000, 0x4003},
     {0, 0},
     {0xfffd6ec6a566d010, 0xbffe},
     {0, 0},
     0x0020},
    {"FSCALE",
     x87_fscale,
     {0xc000000000000000, 0x3fff},
     {0x800c000000000000, 0xc00d},
     {0x00c0000000000000, 0},
     {0, 0},
     0},
    {"FSCALE",
     x87_fscale,
     {0xc000000000000000, 0x4000},
     {0xc966666666666666, 0x4005},
     {0xc000000000000000, 0x4064},
     {0, 0},
     0},
    {"FPTAN",
     fptan,
     {0xc90fdaa22168c183, 0x3fff},
     {0, 0},
     {0xb8594b407337cf08, 0x4036},
     {0x8000000000000000, 0x3fff},
     0x0020},
    {"FSINCOS",
     fsincos,
     {0xa000000000000000, 0xc001},
     {0, 0},
     {0xf57c0faf04c99913, 0x3ffe},
     {0x913c2b835a56ca9f, 0x3ffd},
     0x0020},
    {"FXTRACT",
     extract,
     {0xc000000000000000, 0x4004},
     {0, 0},
     {0xa000000000000000, 0x4001},
     {0xc000000000000000, 0x3fff},
     0},
    {"FXTRACT", extract, {0, 0x8000}, {0, 0}, {0x8000000000000000, 0xffff}, {0, 0x8000}, 0x0004},
    {"FXTRACT",
     extract,
     {0x0000000000000001, 0},
     {0, 0},
     {0x807a000000000000, 0xc00d},
     {0x8000000000000000, 0x3fff},
     0x0002},
};

static void check_number(const char *name, struct extended ours, struct extended theirs,
                         bool inexact) {
    const uint64_t distance = ours.significand > theirs.significand
                                  ? ours.significand - theirs.significand
                                  : theirs.significand - ours.significand;
    ck_assert_msg(ours.exponent == theirs.exponent && distance <= inexact,
                  "%s: %#llx %#x, not %#llx %#x", name, (unsigned long long)ours.significand,
                  ours.exponent, (unsigned long long)theirs.significand, theirs.exponent);
}

START_TEST(operations_give_what_a_processor_gives) {
    for (size_t i = 0; i < COUNT_OF(known_results); i++) {
        const struct known_result *known = &known_results[i];
        const struct x87_result result = known->function(known->x, known->y, DEFAULT_CONTROL);
        const bool inexact = (known->status & X87_PE) != 0;
        const unsigned compared = inexact ? ~X87_C1 : ~0u;
        check_number(known->name, result.value, known->value, inexact);
        if (known->second.exponent != 0) {
            check_number(known->name, result.second, known->second, inexact);
        }
        ck_assert_msg((result.status & compared) == known->status, "%s: status %#x, not %#x",
                      known->name, result.status, known->status);
    }
}
END_TEST

START_TEST(constants_follow_the_rounding) {
    ck_assert_uint_eq(x87_constant(2, X87_ROUND_NEAREST).significand, 0xc90fdaa22168c235);
    ck_assert_uint_eq(x87_constant(2, X87_ROUND_DOWN).significand, 0xc90fdaa22168c234);
    ck_assert_uint_eq(x87_constant(2, X87_ROUND_UP).significand, 0xc90fdaa22168c235);
    ck_assert_uint_eq(x87_constant(2, X87_ROUND_ZERO).significand, 0xc90fdaa22168c234);
    ck_assert_uint_eq(x87_constant(0, X87_ROUND_NEAREST).significand, 0xd49a784bcd1b8afe);
    ck_assert_uint_eq(x87_constant(0, X87_ROUND_UP).significand, 0xd49a784bcd1b8aff);
}
END_TEST

START_TEST(each_class_of_numbers_has_its_condition_codes) {
    static const struct {
        struct extended x;
        unsigned codes;
    } classes[] = {
        {{0x0000000100000064, 0x3fff}, 0},      // unnormal
        {{0xc000000000000000, 0x7fff}, X87_C0}, // NaN
        {{0xc000000000000000, 0xbfff}, X87_C2 | X87_C1},
        {{0x8000000000000000, 0xffff}, X87_C2 | X87_C1 | X87_C0},
        {{0, 0}, X87_C3},
        {{1, 0x8000}, X87_C3 | X87_C2 | X87_C1},
    };
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        ck_assert_uint_eq(x87_fxam(classes[i].x, false), classes[i].codes);
    }
    ck_assert_uint_eq(x87_fxam(extended_one, true), X87_C3 | X87_C0);
}
END_TEST

START_TEST(stores_that_do_not_fit_are_the_indefinite_number) {
    static const struct extended ten_to_10 = {0x9502f90000000000, 0x4020};
    static const struct extended two_to_64 = {EXTENDED_INTEGER, 0x403f};
    static const struct extended minus_two_to_63 = {EXTENDED_INTEGER, 0xc03e};
    static const struct extended minus_12_and_a_half = {0xc800000000000000, 0xc002};
    static const uint8_t minus_12[X87_BCD_SIZE] = {[0] = 0x12, [9] = 0x80};
    static const uint8_t indefinite[X87_BCD_SIZE] = {[7] = 0xc0, [8] = 0xff, [9] = 0xff};
    uint8_t digits[X87_BCD_SIZE];
    unsigned status = 0;
    ck_assert_uint_eq(x87_fisttp(minus_two_to_63, 8, &status), 0x8000000000000000);
    ck_assert_uint_eq(status, 0);
    ck_assert_uint_eq(x87_fisttp(ten_to_10, 4, &status), 0x80000000);
    ck_assert_uint_eq(status, X87_IE);
    ck_assert_uint_eq(x87_fisttp(two_to_64, 8, &status), 0x8000000000000000);
    status = 0;
    x87_fbstp(minus_12_and_a_half, DEFAULT_CONTROL, digits, &status);
    ck_assert_mem_eq(digits, minus_12, sizeof digits);
    ck_assert_uint_eq(status, X87_PE);
    x87_fbstp(two_to_64, DEFAULT_CONTROL, digits, &status);
    ck_assert_mem_eq(digits, indefinite, sizeof digits);
}
END_TEST

// --- In a guest ---

#define X87_ON "\x0f\x20\xc0\x24\xf3\x0f\x22\xc0\xdb\xe3" // CR0 without EM and TS; FNINIT
#define OPERANDS 0x300000u

static const double quotients[][2] = {
    {1e16, 3.3},  {1000000000000000.2, 0.7}, {12345678.9, 0.1}, {500000000.0, 1.1}, {1e17, 7.7},
    {100.0, 0.3}, {9.0e300, 7.0e-300},       {5.0, 3.0}};
static const uint64_t remainders[] = {0x3ff89cd5ec8be0f8, 0x3f8b871eda875080, 0x3fb999999841adf8,
                                      0x3fe333331d868ca8, 0x4015f8e0480b0b4e, 0x3fb9999999999aa4,
                                      0x01c2e10b7a5a1fc8, 0x4000000000000000};

// As a C library has it: FPREM until the remainder is no longer a partial one.
START_TEST(a_loop_of_fprem_gives_the_exact_remainder) {
    execute_start();
    put_code(X87_ON "\xdd\x43\x08"   // fld qword [rbx + 8]
                    "\xdd\x03"       // fld qword [rbx]
                    "\xd9\xf8"       // fprem
                    "\xdf\xe0"       // fnstsw ax
                    "\xf6\xc4\x04"   // test ah, 4
                    "\x75\xf7"       // jnz fprem
                    "\xdd\x5b\x10"); // fstp qword [rbx + 16]
    for (size_t i = 0; i < COUNT_OF(quotients); i++) {
        zx_vcpu_state_t state = {.rbx = OPERANDS};
        memory_write(OPERANDS, quotients[i], sizeof quotients[i]);
        run_code(&state);
        ck_assert_uint_eq(state.r10, NO_VECTOR);
        ck_assert_uint_eq(memory_u64(OPERANDS + 16), remainders[i]);
    }
}
END_TEST

// The ninth push finds no room: IE, SF, C1, and the indefinite number. FADDP of nothing underflows.
START_TEST(stack_faults_of_replaced_operations_are_recorded) {
    execute_start();
    put_code(X87_ON "\xd9\xeb\xd9\xeb\xd9\xeb\xd9\xeb\xd9\xeb\xd9\xeb\xd9\xeb\xd9\xeb\xd9\xeb"
                    "\xdf\xe0"   // fnstsw ax
                    "\xdb\x3b"); // fstp tword [rbx]
    zx_vcpu_state_t state = {.rbx = OPERANDS};
    run_code(&state);
    ck_assert_uint_eq(state.rax & 0xffff, 0x3a41);
    ck_assert_uint_eq(memory_u64(OPERANDS), extended_indefinite.significand);
    put_code(X87_ON "\xd9\xf8\xdf\xe0"); // fprem; fnstsw ax
    run_code(&state);
    ck_assert_uint_eq(state.rax & 0xffff, 0x0041);
}
END_TEST

START_TEST(an_exception_that_is_not_masked_is_raised_by_the_next_operation) {
    execute_start();
    put_code(X87_ON "\x66\xc7\x03\x7e\x03" // mov word [rbx], 0x37e: IE is not masked
                    "\xd9\x2b"             // fldcw [rbx]
                    "\x0f\x20\xc0\x83\xc8\x20\x0f\x22\xc0" // CR0.NE
                    "\xd9\xeb\xd9\xee"                     // fldpi; fldz
                    "\xd9\xc9"                             // fxch
                    "\xd9\xf8"                             // fprem: of pi by zero
                    "\xd9\xf8");
    zx_vcpu_state_t state = {.rbx = OPERANDS};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 16);
}
END_TEST

// What arithmetic raises is in the status word, until FNCLEX.
START_TEST(the_status_word_has_the_exceptions_of_arithmetic) {
    static const struct {
        const char *code; // 8 bytes; then FNSTSW AX
        uint16_t status;
    } cases[] = {
        {"\xd9\xee\xd9\xee\xde\xf9\x90\x90", 0x0001}, // fldz; fldz; fdivp
        {"\xd9\xe8\xd9\xe0\xd9\xfa\x90\x90", 0x0001}, // fld1; fchs; fsqrt
        {"\xd9\xe8\xd9\xee\xde\xf9\x90\x90", 0x0004}, // fld1; fldz; fdivp
        {"\xd9\xeb\xd8\xc8\x90\x90\x90\x90", 0x0020}, // fldpi; fmul st0, st0
        {"\xd9\xe8\xd8\xc8\x90\x90\x90\x90", 0x0000}, // fld1; fmul st0, st0
        {"\xd9\xeb\xd8\xc8\xdb\xe2\x90\x90", 0x0000}, // fldpi; fmul; fnclex
        {"\xd9\xeb\xd8\xc8\xdb\xe3\x90\x90", 0x0000}, // fldpi; fmul; fninit
    };
    execute_start();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char code[sizeof X87_ON + 10];
        memcpy(code, X87_ON, sizeof X87_ON - 1);
        memcpy(code + sizeof X87_ON - 1, cases[i].code, 8);
        memcpy(code + sizeof X87_ON + 7, "\xdf\xe0", 2);
        put_code_bytes(code, sizeof X87_ON + 9);
        zx_vcpu_state_t state = {.rbx = OPERANDS};
        run_code(&state);
        ck_assert_uint_eq(state.r10, NO_VECTOR);
        ck_assert_msg((state.rax & 0x3f) == cases[i].status, "case %zu: %#llx", i,
                      (unsigned long long)state.rax);
    }
}
END_TEST

#define X87_NE "\x0f\x20\xc0\x83\xc8\x20\x0f\x22\xc0" // CR0.NE
#define UNMASK_INVALID "\x66\xc7\x03\x7e\x03\xd9\x2b" // mov word [rbx], 0x37e; fldcw [rbx]

START_TEST(fwait_raises_what_arithmetic_left) {
    execute_start();
    put_code(X87_ON X87_NE UNMASK_INVALID "\xd9\xe8\xd9\xe0\xd9\xfa" // fld1; fchs; fsqrt
                                          "\x9b");                   // fwait
    zx_vcpu_state_t state = {.rbx = OPERANDS};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 16);
}
END_TEST

// FNSTENV masks the exceptions, FNSAVE leaves the unit as FNINIT does, and both images are loaded
// again: in 16-bit form, in 32-bit form, and with REX.W, which means nothing.
START_TEST(the_environment_is_stored_and_loaded) {
    static const char *const prefixes[] = {"\x90", "\x66", "\x48"};
    execute_start();
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        const size_t word = i == 1 ? 2 : 4;
        const char prefix = prefixes[i][0];
        const char code[] = {'\x0f', '\x20', '\xc0', '\x24', '\xf3',
                             '\x0f', '\x22', '\xc0', '\xdb', '\xe3', // fninit
                             '\xd9', '\xeb', '\xd9', '\xee',         // fldpi; fldz
                             prefix, '\xdd', '\x33',                 // fnsave [rbx]
                             prefix, '\xdd', '\x23',                 // frstor [rbx]
                             '\xd9', '\xc9',                         // fxch
                             '\xdb', '\x7b', '\x78'};                // fstp tword [rbx + 0x78]
        zx_vcpu_state_t state = {.rbx = OPERANDS};
        put_code_bytes(code, sizeof code);
        run_code(&state);
        ck_assert_uint_eq(state.r10, NO_VECTOR);
        ck_assert_uint_eq(memory_u64(OPERANDS + 0x78), 0xc90fdaa22168c235);
        ck_assert_uint_eq(memory_u64(OPERANDS) & 0xffff, 0x37f);
        ck_assert_uint_eq(memory_u64(OPERANDS + word) & 0xffff, 6u << 11);
        ck_assert_uint_eq(memory_u64(OPERANDS + 2 * word) & 0xffff, 0x1fff); // R6 zero, R7 valid
        ck_assert_uint_eq(memory_u64(OPERANDS + 7 * word + 10), 0xc90fdaa22168c235);
    }
}
END_TEST

START_TEST(operations_want_the_unit_to_be_there) {
    execute_start();
    put_code("\x0f\x20\xc0\x0c\x08\x0f\x22\xc0\xd9\xf8"); // CR0.TS; fprem
    zx_vcpu_state_t state = {.rbx = OPERANDS};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 7);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        operations_give_what_a_processor_gives,
        constants_follow_the_rounding,
        each_class_of_numbers_has_its_condition_codes,
        stores_that_do_not_fit_are_the_indefinite_number,
        a_loop_of_fprem_gives_the_exact_remainder,
        stack_faults_of_replaced_operations_are_recorded,
        an_exception_that_is_not_masked_is_raised_by_the_next_operation,
        the_status_word_has_the_exceptions_of_arithmetic,
        fwait_raises_what_arithmetic_left,
        the_environment_is_stored_and_loaded,
        operations_want_the_unit_to_be_there,
    };
    return run_tests("x87", tests, sizeof tests / sizeof tests[0]);
}
