// SPDX-License-Identifier: MIT
//
// Events as guests see them arrive, in each processor mode: frames, stacks, error codes, and what
// becomes of faults on the way (hypervisor ABI 5.12, 7.5).

#include "report_port.h"

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

START_TEST(a_big_stack_in_real_mode_has_a_pointer_of_32_bits) {
    start_real("real_big_stack");
    EXPECT_REPORTS(0x207000 - 6, 1, 0x207000, 0x207000);
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

START_TEST(delivery_marks_the_descriptors_that_it_loads_as_accessed) {
    start_real("legacy_accessed");
    EXPECT_REPORTS(0x9b, 0x93);
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

START_TEST(a_task_gate_leads_to_a_task_that_can_be_switched_to) {
    start_real("task_gate");
    EXPECT_REPORTS(1);
    EXPECT_REPORTS(13, 0x40, 13, 8, 13, 0, 13, 0x4c, 13, 0xff8, 11, 0x48, 10, 0x48);
    EXPECT_REPORTS(10, 0x48, 13, 0x40); // JMP
    EXPECT_REPORTS(2);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x40), ZX_OK);
    EXPECT_REPORTS(13, 0x41); // With the bit that says that it came from outside.
    expect_status(ZX_ERR_NOT_SUPPORTED);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x41), ZX_OK);
    EXPECT_REPORTS(3);
    guest_close();
}
END_TEST

START_TEST(a_far_transfer_that_switches_tasks_is_not_supported) {
    start_real("task_switch");
    EXPECT_REPORTS(1, 2, 3);
    EXPECT_REPORTS(13, 0x40, 13, 0xff8, 13, 0x48, 13, 0x48);
    for (int i = 0; i < 7; i++) {
        if (i == 5) {
            EXPECT_REPORTS(10, 0x48);
        }
        expect_status(ZX_ERR_NOT_SUPPORTED);
        expect_status(ZX_ERR_NOT_SUPPORTED);
        ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x41), ZX_OK);
    }
    EXPECT_REPORTS(4);
    guest_close();
}
END_TEST

START_TEST(a_blocked_non_maskable_interrupt_waits_for_the_return_in_protected_mode_too) {
    start_real("legacy_nmi");
    EXPECT_REPORTS(1);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 2), ZX_OK);
    EXPECT_REPORTS(2);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 2), ZX_OK);
    EXPECT_REPORTS(3, 2, 3);
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

START_TEST(long_mode_events_choose_stacks_check_gates_and_report_faults) {
    const uint32_t user_cs = 0x2b;
    const uint32_t user_ss = 0x23;
#define FROM_USER user_cs, user_ss, 0x90000
#define BY_IST user_cs, user_ss, 0xa0000
    start_long("long_events");
    EXPECT_REPORTS(0x40, 8, 0, 0x7fff0);
    EXPECT_REPORTS(0x41, 8, 0, 0xa0000);
    EXPECT_REPORTS(0x40, FROM_USER);
    EXPECT_REPORTS(13, 0x42 * 8 + 2, FROM_USER);
    EXPECT_REPORTS(0x42, 8, 0, 0x80000);
    EXPECT_REPORTS(11, 0x43 * 8 + 2, FROM_USER);
    EXPECT_REPORTS(13, 0x44 * 8 + 2, FROM_USER);
    EXPECT_REPORTS(13, 0x45 * 8 + 2, FROM_USER);
    EXPECT_REPORTS(13, 0, FROM_USER);
    EXPECT_REPORTS(13, 0x18, FROM_USER);
    EXPECT_REPORTS(13, 0x10, FROM_USER);
    EXPECT_REPORTS(13, 0xff8, FROM_USER);
    EXPECT_REPORTS(13, 0, FROM_USER);
    EXPECT_REPORTS(3, FROM_USER);
    EXPECT_REPORTS(1, FROM_USER);
    EXPECT_REPORTS(13, 0, FROM_USER);
    EXPECT_REPORTS(12, 0, BY_IST);
    EXPECT_REPORTS(14, 2, BY_IST, 0x40000ff8);
    EXPECT_REPORTS(14, 0xb, BY_IST);
    EXPECT_REPORTS(14, 3, BY_IST);
    EXPECT_REPORTS(10, 0x30, FROM_USER);
    EXPECT_REPORTS(0x40, 0x1b, user_ss, 0x90000);
    EXPECT_REPORTS(6, 8, 0, 0x80000);
    EXPECT_REPORTS(8, 0, FROM_USER, 0xfffe);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    guest_close();
}
END_TEST

