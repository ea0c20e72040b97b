// SPDX-License-Identifier: MIT
//
// Traps: which address belongs to which, what the packets say, and what a trap does to mappings
// (hypervisor ABI 3.2, 5.4, 5.13, 6).

#include "guest_fixture.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// The places in the list of access.asm.
enum access {
    LOAD_BYTE,
    STORE_BYTE,
    LOAD_QUAD,
    STORE_QUAD,
    IN_BYTE,
    IN_WORD,
    IN_DOUBLE,
    OUT_BYTE,
    OUT_WORD,
    OUT_DOUBLE,
    CALL,
};

#define DATA 0x8877665544332211u

static void start_access(enum access access, uint64_t address) {
    const zx_vcpu_state_t state = {.rsi = access, .rdi = address, .rdx = address, .rax = DATA};
    write_state(&state);
}

static zx_status_t try_access(enum access access, uint64_t address, zx_port_packet_t *packet) {
    start_access(access, address);
    return zx_vcpu_enter(vcpu, packet);
}

static void expect_no_trap(enum access access, uint64_t address) {
    zx_port_packet_t packet;
    ck_assert_int_eq(try_access(access, address, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_uint_eq(packet.guest_mem.addr, EXIT_PAGE);
}

static void expect_mem(enum access access, uint64_t address, uint64_t key) {
    zx_port_packet_t packet;
    zx_port_packet_t expected;
    start_packet(&expected, key, ZX_PKT_TYPE_GUEST_MEM);
    memset(&packet, 0xaa, sizeof packet);
    ck_assert_int_eq(try_access(access, address, &packet), ZX_OK);
    expected.guest_mem.addr = address;
    expected.guest_mem.rip = packet.guest_mem.rip; // Checked in a test of its own.
    expected.guest_mem.instruction_size = access >= LOAD_QUAD ? 3 : 2;
    expected.guest_mem.default_operand_size = 4;
    ck_assert_mem_eq(&packet, &expected, sizeof packet);
    enter_to_end(); // The instruction was passed over.
}

static void expect_bell(zx_handle_t port, uint64_t address, uint64_t key) {
    zx_port_packet_t packet;
    zx_port_packet_t expected;
    start_packet(&expected, key, ZX_PKT_TYPE_GUEST_BELL);
    expected.guest_bell.addr = address;
    expect_no_trap(STORE_BYTE, address);
    memset(&packet, 0xaa, sizeof packet);
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    ck_assert_mem_eq(&packet, &expected, sizeof packet);
}

START_TEST(memory_traps_end_at_their_last_byte) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    guest_start("access");
    trap(ZX_GUEST_TRAP_MEM, 0x200000, 0x2000, ZX_HANDLE_INVALID, UINT64_MAX);
    trap(ZX_GUEST_TRAP_BELL, 0x202000, 0x1000, port, 2);
    trap(ZX_GUEST_TRAP_MEM, 0x203000, 0x1000, ZX_HANDLE_INVALID, 0);
    trap(ZX_GUEST_TRAP_BELL, 0x204000, 0x3000, port, 0x8000000000000004);
    enter_to_end();
    expect_no_trap(LOAD_BYTE, 0x1fffff);
    expect_no_trap(STORE_BYTE, 0x1fffff);
    for (int store = 0; store < 2; store++) {
        expect_mem(store ? STORE_BYTE : LOAD_BYTE, 0x200000, UINT64_MAX);
        expect_mem(store ? STORE_BYTE : LOAD_BYTE, 0x200fff, UINT64_MAX);
        expect_mem(store ? STORE_BYTE : LOAD_BYTE, 0x201000, UINT64_MAX);
        expect_mem(store ? STORE_BYTE : LOAD_BYTE, 0x201fff, UINT64_MAX);
        expect_mem(store ? STORE_BYTE : LOAD_BYTE, 0x203000, 0);
        expect_mem(store ? STORE_BYTE : LOAD_BYTE, 0x203fff, 0);
    }
    expect_bell(port, 0x202000, 2);
    expect_bell(port, 0x202fff, 2);
    expect_bell(port, 0x204000, 0x8000000000000004);
    expect_bell(port, 0x206fff, 0x8000000000000004);
    expect_no_trap(LOAD_BYTE, 0x207000);
    expect_no_trap(STORE_BYTE, 0x207000);
    expect_mem(STORE_QUAD, 0x203ff8, 0);
    expect_mem(LOAD_QUAD, 0x200000, UINT64_MAX);
}
END_TEST

START_TEST(a_memory_packet_names_the_instruction_and_its_tables) {
    zx_port_packet_t packet;
    guest_start("access");
    trap(ZX_GUEST_TRAP_MEM, 0x200000, 0x1000, ZX_HANDLE_INVALID, 1);
    enter_to_end();
    ck_assert_int_eq(try_access(LOAD_QUAD, 0x200010, &packet), ZX_OK);
    uint8_t instruction[3] = {0};
    ck_assert_int_eq(zx_vmo_read(memory, instruction, packet.guest_mem.rip, 3), ZX_OK);
    ck_assert_mem_eq(instruction, "\x48\x8b\x07", 3); // mov rax, [rdi]
    ck_assert_uint_eq(packet.guest_mem.cr3, 0);
    ck_assert_uint_eq(read_state().rax, DATA); // The client is to do the load.
    enter_to_end();
    ck_assert_int_eq(try_access(CALL, 0x200010, &packet), ZX_OK);
    ck_assert_uint_eq(packet.guest_mem.addr, 0x200010);
    ck_assert_uint_eq(packet.guest_mem.rip, 0x200010); // A fetch.
}
END_TEST

START_TEST(a_store_to_a_trap_does_not_reach_the_memory) {
    guest_start("access");
    trap(ZX_GUEST_TRAP_MEM, 0x200000, 0x1000, ZX_HANDLE_INVALID, 1);
    enter_to_end();
    expect_mem(STORE_QUAD, 0x200010, 1);
    ck_assert_uint_eq(memory_u64(0x200010), 0);
}
END_TEST

START_TEST(io_traps_match_the_first_port_of_an_access) {
    const struct {
        enum access access;
        uint16_t port;
        uint64_t key; // 0: no trap
        uint8_t size;
    } cases[] = {
        {IN_BYTE, 0x0f, 0, 1},   {IN_WORD, 0x0f, 0, 2},    {IN_DOUBLE, 0x0f, 0, 4},
        {IN_BYTE, 0x10, 1, 1},   {OUT_BYTE, 0x11, 1, 1},   {OUT_WORD, 0x11, 1, 2},
        {IN_DOUBLE, 0x11, 1, 4}, {OUT_DOUBLE, 0x12, 2, 4}, {OUT_BYTE, 0x13, 0, 1},
        {IN_WORD, 0xfffe, 3, 2}, {OUT_BYTE, 0xfffe, 3, 1}, {OUT_BYTE, 0xffff, 0, 1},
        {IN_BYTE, 0, 4, 1},      {IN_DOUBLE, 0, 4, 4},     {IN_BYTE, 1, 0, 1},
    };
    guest_start("access");
    trap(ZX_GUEST_TRAP_IO, 0x10, 2, ZX_HANDLE_INVALID, 1);
    trap(ZX_GUEST_TRAP_IO, 0x12, 1, ZX_HANDLE_INVALID, 2);
    trap(ZX_GUEST_TRAP_IO, 0xfffe, 1, ZX_HANDLE_INVALID, 3);
    trap(ZX_GUEST_TRAP_IO, 0, 1, ZX_HANDLE_INVALID, 4);
    enter_to_end();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        zx_port_packet_t packet;
        memset(&packet, 0xaa, sizeof packet);
        const zx_status_t status = try_access(cases[i].access, cases[i].port, &packet);
        if (cases[i].key == 0) {
            ck_assert_int_eq(status, ZX_ERR_NOT_FOUND);
            trap(ZX_GUEST_TRAP_IO, 0x8000 + i, 1, ZX_HANDLE_INVALID, 5);
            start_access(cases[i].access, 0x8000 + i); // The same instruction, with another port.
            ck_assert_uint_eq(enter().guest_io.port, 0x8000 + i);
            enter_to_end();
            continue;
        }
        const bool input = cases[i].access < OUT_BYTE;
        const uint32_t mask = cases[i].size == 4 ? UINT32_MAX : (1u << 8 * cases[i].size) - 1;
        zx_port_packet_t expected;
        start_packet(&expected, cases[i].key, ZX_PKT_TYPE_GUEST_IO);
        expected.guest_io.port = cases[i].port;
        expected.guest_io.access_size = cases[i].size;
        expected.guest_io.input = input;
        expected.guest_io.u32 = input ? 0 : (uint32_t)DATA & mask;
        ck_assert_int_eq(status, ZX_OK);
        ck_assert_mem_eq(&packet, &expected, sizeof packet);
        enter_to_end();
    }
}
END_TEST

