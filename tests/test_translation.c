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

int main(void) {
    const TTest *const tests[] = {
        locked_bit_tests_of_registers_are_invalid_opcodes,
        code_that_patches_itself_runs_what_it_wrote,
    };
    return run_tests("translation", tests, sizeof tests / sizeof tests[0]);
}
