// SPDX-License-Identifier: MIT
//
// Code of other privilege and size, and registers beyond the general ones, across run calls
// (hypervisor ABI 11.2: SYSCALL and SYSRET, compatibility mode, extended registers).

#include "guest_fixture.h"

enum { SYSCALL_ENABLED, SYSCALL_DISABLED };

#define RFLAGS_IF 0x200u
#define RFLAGS_CF 1u

START_TEST(syscall_enters_the_supervisor_and_sysret_returns) {
    guest_start_case("syscall", SYSCALL_ENABLED);
    enter_to_end();
    zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.r8, 0x08);
    ck_assert_uint_eq(state.r9, 0x10);
    ck_assert_uint_eq(state.rcx, state.rdx);
    ck_assert_uint_eq(state.r11 & (RFLAGS_IF | RFLAGS_CF), RFLAGS_IF | RFLAGS_CF);
    ck_assert_uint_eq(state.r10 & (RFLAGS_IF | RFLAGS_CF), 0); // SFMASK.
    ck_assert_uint_eq(state.rbx, 0);
    enter_to_end();
    state = read_state();
    ck_assert_uint_eq(state.rbx, 1);
    ck_assert_uint_eq(state.r12, 0x2b);
    ck_assert_uint_eq(state.r13, 0x23);
    ck_assert_uint_eq(state.r14 & (RFLAGS_IF | RFLAGS_CF), RFLAGS_IF | RFLAGS_CF);
}
END_TEST

START_TEST(syscall_is_an_invalid_opcode_when_it_is_off) {
    guest_start_case("syscall", SYSCALL_DISABLED);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 6);
    ck_assert_uint_eq(state.r9, state.r15);
}
END_TEST

#define RFLAGS_RF 0x10000u
#define RFLAGS_VM 0x20000u

static zx_vcpu_state_t before_sysret(void) {
    guest_start_case("syscall", SYSCALL_ENABLED);
    enter_to_end();
    return read_state();
}

static zx_vcpu_state_t sysret(const zx_vcpu_state_t *state) {
    write_state(state);
    enter_to_end();
    return read_state();
}

START_TEST(sysret_restores_neither_rf_nor_vm) {
    zx_vcpu_state_t state = before_sysret();
    state.r11 |= RFLAGS_RF | RFLAGS_VM | 1ull << 40;
    state = sysret(&state);
    ck_assert_uint_eq(state.rbx, 1);
    ck_assert_uint_eq(state.r12, 0x2b);
    ck_assert_uint_eq(state.r14 & (RFLAGS_VM | RFLAGS_IF), RFLAGS_IF);
}
END_TEST

START_TEST(sysret_to_an_address_that_is_not_canonical_faults_before_it_leaves_cpl_0) {
    zx_vcpu_state_t state = before_sysret();
    state.rcx = 1ull << 47;
    state = sysret(&state);
    ck_assert_uint_eq(state.rax, 13);
    ck_assert_uint_eq(state.rbx, 0);
    ck_assert_uint_eq(state.r10, 8); // CS.
}
END_TEST

START_TEST(sysret_with_32_bits_returns_to_compatibility_mode) {
    zx_vcpu_state_t state = before_sysret();
    state.rbp = 32;
    state = sysret(&state);
    ck_assert_uint_eq(state.rbx, 2);
    ck_assert_uint_eq(state.rbp, 0x1b);
    ck_assert_uint_eq(state.rsi, 0x23);
}
END_TEST

enum { BITS_32, BITS_16 };

START_TEST(compatibility_mode_traps_with_operands_of_32_bits) {
    guest_start_case("compatibility", BITS_32);
    zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.guest_mem.addr, EXIT_PAGE);
    ck_assert_uint_eq(packet.guest_mem.default_operand_size, 4);
    ck_assert_uint_eq(packet.guest_mem.instruction_size, 10);
    ck_assert_uint_eq(read_state().rbx, 1);
    ck_assert_uint_eq(read_state().rcx, 2);
    const uint64_t rip = packet.guest_mem.rip;
    packet = enter();
    ck_assert_uint_eq(packet.guest_mem.rip, rip + 15);
    ck_assert_uint_eq(packet.guest_mem.instruction_size, 5);
    ck_assert_uint_eq(read_state().rbx, 3);
}
END_TEST

START_TEST(compatibility_mode_traps_with_operands_of_16_bits) {
    guest_start_case("compatibility", BITS_16);
    const zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.guest_mem.addr, EXIT_PAGE);
    ck_assert_uint_eq(packet.guest_mem.default_operand_size, 2);
    ck_assert_uint_eq(packet.guest_mem.instruction_size, 9);
    ck_assert_uint_eq(read_state().rbx & 0xffff, 1);
    ck_assert_uint_eq(read_state().rcx & 0xffff, 2);
}
END_TEST

START_TEST(xmm0_survives_the_boundary_of_a_run_call) {
    static const uint64_t value[] = {0x89abcdef01234567, 0x76543210fedcba98};
    guest_start("xmm");
    memory_write(0x50000, value, sizeof value);
    for (uint64_t copy = 0x50010; copy <= 0x50020; copy += 0x10) {
        enter_to_end();
        ck_assert_uint_eq(memory_u64(copy), 0);
        enter_to_end();
        ck_assert_uint_eq(memory_u64(copy), value[0]);
        ck_assert_uint_eq(memory_u64(copy + 8), value[1]);
    }
}
END_TEST

// The cases of guests/flags.asm: kinds of exit.
enum { FLAGS_CASES = 7, FLAGS_FOR_POPFQ = 0xcd7 };

START_TEST(arithmetic_flags_survive_every_kind_of_exit) {
    for (uint64_t which = 0; which < FLAGS_CASES; which++) {
        zx_handle_t port = ZX_HANDLE_INVALID;
        zx_port_packet_t packet = {0};
        guest_start_case("flags", which);
        ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
        trap(ZX_GUEST_TRAP_IO, 0x11, 1, ZX_HANDLE_INVALID, 0);
        trap(ZX_GUEST_TRAP_MEM, 0xffe000, 0x1000, ZX_HANDLE_INVALID, 0);
        trap(ZX_GUEST_TRAP_BELL, 0xffd000, 0x1000, port, 0);
        for (unsigned i = 0; i < 3 && packet.guest_mem.addr != EXIT_PAGE; i++) {
            packet = enter();
        }
        ck_assert_uint_eq(packet.guest_mem.addr, EXIT_PAGE);
        const zx_vcpu_state_t state = read_state();
        ck_assert_msg(state.r9 == FLAGS_FOR_POPFQ, "case %u: %#x", (unsigned)which,
                      (unsigned)state.r9);
        ck_assert_msg(state.r11 == state.r10, "case %u: %#x, not %#x", (unsigned)which,
                      (unsigned)state.r11, (unsigned)state.r10);
        guest_close();
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        syscall_enters_the_supervisor_and_sysret_returns,
        syscall_is_an_invalid_opcode_when_it_is_off,
        sysret_restores_neither_rf_nor_vm,
        sysret_to_an_address_that_is_not_canonical_faults_before_it_leaves_cpl_0,
        sysret_with_32_bits_returns_to_compatibility_mode,
        compatibility_mode_traps_with_operands_of_32_bits,
        compatibility_mode_traps_with_operands_of_16_bits,
        xmm0_survives_the_boundary_of_a_run_call,
        arithmetic_flags_survive_every_kind_of_exit,
    };
    return run_tests("system_calls", tests, sizeof tests / sizeof tests[0]);
}
