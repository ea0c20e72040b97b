// SPDX-License-Identifier: MIT
//
// Interrupts and their delivery (hypervisor ABI 7).

#include "guest_fixture.h"

#include <check.h>
#include <stdlib.h>

START_TEST(an_interrupt_at_user_level_returns_there) {
    guest_start("interrupt_user");
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 32), ZX_OK);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 32);
    ck_assert_uint_eq(state.rbx & 3, 3);
    ck_assert_uint_eq(state.rdx & 3, 3);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("interrupts");
    TCase *tcase = tcase_create("delivery");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, an_interrupt_at_user_level_returns_there);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
