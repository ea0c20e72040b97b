// SPDX-License-Identifier: MIT
//
// The register stack of the x87 unit under the instructions that the engine executes: overflow,
// underflow and waiting exceptions, wherever in a block of code they come and however often it has
// run without one, and what MMX instructions do to the stack (SDM volume 1, sections 8.5.1.1 and
// 9.6.2).

#include "execute.h"

#define OPERANDS 0x30000u

#define X87_ON "\x0f\x20\xc0\x24\xf3\x0f\x22\xc0\xdb\xe3" // CR0 without EM and TS; FNINIT
#define X87_NE "\x0f\x20\xc0\x83\xc8\x20\x0f\x22\xc0"     // CR0.NE
#define UNMASK_INVALID "\x66\xc7\x03\x7e\x03\xd9\x2b"     // mov word [rbx], 0x37e; fldcw [rbx]
#define FLD1 "\xd9\xe8"
#define POP "\xdd\xd8" // fstp st0
#define FNSTSW "\xdf\xe0"
#define FNSAVE "\xdd\x33" // [rbx]
#define FNSAVE_ENVIRONMENT 28u

#define MOV_ECX "\xb9" // Four bytes follow.
#define DEC_ECX "\xff\xc9"
#define JNZ "\x75"

struct sequence {
    const char *text;
    const char *code;
    size_t size;
    uint16_t status;
};

#define SEQUENCE(text, code, status)                                                               \
    { text, X87_ON code FNSTSW, sizeof(X87_ON code FNSTSW) - 1, status }

// All at one address, one after the other.
static const struct sequence sequences[] = {
    SEQUENCE("nine in a row", FLD1 FLD1 FLD1 FLD1 FLD1 FLD1 FLD1 FLD1 FLD1, 0x3a41),
    SEQUENCE("eight", FLD1 FLD1 FLD1 FLD1 FLD1 FLD1 FLD1 FLD1, 0x0000),
    SEQUENCE("nine times round", MOV_ECX "\x09\0\0\0" FLD1 DEC_ECX JNZ "\xfa", 0x3a41),
    SEQUENCE("eight times round", MOV_ECX "\x08\0\0\0" FLD1 DEC_ECX JNZ "\xfa", 0x0000),
    SEQUENCE("the fourth pop of three",
             FLD1 FLD1 FLD1 MOV_ECX "\x04\0\0\0\x90" POP DEC_ECX JNZ "\xf9", 0x0841),
    SEQUENCE("the third pop of three",
             FLD1 FLD1 FLD1 MOV_ECX "\x03\0\0\0\x90" POP DEC_ECX JNZ "\xf9", 0x0000),
    SEQUENCE("in the middle", MOV_ECX "\x03\0\0\0\xdb\xe3" FLD1 POP POP DEC_ECX JNZ "\xf4", 0x0841),
    SEQUENCE("a sum of nothing", "\xd8\xc1", 0x0041),
    SEQUENCE("a comparison with nothing", FLD1 "\xd8\xd1", 0x3841 | 0x4500),
    SEQUENCE("an exchange with nothing", FLD1 "\xd9\xc9", 0x3841),
    SEQUENCE("a freed register", FLD1 "\xdd\xc0\xd9\xe1", 0x3841),               // ffree st0; fabs
    SEQUENCE("another top", FLD1 "\xd9\xf7\xd9\xe1", 0x0041),                    // fincstp; fabs
    SEQUENCE("a store puts a register in use", FLD1 "\xdd\xd2\xd9\xc2", 0x3000), // fst, fld st2
};

enum { SEQUENCES = sizeof sequences / sizeof sequences[0] };

START_TEST(a_stack_fault_is_recorded_wherever_it_comes) {
    execute_start();
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < SEQUENCES; i++) {
            zx_vcpu_state_t state = {.rbx = OPERANDS};
            put_code_bytes(sequences[i].code, sequences[i].size);
            run_code(&state);
            ck_assert_uint_eq(state.r10, NO_VECTOR);
            ck_assert_msg((state.rax & 0xffff) == sequences[i].status, "%s: %#llx",
                          sequences[i].text, (unsigned long long)state.rax & 0xffff);
        }
    }
    guest_close();
}
END_TEST

static uint64_t stored(const char *code, size_t size) {
    const uint64_t before = 0x5555555555555555;
    zx_vcpu_state_t state = {.rbx = OPERANDS};
    memory_write(OPERANDS, &before, sizeof before);
    put_code_bytes(code, size);
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    return memory_u64(OPERANDS);
}

#define STORED(code) stored(X87_ON code, sizeof(X87_ON code) - 1)

START_TEST(a_store_of_nothing_stores_the_indefinite_number) {
    execute_start();
    ck_assert_uint_eq(STORED("\xd9\x1b"), 0x55555555ffc00000);
    ck_assert_uint_eq(STORED("\xdd\x1b"), 0xfff8000000000000);
    ck_assert_uint_eq(STORED("\xdb\x3b"), 0xc000000000000000);
    ck_assert_uint_eq(STORED("\xdf\x1b"), 0x5555555555558000);
    ck_assert_uint_eq(STORED("\xdb\x1b"), 0x5555555580000000);
    ck_assert_uint_eq(STORED("\xdf\x3b"), 0x8000000000000000);
    ck_assert_uint_eq(STORED(X87_NE "\xd9\x2b"), 0x5555555555555555); // fldcw: no fault
    guest_close();
}
END_TEST