START_TEST(single_steps_trap_after_each_instruction_and_give_way_to_interrupts) {
    const uint32_t user = 0x302;
    const uint32_t kernel = 0x346;
    start_long("step");
    EXPECT_REPORTS(1, 1, 0x4000, user, 1, 6, 0x4000, user);
    EXPECT_REPORTS(1, 9, 0x4000, user); // No #DB comes behind CPUID, which is an exit.
    EXPECT_REPORTS(0x40, 0xb, 0, user, 1, 0xc, 0x4000, user);
    EXPECT_REPORTS(1, 0xf, 0x4000, user, 1, 0x13, 0x4000, user);
    EXPECT_REPORTS(0);
    EXPECT_REPORTS(1, 0x33, 0x4000, kernel, 1, 0x37, 0x4000, kernel);
    EXPECT_REPORTS(1, 0x3b, 0x4000, kernel, 1, 0x3f, 0x4000, kernel);
    EXPECT_REPORTS(1, 0x44, 0x4000, kernel);
    EXPECT_REPORTS(kernel);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x50), ZX_OK);
    EXPECT_REPORTS(0x50, 0x46, 0, kernel, 1, 0x47, 0x4000, kernel);
    guest_close();
}
END_TEST

START_TEST(a_blocked_non_maskable_interrupt_comes_straight_behind_the_return) {
    start_long("nmi_return");
    EXPECT_REPORTS(0x700d);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 2), ZX_OK);
        EXPECT_REPORTS(1, 0x700d);
    }
    guest_close();
}
END_TEST

START_TEST(system_calls_change_privilege_and_mode) {
    start_long("system_calls");
    EXPECT_REPORTS(13, 0, 0x2b, 0x60000, 0x23);
    EXPECT_REPORTS(8, 0x10, 0x50000, 0);        // SYSENTER from 64-bit code
    EXPECT_REPORTS(13, 0, 0x2b, 0x61000, 0x33); // SYSEXIT led to CPL 3, which may not use it.
    EXPECT_REPORTS(8, 0x10, 2, 0x200, 0);       // SYSCALL
    EXPECT_REPORTS(0x40, 0x2b, 0x60000, 0x23);  // SYSRET
    EXPECT_REPORTS(8, 0x10, 0x50000, 0);        // SYSENTER from compatibility mode
    EXPECT_REPORTS(0x41, 0x1b, 0x61000, 0x23);  // SYSEXIT back to it
    EXPECT_REPORTS(6, 0x1b, 0x60000, 0x23);
    EXPECT_REPORTS(6, 8, 0x80000, 0);
    EXPECT_REPORTS(13, 0, 8, 0x80000, 0, 0xfffe);
    guest_close();
}
END_TEST

START_TEST(sysenter_works_in_protected_mode) {
    start_real("legacy_sysenter");
    EXPECT_REPORTS(8, 0x10, 0x4000);
    EXPECT_REPORTS(0x40, 0x1b, 0x5800, 0x23);
    guest_close();
}
END_TEST

START_TEST(smap_keeps_delivery_from_tables_on_user_pages_whatever_ac_says) {
    start_long("smap");
    EXPECT_REPORTS(0x600dbeef);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    guest_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        real_mode_events_go_through_the_vector_table,
        a_big_stack_in_real_mode_has_a_pointer_of_32_bits,
        protected_mode_events_change_stack_and_carry_error_codes,
        sixteen_bit_gates_and_task_state_segments_work,
        delivery_marks_the_descriptors_that_it_loads_as_accessed,
        a_conforming_handler_keeps_privilege_and_stack,
        virtual_8086_events_save_and_clear_the_data_segments,
        a_task_gate_leads_to_a_task_that_can_be_switched_to,
        a_far_transfer_that_switches_tasks_is_not_supported,
        a_blocked_non_maskable_interrupt_waits_for_the_return_in_protected_mode_too,
        a_second_fault_is_a_double_fault_and_a_third_ends_the_run,
        long_mode_events_choose_stacks_check_gates_and_report_faults,
        single_steps_trap_after_each_instruction_and_give_way_to_interrupts,
        a_blocked_non_maskable_interrupt_comes_straight_behind_the_return,
        system_calls_change_privilege_and_mode,
        sysenter_works_in_protected_mode,
        smap_keeps_delivery_from_tables_on_user_pages_whatever_ac_says,
    };
    return run_tests("delivery", tests, sizeof tests / sizeof tests[0]);
}