START_TEST(an_access_to_an_untrapped_port_waits_for_its_trap) {
    zx_port_packet_t packet;
    guest_start("port_echo");
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_FOUND);
    trap(ZX_GUEST_TRAP_IO, 0x10, 2, ZX_HANDLE_INVALID, 7);
    for (unsigned i = 0; i < 300; i++) {
        packet = enter();
        ck_assert_uint_eq(packet.guest_io.port, 0x10);
        const zx_vcpu_io_t io = {.access_size = 1, .u8 = (uint8_t)i};
        ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof io), ZX_OK);
        packet = enter();
        ck_assert_uint_eq(packet.guest_io.port, 0x11);
        ck_assert_uint_eq(packet.guest_io.u32, (uint8_t)(i + 1));
    }
}
END_TEST

START_TEST(ranges_that_meet_are_refused_and_neighbours_are_not) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    guest_open();
    const struct {
        uint32_t kind;
        zx_vaddr_t addr;
        size_t size;
        zx_status_t status;
    } cases[] = {
        {ZX_GUEST_TRAP_MEM, 0x20000, 0x4000, ZX_OK},
        {ZX_GUEST_TRAP_MEM, 0x20000, 0x4000, ZX_ERR_ALREADY_EXISTS},  // The same.
        {ZX_GUEST_TRAP_BELL, 0x20000, 0x4000, ZX_ERR_ALREADY_EXISTS}, // One space for both.
        {ZX_GUEST_TRAP_BELL, 0x21000, 0x1000, ZX_ERR_ALREADY_EXISTS}, // Inside.
        {ZX_GUEST_TRAP_MEM, 0x1f000, 0x6000, ZX_ERR_ALREADY_EXISTS},  // Around.
        {ZX_GUEST_TRAP_MEM, 0x1f000, 0x2000, ZX_ERR_ALREADY_EXISTS},  // Over the first page.
        {ZX_GUEST_TRAP_MEM, 0x23000, 0x2000, ZX_ERR_ALREADY_EXISTS},  // Over the last page.
        {ZX_GUEST_TRAP_MEM, 0x1f000, 0x1000, ZX_OK},
        {ZX_GUEST_TRAP_BELL, 0x24000, 0x1000, ZX_OK},
        {ZX_GUEST_TRAP_MEM, 0, ((size_t)1 << 48), ZX_ERR_ALREADY_EXISTS},
        {ZX_GUEST_TRAP_MEM, ((zx_vaddr_t)1 << 48) - 0x1000, 0x1000, ZX_OK},
        {ZX_GUEST_TRAP_MEM, ((zx_vaddr_t)1 << 48) - 0x1000, 0x2000, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_MEM, (zx_vaddr_t)1 << 48, 0x1000, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_MEM, SIZE_MAX - 0xfff, 0x2000, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_MEM, 0x50000, SIZE_MAX - 0xfff, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_MEM, 0x50001, 0x1000, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_MEM, 0x50000, 0xfff, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_BELL, 0x50000, 0, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_IO, 0x2000, 0x4000, ZX_OK}, // A space of its own.
        {ZX_GUEST_TRAP_IO, 0x2000, 1, ZX_ERR_ALREADY_EXISTS},
        {ZX_GUEST_TRAP_IO, 0x1fff, 2, ZX_ERR_ALREADY_EXISTS},
        {ZX_GUEST_TRAP_IO, 0x5fff, 2, ZX_ERR_ALREADY_EXISTS},
        {ZX_GUEST_TRAP_IO, 0x1000, 0x8000, ZX_ERR_ALREADY_EXISTS},
        {ZX_GUEST_TRAP_IO, 0x1fff, 1, ZX_OK},
        {ZX_GUEST_TRAP_IO, 0x6000, 1, ZX_OK},
        {ZX_GUEST_TRAP_IO, 0xffff, 1, ZX_ERR_OUT_OF_RANGE},
        {ZX_GUEST_TRAP_IO, 0xfff0, 0x10, ZX_ERR_OUT_OF_RANGE},
        {ZX_GUEST_TRAP_IO, 0x10000, 1, ZX_ERR_OUT_OF_RANGE},
        {ZX_GUEST_TRAP_IO, SIZE_MAX, 2, ZX_ERR_OUT_OF_RANGE},
        {ZX_GUEST_TRAP_IO, 0x7000, 0, ZX_ERR_OUT_OF_RANGE},
        {ZX_GUEST_TRAP_IO, 0x2000, SIZE_MAX, ZX_ERR_OUT_OF_RANGE}, // Before the overlap.
        {ZX_GUEST_TRAP_IO, 0xfff0, 0xf, ZX_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const zx_handle_t bell = cases[i].kind == ZX_GUEST_TRAP_BELL ? port : ZX_HANDLE_INVALID;
        const zx_status_t status =
            zx_guest_set_trap(guest, cases[i].kind, cases[i].addr, cases[i].size, bell, 0);
        ck_assert_msg(status == cases[i].status, "case %zu: %d", i, status);
    }
}
END_TEST

