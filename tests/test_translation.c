// SPDX-License-Identifier: MIT
//
// Code that Unicorn alone would translate wrongly, or would not survive.

#include "guest_fixture.h"

#include <check.h>

START_TEST(locked_bit_tests_of_registers_are_invalid_opcodes) {
    guest_start("locked_bit_test");
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rbx, 5);
    ck_assert_uint_eq(state.rcx, 0xf9);
}
END_TEST

START_TEST(code_that_patches_itself_runs_what_it_wrote) {
    guest_start("patch_itself");
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 10000u * 10001u / 2);
}
END_TEST

START_TEST(straight_code_may_keep_more_values_than_the_translator_has_room_for) {
    guest_start("long_block");
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rbx, 500);
    ck_assert_uint_eq(state.rcx, 500u * 0x46); // ZF, PF and the bit that is always set.
    ck_assert_uint_eq(state.rdx, 0x15f4d65du);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        locked_bit_tests_of_registers_are_invalid_opcodes,
        code_that_patches_itself_runs_what_it_wrote,
        straight_code_may_keep_more_values_than_the_translator_has_room_for,
    };
    return run_tests("translation", tests, sizeof tests / sizeof tests[0]);
}
