// SPDX-License-Identifier: MIT
//
// The guest's own exceptions and software interrupts go through its IDT without an exit (hypervisor
// ABI 5.12), with the frames that Intel's manual gives them (volume 3A, chapter 6).

#include "guest_fixture.h"

#define NOWHERE 0x40000000u
#define STACK_0 0x80000u
#define STACK_TSS 0x90000u
#define STACK_IST 0xa0000u
#define FRAME_SIZE 40u

// The cases of guests/exceptions.asm.
enum {
    DIVIDE,
    BREAKPOINT,
    OVERFLOW_64,
    UNDEFINED,
    SELECTOR,
    NOT_CANONICAL,
    STACK_NOT_CANONICAL,
    DEVICE_NOT_AVAILABLE,
    PAGE_READ,
    PAGE_WRITE,
    PAGE_READ_USER,
    PAGE_WRITE_USER,
    PAGE_USER_SUPERVISOR,
    INT_USER,
    INT_USER_REFUSED,
    INT_NOT_PRESENT,
    INT_SUPERVISOR,
    DIVIDE_USER,
    OVERFLOW_COMPATIBILITY,
    HALT_USER,
    BREAKPOINT_CPUID,
    TWO_FAULTS,
    RESUMED_INTERRUPT,
    RESUMED_FAULT,
};

static zx_vcpu_state_t event(uint64_t which, uint64_t vector, uint64_t error_code) {
    guest_start_case("exceptions", which);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, vector);
    ck_assert_uint_eq(state.r8, error_code);
    ck_assert_uint_eq(state.r9, state.rbx);
    return state;
}

static void supervisor_event(uint64_t which, uint64_t vector, uint64_t error_code) {
    const zx_vcpu_state_t state = event(which, vector, error_code);
    ck_assert_uint_eq(state.r10, 0x08);
    ck_assert_uint_eq(state.r12, STACK_0);
    ck_assert_uint_eq(state.rdi & 0xf, (STACK_0 - FRAME_SIZE) & 0xf);
    ck_assert_uint_lt(state.rdi, STACK_0);
}

static zx_vcpu_state_t user_event(uint64_t which, uint64_t vector, uint64_t error_code) {
    const zx_vcpu_state_t state = event(which, vector, error_code);
    ck_assert_uint_eq(state.r10 & 3, 3);
    ck_assert_uint_eq(state.r13, 0x23);
    ck_assert_uint_eq(state.rdi, STACK_TSS - FRAME_SIZE);
    return state;
}

START_TEST(a_division_by_zero_is_a_divide_error) {
    supervisor_event(DIVIDE, 0, NO_ERROR_CODE);
}
END_TEST

START_TEST(int3_is_a_breakpoint_that_returns_to_the_next_instruction) {
    supervisor_event(BREAKPOINT, 3, NO_ERROR_CODE);
    enter_to_end();
}
END_TEST

START_TEST(into_is_an_invalid_opcode_in_64_bit_code) {
    supervisor_event(OVERFLOW_64, 6, NO_ERROR_CODE);
}
END_TEST

START_TEST(into_is_an_overflow_in_compatibility_mode) {
    const zx_vcpu_state_t state = user_event(OVERFLOW_COMPATIBILITY, 4, NO_ERROR_CODE);
    ck_assert_uint_eq(state.r10, 0x1b);
}
END_TEST

START_TEST(ud2_is_an_invalid_opcode) {
    supervisor_event(UNDEFINED, 6, NO_ERROR_CODE);
}
END_TEST

START_TEST(a_selector_beyond_the_table_is_a_general_protection_fault_with_the_selector) {
    supervisor_event(SELECTOR, 13, 0x1000);
}
END_TEST

START_TEST(an_address_that_is_not_canonical_is_a_general_protection_fault) {
    supervisor_event(NOT_CANONICAL, 13, 0);
}
END_TEST