START_TEST(a_refused_trap_has_unmapped_its_range_all_the_same) {
    zx_port_packet_t packet;
    guest_start("access");
    trap(ZX_GUEST_TRAP_MEM, 0x301000, 0x1000, ZX_HANDLE_INVALID, 1);
    enter_to_end();
    expect_no_trap(STORE_QUAD, 0x300000);
    expect_no_trap(STORE_QUAD, 0x302000);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, 0x300000, 0x3000, 0, 2),
                     ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(try_access(LOAD_QUAD, 0x300000, &packet), ZX_ERR_NOT_FOUND);
    ck_assert_uint_eq(memory_u64(0x300000), DATA); // The VMO is untouched.
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ, 0x300000, memory, 0x300000,
                                 0x3000, &address),
                     ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_OK); // The same load again.
    ck_assert_uint_eq(packet.guest_mem.addr, EXIT_PAGE);
    ck_assert_uint_eq(read_state().rax, DATA);
    expect_mem(LOAD_BYTE, 0x301fff, 1); // A trap wins over a later mapping.
    expect_no_trap(LOAD_BYTE, 0x302000);
}
END_TEST

START_TEST(a_bell_cannot_be_read_but_passed_over) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    guest_start("access");
    trap(ZX_GUEST_TRAP_BELL, 0x200000, 0x1000, port, 3);
    enter_to_end();
    ck_assert_int_eq(try_access(LOAD_BYTE, 0x200fff, &packet), ZX_ERR_NOT_SUPPORTED);
    enter_to_end();
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_ERR_TIMED_OUT);
}
END_TEST