// `at` is where the instruction is that raises it.
static void expect_x87_fault(const char *code, size_t size, size_t at) {
    zx_vcpu_state_t state = {.rbx = OPERANDS};
    put_code_bytes(code, size);
    run_code(&state);
    ck_assert_uint_eq(state.r10, 16);
    ck_assert_uint_eq(state.r8, EXECUTE_SLOT + at);
}

#define EXPECT_X87_FAULT(before, after)                                                            \
    expect_x87_fault(X87_ON X87_NE before after, sizeof(X87_ON X87_NE before after) - 1,           \
                     sizeof(X87_ON X87_NE before) - 1)
#define LOAD_PENDING                                                                               \
    "\xd9\x33\x66\xc7\x03\x40\x03\x66\xc7\x43\x04\x81\0\xd9\x23" // IE, ES, and IE not masked

START_TEST(what_waits_is_raised_by_the_next_instruction_that_waits) {
    execute_start();
    EXPECT_X87_FAULT(UNMASK_INVALID POP, FLD1);
    EXPECT_X87_FAULT(UNMASK_INVALID POP "\x90\xd9\x7b\x10", FLD1); // fnstcw [rbx + 16] does not
    EXPECT_X87_FAULT(LOAD_PENDING, FLD1);
    EXPECT_X87_FAULT(LOAD_PENDING "\x90\x90", "\xd9\xf6"); // fdecstp
    EXPECT_X87_FAULT(LOAD_PENDING, "\x0f\x6e\xc0");        // movd mm0, eax
    EXPECT_X87_FAULT(LOAD_PENDING, "\x0f\x77");            // emms
    guest_close();
}
END_TEST

START_TEST(a_fault_that_is_not_masked_keeps_the_operands) {
    execute_start();
    put_code(X87_ON UNMASK_INVALID POP FNSAVE);
    zx_vcpu_state_t state = {.rbx = OPERANDS};
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    ck_assert_uint_eq(memory_u64(OPERANDS + 4) & 0xffff, 0x80c1); // TOP is 0 still.
    guest_close();
}
END_TEST

START_TEST(without_the_unit_there_is_no_stack_fault) {
    execute_start();
    put_code(X87_ON "\x0f\x20\xc0\x0c\x08\x0f\x22\xc0" POP); // CR0.TS
    zx_vcpu_state_t state = {.rbx = OPERANDS};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 7);
    guest_close();
}
END_TEST

// --- MMX ---

static uint16_t exponent_saved(unsigned index) {
    return (uint16_t)memory_u64(OPERANDS + FNSAVE_ENVIRONMENT + 10 * index + 8);
}

START_TEST(a_register_that_mmx_writes_has_an_exponent_of_ones) {
    execute_start();
    // movd mm0, eax; movq mm1, mm0; pabsb mm2, mm1
    put_code(X87_ON FLD1 "\x0f\x6e\xc0\x0f\x6f\xc8\x0f\x38\x1c\xd1" FNSAVE);
    zx_vcpu_state_t state = {.rbx = OPERANDS};
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    ck_assert_uint_eq(memory_u64(OPERANDS + 4) & 0x3800, 0); // TOP
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(exponent_saved(i), 0xffff);
    }
    ck_assert_uint_eq(exponent_saved(7), 0x3fff);
    put_code(X87_ON FLD1 "\x0f\x38\x1c\xd1" FNSAVE); // The instruction alone.
    run_code(&state);
    ck_assert_uint_eq(memory_u64(OPERANDS + 4) & 0x3800, 0);
    ck_assert_uint_eq(exponent_saved(2), 0xffff);
    guest_close();
}
END_TEST

START_TEST(mmx_does_not_reach_back_to_a_store_before_it) {
    execute_start();
    // Twice: fld1; fstp tword [rbx]; movd mm7, eax; emms
    put_code(X87_ON MOV_ECX "\x02\0\0\0" FLD1 "\xdb\x3b\x0f\x6e\xf8\x0f\x77" DEC_ECX JNZ "\xf3");
    zx_vcpu_state_t state = {.rbx = OPERANDS};
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    ck_assert_uint_eq(memory_u64(OPERANDS), 1ull << 63);
    ck_assert_uint_eq(memory_u64(OPERANDS + 8) & 0xffff, 0x3fff);
    guest_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_stack_fault_is_recorded_wherever_it_comes,
        a_store_of_nothing_stores_the_indefinite_number,
        what_waits_is_raised_by_the_next_instruction_that_waits,
        a_fault_that_is_not_masked_keeps_the_operands,
        without_the_unit_there_is_no_stack_fault,
        a_register_that_mmx_writes_has_an_exponent_of_ones,
        mmx_does_not_reach_back_to_a_store_before_it,
    };
    return run_tests("x87 stack", tests, sizeof tests / sizeof tests[0]);
}
