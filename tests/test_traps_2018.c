// SPDX-License-Identifier: MIT
//
// Traps inside of traps, which only the 2018 era lets a client set: the one with the greatest start
// that is not above the address decides alone (hypervisor ABI 6.3).

#define ZIRCONIA_ABI_2018

#include "guest_fixture.h"

enum { LOAD_BYTE = 0, IN_BYTE = 4 }; // The places in the list of access.asm.

static void set_trap_2018(uint32_t kind, zx_vaddr_t base, size_t size, uint64_t key) {
    ck_assert_int_eq(zx_guest_set_trap(guest, kind, base, size, ZX_HANDLE_INVALID, key), ZX_OK);
}

static zx_status_t access(uint64_t which, uint64_t address, zx_port_packet_t *packet) {
    const zx_vcpu_state_t state = {.rsi = which, .rdi = address, .rdx = address};
    write_state(&state);
    return zx_vcpu_resume(vcpu, packet);
}

static void expect_key(uint64_t which, uint64_t address, uint64_t key) {
    zx_port_packet_t packet;
    ck_assert_int_eq(access(which, address, &packet), ZX_OK);
    ck_assert_uint_eq(packet.key, key);
    enter_to_end();
}

START_TEST(a_memory_trap_inside_of_another_ends_it) {
    zx_port_packet_t packet;
    guest_start("access");
    enter_to_end();
    set_trap_2018(ZX_GUEST_TRAP_MEM, 0x200000, 0x4000, 1);
    set_trap_2018(ZX_GUEST_TRAP_MEM, 0x202000, 0x1000, 2);
    expect_key(LOAD_BYTE, 0x200000, 1);
    expect_key(LOAD_BYTE, 0x201fff, 1);
    expect_key(LOAD_BYTE, 0x202000, 2);
    expect_key(LOAD_BYTE, 0x202fff, 2);
    ck_assert_int_eq(access(LOAD_BYTE, 0x203000, &packet), ZX_ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_port_trap_inside_of_another_ends_it) {
    zx_port_packet_t packet;
    guest_start("access");
    enter_to_end();
    set_trap_2018(ZX_GUEST_TRAP_IO, 0x10, 8, 1);
    set_trap_2018(ZX_GUEST_TRAP_IO, 0x12, 1, 2);
    expect_key(IN_BYTE, 0x11, 1);
    expect_key(IN_BYTE, 0x12, 2);
    ck_assert_int_eq(access(IN_BYTE, 0x13, &packet), ZX_ERR_NOT_FOUND);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_memory_trap_inside_of_another_ends_it,
        a_port_trap_inside_of_another_ends_it,
    };
    return run_tests("traps of 2018", tests, sizeof tests / sizeof tests[0]);
}
