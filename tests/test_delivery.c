// SPDX-License-Identifier: MIT
//
// Events as guests see them arrive, in each processor mode: frames, stacks, error codes, and what
// becomes of faults on the way (hypervisor ABI 5.12, 7.5).

#include "report_port.h"

#include <stdlib.h>

START_TEST(real_mode_events_go_through_the_vector_table) {
    start_real("real_events");
    EXPECT_REPORTS(0x10, 0xabcdfffc, 0, 0, 0x200, 0, 0xabcd0002);
    EXPECT_REPORTS(0, 0, 0, 0); // INT3, INTO
    EXPECT_REPORTS(0, 0, 0, 0); // #DE, #UD
    EXPECT_REPORTS(0, 0, 0x700d);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x41), ZX_OK);
    EXPECT_REPORTS(0, 0, 0, 0, 0x700e);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    guest_close();
}
END_TEST

START_TEST(protected_mode_events_change_stack_and_carry_error_codes) {
    start_real("legacy_user");
    EXPECT_REPORTS(0x40, 0, 0x2b, 2, 0x5000, 0x33, 20, 0x10, 0x08, 0x33);
    EXPECT_REPORTS(13, 0x41 * 8 + 2, 0x10002);
    EXPECT_REPORTS(11, 0x42 * 8 + 2, 0x10002);
    EXPECT_REPORTS(11, 0x58, 0x10002);
    EXPECT_REPORTS(13, 0x44 * 8 + 2, 0x10002);
    EXPECT_REPORTS(13, 0, 0x10002);
    EXPECT_REPORTS(13, 0x10, 0x10002);
    EXPECT_REPORTS(0x7f, 0x2b, 0);
    EXPECT_REPORTS(13, 0x80 * 8 + 2, 0x10002);
    EXPECT_REPORTS(3, 0x2b, 0, 4, 0x2b, 0);
    EXPECT_REPORTS(13, 0, 0x10896);
    EXPECT_REPORTS(1, 0x2b, 0);
    EXPECT_REPORTS(11, 0x58, 0x10896);
    EXPECT_REPORTS(6, 0x10896);
    guest_close();
}
END_TEST

START_TEST(sixteen_bit_gates_and_task_state_segments_work) {
    start_real("legacy_16");
    EXPECT_REPORTS(0, 0x2b, 2, 0x5000, 0x33, 0x20, 10, 0x18);
    EXPECT_REPORTS(0xabcdfffc, 0x200, 0x200, 0);
    guest_close();
}
END_TEST

START_TEST(a_conforming_handler_keeps_privilege_and_stack) {
    start_real("legacy_conforming");
    EXPECT_REPORTS(0x42, 0x3b, 0x33, 0x5000 - 12, 0x41);
    guest_close();
}
END_TEST

START_TEST(virtual_8086_events_save_and_clear_the_data_segments) {
    start_real("virtual_8086");
    EXPECT_REPORTS(0x40, 0, 0x800, 0x23202, 0x100, 0x500, 0x1111, 0x2222, 0x3333, 0x4444, 0, 0,
                   0x6000);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x41), ZX_OK);
    EXPECT_REPORTS(0x41, 0x800);
    EXPECT_REPORTS(13, 0, (uint32_t)-2, 0x800, 0x30202, 0x100, 0x500, 0x1111, 0x2222, 0x3333,
                   0x4444, 0, 0, 0x6000);
    guest_close();
}
END_TEST

START_TEST(a_task_gate_is_not_supported) {
    start_real("task_gate");
    EXPECT_REPORTS(1);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    guest_close();
}
END_TEST

START_TEST(a_second_fault_is_a_double_fault_and_a_third_ends_the_run) {
    start_real("legacy_double_fault");
    EXPECT_REPORTS(8, 0, 0);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    guest_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("delivery");
    TCase *tcase = tcase_create("delivery");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, real_mode_events_go_through_the_vector_table);
    tcase_add_test(tcase, protected_mode_events_change_stack_and_carry_error_codes);
    tcase_add_test(tcase, sixteen_bit_gates_and_task_state_segments_work);
    tcase_add_test(tcase, a_conforming_handler_keeps_privilege_and_stack);
    tcase_add_test(tcase, virtual_8086_events_save_and_clear_the_data_segments);
    tcase_add_test(tcase, a_task_gate_is_not_supported);
    tcase_add_test(tcase, a_second_fault_is_a_double_fault_and_a_third_ends_the_run);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