START_TEST(a_bell_without_port_handles_is_lost_with_bad_state) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    guest_start("access");
    trap(ZX_GUEST_TRAP_BELL, 0x200000, 0x1000, port, 3);
    enter_to_end();
    expect_bell(port, 0x200000, 3);
    ck_assert_int_eq(zx_handle_close(port), ZX_OK);
    ck_assert_int_eq(try_access(STORE_BYTE, 0x200000, &packet), ZX_ERR_BAD_STATE);
    enter_to_end();
}
END_TEST

START_TEST(bells_come_in_order_with_what_clients_queue) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_port_packet_t packet = {.key = 5};
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    guest_start("access");
    trap(ZX_GUEST_TRAP_BELL, 0x200000, 0x1000, port, 5);
    enter_to_end();
    expect_no_trap(STORE_BYTE, 0x200001);
    ck_assert_int_eq(zx_port_queue(port, &packet), ZX_OK);
    expect_no_trap(STORE_QUAD, 0x200002);
    const uint64_t addresses[] = {0x200001, 0, 0x200002};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
        ck_assert_uint_eq(packet.type, i == 1 ? ZX_PKT_TYPE_USER : ZX_PKT_TYPE_GUEST_BELL);
        ck_assert_uint_eq(packet.key, 5);
        ck_assert_uint_eq(packet.guest_bell.addr, addresses[i]);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        memory_traps_end_at_their_last_byte,
        a_memory_packet_names_the_instruction_and_its_tables,
        a_store_to_a_trap_does_not_reach_the_memory,
        io_traps_match_the_first_port_of_an_access,
        an_access_to_an_untrapped_port_waits_for_its_trap,
        ranges_that_meet_are_refused_and_neighbours_are_not,
        a_refused_trap_has_unmapped_its_range_all_the_same,
        a_bell_cannot_be_read_but_passed_over,
        a_bell_without_port_handles_is_lost_with_bad_state,
        bells_come_in_order_with_what_clients_queue,
    };
    return run_tests("traps", tests, sizeof tests / sizeof tests[0]);
}