START_TEST(a_floating_point_instruction_after_a_task_switch_is_device_not_available) {
    supervisor_event(DEVICE_NOT_AVAILABLE, 7, NO_ERROR_CODE);
}
END_TEST

START_TEST(a_page_fault_tells_its_address_and_kind) {
    static const struct {
        uint64_t which, error_code;
    } faults[] = {{PAGE_READ, 0},
                  {PAGE_WRITE, 2},
                  {PAGE_READ_USER, 4},
                  {PAGE_WRITE_USER, 6},
                  {PAGE_USER_SUPERVISOR, 5}};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const zx_vcpu_state_t state = event(faults[i].which, 14, faults[i].error_code);
        ck_assert_uint_eq(state.r14, NOWHERE + 0x123);
        ck_assert_uint_eq(state.r10 & 3, (faults[i].error_code & 4) != 0 ? 3 : 0);
        guest_close();
    }
}
END_TEST

START_TEST(a_page_fault_straight_after_another_is_no_double_fault) {
    const uint8_t skip = 1;
    guest_start_case("exceptions", TWO_FAULTS);
    memory_write(0x5f000, &skip, sizeof skip);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 14);
    ck_assert_uint_eq(read_state().r14, NOWHERE);
    const zx_vcpu_state_t state = enter_to_event(14, 0, read_state().rbx);
    ck_assert_uint_eq(state.r14, NOWHERE + 0x200000);
    ck_assert_uint_eq(state.r12, STACK_0);
    enter_to_end();
}
END_TEST

START_TEST(a_fault_that_is_not_mended_comes_again) {
    supervisor_event(PAGE_READ, 14, 0);
    enter_to_event(14, 0, read_state().rbx);
    enter_to_event(14, 0, read_state().rbx);
}
END_TEST

START_TEST(a_software_interrupt_needs_a_gate_of_its_privilege) {
    user_event(INT_USER, 0x90, NO_ERROR_CODE);
    enter_to_end(); // The return of the handler.
    guest_close();
    user_event(INT_USER_REFUSED, 13, 0x90 * 8 + 2);
    guest_close();
    supervisor_event(INT_SUPERVISOR, 0x90, NO_ERROR_CODE);
}
END_TEST

START_TEST(a_software_interrupt_needs_a_gate_that_is_present) {
    supervisor_event(INT_NOT_PRESENT, 11, 0x90 * 8 + 2);
}
END_TEST

START_TEST(an_instruction_that_was_carried_out_has_used_up_the_resume_flag) {
    ck_assert_uint_eq(event(RESUMED_INTERRUPT, 0x90, NO_ERROR_CODE).r11, 2);
    guest_close();
    ck_assert_uint_eq(event(RESUMED_FAULT, 0, NO_ERROR_CODE).r11 & 0x10000, 0x10000);
}
END_TEST

START_TEST(a_fault_of_user_code_arrives_on_the_supervisors_stack) {
    user_event(DIVIDE_USER, 0, NO_ERROR_CODE);
}
END_TEST

START_TEST(halt_of_user_code_is_a_general_protection_fault) {
    user_event(HALT_USER, 13, 0);
}
END_TEST

START_TEST(an_exit_straight_after_an_exception_is_an_exit) {
    supervisor_event(BREAKPOINT_CPUID, 3, NO_ERROR_CODE);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 0x40000001);
    ck_assert_uint_eq(read_state().rbx, 0x4b4d564b);
}
END_TEST

// --- Faults in delivery: the cases of guests/double_fault.asm ---

enum { CONTRIBUTORY, STACK, PAGE, BENIGN, NO_HANDLER, NO_TABLES };

static void double_fault(uint64_t which) {
    guest_start_case("double_fault", which);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 8);
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(state.rdi, STACK_IST - FRAME_SIZE);
}

START_TEST(two_contributory_exceptions_are_a_double_fault) {
    double_fault(CONTRIBUTORY);
}
END_TEST

