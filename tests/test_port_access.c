// SPDX-License-Identifier: MIT
//
// Port input and output (hypervisor ABI 5.4), and the permission that a guest's own user code needs
// for it.

#include "report_port.h"

#include <string.h>
#include <zirconia/observe.h>

#define PORT_BY_DX 0x234u
#define RAX_BEFORE 0x1122334455667788ull

static void trap_ports(void) {
    trap(ZX_GUEST_TRAP_IO, 0x11, 1, ZX_HANDLE_INVALID, 0x1234);
    trap(ZX_GUEST_TRAP_IO, PORT_BY_DX, 1, ZX_HANDLE_INVALID, 0x5678);
}

static void write_rax(uint64_t value) {
    zx_vcpu_state_t state = read_state();
    state.rax = value;
    state.rdx = 0xffffffffffff0000 | PORT_BY_DX;
    write_state(&state);
}

// Enters, and compares the whole packet.
static void enter_to_port(uint16_t port, uint8_t size, bool input, uint32_t data) {
    zx_port_packet_t packet;
    zx_port_packet_t expected;
    memset(&packet, 0xa5, sizeof packet);
    memset(&expected, 0, sizeof expected);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_OK);
    expected.key = port == 0x11 ? 0x1234 : 0x5678;
    expected.type = ZX_PKT_TYPE_GUEST_IO;
    expected.guest_io.port = port;
    expected.guest_io.access_size = size;
    expected.guest_io.input = input;
    expected.guest_io.u32 = data;
    ck_assert_mem_eq(&packet, &expected, sizeof expected);
}

static void answer(uint8_t size, uint32_t data) {
    const zx_vcpu_io_t io = {.access_size = size, .u32 = data};
    ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof io), ZX_OK);
}

START_TEST(output_shows_the_low_bytes_of_rax_and_nothing_else) {
    static const uint32_t data[] = {0x88, 0x7788, 0x55667788};
    guest_start("port_output");
    trap_ports();
    write_rax(RAX_BEFORE);
    for (unsigned i = 0; i < 6; i++) {
        enter_to_port(i < 3 ? 0x11 : PORT_BY_DX, (uint8_t)(1u << i % 3), false, data[i % 3]);
        ck_assert_uint_eq(read_state().rax, RAX_BEFORE);
    }
    enter_to_end();
}
END_TEST

// Hypervisor ABI 5.4, step 5: only the four bytes' case touches RAX before the answer.
START_TEST(input_leaves_rax_to_the_client_but_for_four_bytes) {
    static const uint64_t asked[] = {RAX_BEFORE, RAX_BEFORE, 0};
    static const uint64_t answered[] = {0x11223344556677bb, 0x112233445566aabb, 0xc8d9aabb};
    guest_start("port_input");
    trap_ports();
    for (unsigned i = 0; i < 6; i++) {
        const uint8_t size = (uint8_t)(1u << i % 3);
        write_rax(RAX_BEFORE);
        enter_to_port(i < 3 ? 0x11 : PORT_BY_DX, size, true, 0);
        ck_assert_uint_eq(read_state().rax, asked[i % 3]);
        answer(size, 0xc8d9aabb);
        ck_assert_uint_eq(read_state().rax, answered[i % 3]);
    }
}
END_TEST

START_TEST(input_and_output_side_by_side_see_each_others_values) {
    guest_start("port_input");
    trap_ports();
    for (unsigned i = 0; i < 6; i++) {
        write_rax(RAX_BEFORE);
        enter_to_port(i < 3 ? 0x11 : PORT_BY_DX, (uint8_t)(1u << i % 3), true, 0);
        answer((uint8_t)(1u << i % 3), 0x01020304 * (i + 1));
    }
    enter_to_port(PORT_BY_DX, 2, false, 0x1218);
    enter_to_port(PORT_BY_DX, 1, true, 0);
    answer(1, 0x99);
    enter_to_port(0x11, 1, false, 0x99);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 0x060c1299);
}
END_TEST

START_TEST(a_port_without_a_trap_is_not_found_until_it_has_one) {
    guest_start("port_output");
    write_rax(RAX_BEFORE);
    enter_fails(ZX_ERR_NOT_FOUND);
    enter_fails(ZX_ERR_NOT_FOUND);
    trap(ZX_GUEST_TRAP_IO, 0x12, 1, ZX_HANDLE_INVALID, 0);
    enter_fails(ZX_ERR_NOT_FOUND);
    trap_ports();
    enter_to_port(0x11, 1, false, 0x88);
}
END_TEST

START_TEST(a_wide_access_belongs_to_the_trap_of_its_first_port) {
    guest_start("port_output");
    trap(ZX_GUEST_TRAP_IO, 0x12, 4, ZX_HANDLE_INVALID, 0x9999);
    trap_ports();
    write_rax(RAX_BEFORE);
    enter_to_port(0x11, 1, false, 0x88);
    enter_to_port(0x11, 2, false, 0x7788);
    enter_to_port(0x11, 4, false, 0x55667788);
}
END_TEST

