// SPDX-License-Identifier: MIT
//
// Control registers (hypervisor ABI 4.3, 4.4, 5.9): what a guest reads and what its writes do.

#include "execute.h"

#include <zirconia/observe.h>

enum {
    NUMERIC,
    NOT_WRITE_THROUGH,
    HIGH_HALF,
    TASK_SWITCHED,
    VIRTUAL_MACHINE,
    CACHE_DISABLE,
};

START_TEST(numeric_error_shows_once_it_is_written) {
    guest_start_case("cr0_and_cr4", NUMERIC);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 0x80010011);
    ck_assert_uint_eq(read_state().rax, 0x80010031);
}
END_TEST

START_TEST(cr4_at_reset_is_zircons_less_vmxe) {
    guest_start_case("cr0_and_cr4", NUMERIC);
    enter_to_end();
    ck_assert_uint_eq(read_state().r15, 0x502a0);
}
END_TEST

START_TEST(not_write_through_without_cache_disable_faults_after_the_instruction) {
    guest_start_case("cr0_and_cr4", NOT_WRITE_THROUGH);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 13);
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(state.r9, state.rbx);
}
END_TEST

START_TEST(the_high_half_of_cr0_ends_the_run_behind_the_write) {
    guest_start_case("cr0_and_cr4", HIGH_HALF);
    enter_fails(ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(read_state().rbx, 1);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 2);
}
END_TEST

START_TEST(cache_disable_reads_as_it_was_written) {
    guest_start_case("cr0_and_cr4", CACHE_DISABLE);
    enter_to_end();
    ck_assert_uint_eq(read_state().r13, 0xe0010011);
    ck_assert_uint_eq(read_state().r12, 0x80010011);
}
END_TEST

START_TEST(the_guest_owns_task_switched) {
    guest_start_case("cr0_and_cr4", TASK_SWITCHED);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 0x80010019);
    ck_assert_uint_eq(read_state().rcx, 0x80010011);
}
END_TEST

START_TEST(vmxe_is_not_supported_and_not_skipped) {
    guest_start_case("cr0_and_cr4", VIRTUAL_MACHINE);
    enter_fails(ZX_ERR_NOT_SUPPORTED);
    enter_fails(ZX_ERR_NOT_SUPPORTED);
    ck_assert_uint_eq(read_state().r9, 0x502a0);
}
END_TEST

// SMSW and LMSW, which the library carries out itself.
START_TEST(the_machine_status_word_in_trapped_memory_is_an_access_to_the_trap) {
    static const char *const accesses[] = {"\x0f\x01\x23", "\x0f\x01\x33"}; // smsw, lmsw [rbx]
    execute_start();
    trap(ZX_GUEST_TRAP_MEM, 0x400000, 0x1000, ZX_HANDLE_INVALID, 0x77);
    for (size_t i = 0; i < 2; i++) {
        zx_vcpu_state_t state = {.rbx = 0x400ffc, .rsp = EXECUTE_STACK, .r10 = NO_VECTOR, .rax = 5};
        put_code_bytes(accesses[i], 3);
        write_state(&state);
        const zx_port_packet_t packet = enter();
        ck_assert_uint_eq(packet.key, 0x77);
        ck_assert_uint_eq(packet.guest_mem.addr, 0x400ffc);
        ck_assert_uint_eq(packet.guest_mem.instruction_size, 3);
        enter_to_end();
        ck_assert_uint_eq(read_state().r10, NO_VECTOR);
        state.rbx = 0x3fffff; // Its second byte is in the trap.
        write_state(&state);
        ck_assert_uint_eq(enter().guest_mem.addr, 0x400000);
        enter_to_end();
    }
}
END_TEST

static zirconia_exit_t seen[8];
static size_t seen_count;

static void see(void *context, const zirconia_exit_t *exit) {
    (void)context;
    if (exit->kind == ZIRCONIA_EXIT_CONTROL_REGISTER_ACCESS) {
        ck_assert_uint_lt(seen_count, 8);
        seen[seen_count++] = *exit;
    }
}

START_TEST(an_observer_is_told_of_the_register_and_the_value) {
    static const struct {
        const char *bytes;
        uint64_t number;
        uint64_t value;
    } cases[] = {
        {"\x0f\x22\xc3", 0, 0xe0010031}, // mov cr0, rbx
        {"\x0f\x20\xc1", 0, 0},          // mov rcx, cr0
        {"\x44\x0f\x22\xc0", 8, 5},      // mov cr8, rax
        {"\x0f\x22\xe2", 4, 0x102a0},    // mov cr4, rdx
        {"\x0f\x06\x90", 0, 0xe0010031}, // clts
        {"\x0f\x01\xf0", 0, 0xe0010035}, // lmsw ax
        {"\x0f\x01\xe1", 0, 0},          // smsw ecx
    };
    const size_t count = sizeof cases / sizeof cases[0];
    execute_start();
    ck_assert_int_eq(zirconia_guest_observe(guest, see, NULL), ZX_OK);
    for (size_t i = 0; i < count; i++) {
        const zx_vcpu_state_t state = {
            .rax = 5, .rbx = 0xe0010031, .rdx = 0x102a0, .rsp = EXECUTE_STACK, .r10 = NO_VECTOR};
        put_code_bytes(cases[i].bytes, cases[i].bytes[0] == 0x44 ? 4 : 3);
        write_state(&state);
        enter_to_end();
        ck_assert_uint_eq(read_state().r10, NO_VECTOR);
        ck_assert_uint_eq(seen_count, i + 1);
        ck_assert_uint_eq(seen[i].qualification[0], cases[i].number);
        ck_assert_uint_eq(seen[i].qualification[1], cases[i].value);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        numeric_error_shows_once_it_is_written,
        cr4_at_reset_is_zircons_less_vmxe,
        not_write_through_without_cache_disable_faults_after_the_instruction,
        the_high_half_of_cr0_ends_the_run_behind_the_write,
        cache_disable_reads_as_it_was_written,
        the_guest_owns_task_switched,
        vmxe_is_not_supported_and_not_skipped,
        the_machine_status_word_in_trapped_memory_is_an_access_to_the_trap,
        an_observer_is_told_of_the_register_and_the_value,
    };
    return run_tests("control registers", tests, sizeof tests / sizeof tests[0]);
}