START_TEST(a_page_fault_without_a_stack_is_a_double_fault_on_its_own) {
    double_fault(STACK);
    ck_assert_uint_eq(read_state().r14, NOWHERE + 0xff8); // CR2 is the second fault's.
}
END_TEST

START_TEST(a_page_fault_in_the_delivery_of_a_divide_error_is_a_page_fault) {
    guest_start_case("double_fault", PAGE);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 14);
    ck_assert_uint_eq(state.r8, 2);
    ck_assert_uint_eq(state.r9, state.rbx);
    ck_assert_uint_eq(state.r14 & ~0xfffull, NOWHERE);
    ck_assert_uint_eq(state.rdi, STACK_IST - FRAME_SIZE);
}
END_TEST

START_TEST(an_exception_without_a_gate_is_a_general_protection_fault) {
    guest_start_case("double_fault", BENIGN);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 13);
    ck_assert_uint_eq(state.r8, 6 * 8 + 3); // From the IDT, and external to the program.
    ck_assert_uint_eq(state.r9, state.rbx);
}
END_TEST

static void triple_fault(uint64_t which) {
    guest_start_case("double_fault", which);
    enter_fails(ZX_ERR_NOT_SUPPORTED);
    const zx_vcpu_state_t state = read_state();
    enter_fails(ZX_ERR_NOT_SUPPORTED);
    const zx_vcpu_state_t again = read_state();
    ck_assert_mem_eq(&again, &state, sizeof state);
    ck_assert_uint_eq(state.rsp, STACK_0);
    ck_assert_uint_ne(state.rbx, 0);
}

START_TEST(a_double_fault_without_a_handler_ends_the_run) {
    triple_fault(NO_HANDLER);
}
END_TEST

START_TEST(an_exception_without_an_idt_ends_the_run) {
    triple_fault(NO_TABLES);
}
END_TEST

START_TEST(a_stack_that_is_not_canonical_is_a_stack_fault) {
    const zx_vcpu_state_t state = event(STACK_NOT_CANONICAL, 12, 0);
    ck_assert_uint_eq(state.r12, 1ull << 63);
    ck_assert_uint_eq(state.rdi, STACK_IST - FRAME_SIZE);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_division_by_zero_is_a_divide_error,
        int3_is_a_breakpoint_that_returns_to_the_next_instruction,
        into_is_an_invalid_opcode_in_64_bit_code,
        into_is_an_overflow_in_compatibility_mode,
        ud2_is_an_invalid_opcode,
        a_selector_beyond_the_table_is_a_general_protection_fault_with_the_selector,
        an_address_that_is_not_canonical_is_a_general_protection_fault,
        a_floating_point_instruction_after_a_task_switch_is_device_not_available,
        a_page_fault_tells_its_address_and_kind,
        a_page_fault_straight_after_another_is_no_double_fault,
        a_fault_that_is_not_mended_comes_again,
        a_software_interrupt_needs_a_gate_of_its_privilege,
        a_software_interrupt_needs_a_gate_that_is_present,
        an_instruction_that_was_carried_out_has_used_up_the_resume_flag,
        a_fault_of_user_code_arrives_on_the_supervisors_stack,
        halt_of_user_code_is_a_general_protection_fault,
        an_exit_straight_after_an_exception_is_an_exit,
        two_contributory_exceptions_are_a_double_fault,
        a_page_fault_without_a_stack_is_a_double_fault_on_its_own,
        a_page_fault_in_the_delivery_of_a_divide_error_is_a_page_fault,
        an_exception_without_a_gate_is_a_general_protection_fault,
        a_double_fault_without_a_handler_ends_the_run,
        an_exception_without_an_idt_ends_the_run,
        a_stack_that_is_not_canonical_is_a_stack_fault,
    };
    return run_tests("exceptions", tests, sizeof tests / sizeof tests[0]);
}