START_TEST(string_access_is_not_supported_and_not_skipped) {
    for (uint64_t form = 0; form < 4; form++) {
        guest_start_case("port_string", form);
        trap_ports();
        enter_fails(ZX_ERR_NOT_SUPPORTED);
        const zx_vcpu_state_t state = read_state();
        enter_fails(ZX_ERR_NOT_SUPPORTED);
        const zx_vcpu_state_t again = read_state();
        ck_assert_mem_eq(&again, &state, sizeof state);
        ck_assert_uint_eq(state.rcx, 2);
        ck_assert_uint_eq(state.rdi, 0x90000);
        guest_close();
    }
}
END_TEST

// --- At CPL 3 ---

enum { CLOSED, PRIVILEGED, PERMITTED, REFUSED, BOTH, BEYOND, ABSENT };

static void start_user(uint64_t which) {
    guest_start_case("port_user", which);
    trap(ZX_GUEST_TRAP_IO, 0, 0x1000, ZX_HANDLE_INVALID, 0x1234);
}

static void user_is_refused(uint64_t which) {
    start_user(which);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 13);
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(state.r9, state.rbx);
    ck_assert_uint_eq(state.r10 & 3, 3);
}

START_TEST(user_code_without_a_bitmap_is_refused_a_port) {
    user_is_refused(CLOSED);
}
END_TEST

START_TEST(user_code_with_io_privilege_needs_no_bitmap) {
    start_user(PRIVILEGED);
    enter_to_port(0x11, 1, false, 0x5a);
    enter_to_end();
}
END_TEST

START_TEST(user_code_is_given_a_port_by_the_bitmap) {
    start_user(PERMITTED);
    enter_to_port(0x11, 1, false, 0x5a);
    enter_to_end();
}
END_TEST

START_TEST(user_code_is_refused_a_port_by_the_bitmap) {
    user_is_refused(REFUSED);
}
END_TEST

START_TEST(user_code_needs_permission_for_each_port_of_an_access) {
    user_is_refused(BOTH);
}
END_TEST

START_TEST(user_code_is_refused_ports_beyond_the_bitmap) {
    user_is_refused(BEYOND);
}
END_TEST

START_TEST(an_absent_page_of_the_bitmap_is_a_page_fault_of_the_processors_own) {
    start_user(ABSENT);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 14);
    ck_assert_uint_eq(state.r8, 0); // Not present, a read, of the supervisor.
    ck_assert_uint_eq(state.r9, state.rbx);
    ck_assert_uint_eq(state.r14, 0x40001080);
}
END_TEST

static void note_vector(void *vector, const zirconia_exit_t *exit) {
    if (exit->kind == ZIRCONIA_EXIT_EXCEPTION) {
        *(uint64_t *)vector = exit->qualification[0];
    }
}

START_TEST(an_observer_sees_the_fault_of_a_refused_port) {
    static const struct {
        uint64_t which, vector;
    } rows[] = {{REFUSED, 13}, {ABSENT, 14}, {PERMITTED, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t vector = 0;
        zx_port_packet_t packet;
        start_user(rows[i].which);
        ck_assert_int_eq(zirconia_guest_observe(guest, note_vector, &vector), ZX_OK);
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_OK);
        ck_assert_uint_eq(vector, rows[i].vector);
        guest_close();
    }
}
END_TEST

START_TEST(virtual_8086_code_needs_the_bitmap_whatever_its_io_privilege) {
    start_real("port_virtual_8086");
    trap_ports();
    EXPECT_REPORTS(13, 0);
    enter_to_port(0x11, 1, false, 0x5a);
    EXPECT_REPORTS(0x40);
    guest_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        output_shows_the_low_bytes_of_rax_and_nothing_else,
        input_leaves_rax_to_the_client_but_for_four_bytes,
        input_and_output_side_by_side_see_each_others_values,
        a_port_without_a_trap_is_not_found_until_it_has_one,
        a_wide_access_belongs_to_the_trap_of_its_first_port,
        string_access_is_not_supported_and_not_skipped,
        user_code_without_a_bitmap_is_refused_a_port,
        user_code_with_io_privilege_needs_no_bitmap,
        user_code_is_given_a_port_by_the_bitmap,
        user_code_is_refused_a_port_by_the_bitmap,
        user_code_needs_permission_for_each_port_of_an_access,
        user_code_is_refused_ports_beyond_the_bitmap,
        an_absent_page_of_the_bitmap_is_a_page_fault_of_the_processors_own,
        an_observer_sees_the_fault_of_a_refused_port,
        virtual_8086_code_needs_the_bitmap_whatever_its_io_privilege,
    };
    return run_tests("port access", tests, sizeof tests / sizeof tests[0]);
}
