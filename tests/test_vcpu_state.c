// SPDX-License-Identifier: MIT
//
// What zx_vcpu_write_state() stores, zx_vcpu_read_state() gives back, and the guest sees
// (hypervisor ABI 3.7, 3.8, 4.1).

#include "guest_fixture.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>
#include <zirconia/virtual_time.h>

#define RFLAGS_USER 0x244dd5u
#define RFLAGS_FIXED 2u

static zx_vcpu_state_t different_values(void) {
    uint64_t values[17];
    zx_vcpu_state_t state;
    for (uint64_t i = 0; i < 16; i++) {
        values[i] = 0x0123456789abcdef * (2 * i + 1);
    }
    values[16] = 0;
    memcpy(&state, values, sizeof state);
    return state;
}

START_TEST(registers_are_zero_at_first) {
    guest_start("access");
    const zx_vcpu_state_t zeros = {0};
    const zx_vcpu_state_t state = read_state();
    ck_assert_mem_eq(&state, &zeros, sizeof state);
}
END_TEST

START_TEST(all_sixteen_registers_come_back) {
    guest_start("access");
    const zx_vcpu_state_t written = different_values();
    write_state(&written);
    const zx_vcpu_state_t read = read_state();
    ck_assert_mem_eq(&read, &written, sizeof read);
}
END_TEST

START_TEST(the_guest_has_them_and_the_client_has_what_the_guest_did) {
    guest_start("registers");
    const zx_vcpu_state_t written = different_values();
    write_state(&written);
    enter_to_end();
    const zx_vcpu_state_t read = read_state();
    uint64_t before[16];
    uint64_t after[16];
    memcpy(before, &written, sizeof before);
    memcpy(after, &read, sizeof after);
    for (size_t i = 0; i < 16; i++) {
        ck_assert_uint_eq(memory_u64(0x20000 + 8 * i), before[i]);
        ck_assert_uint_eq(after[i], ~before[i]);
    }
}
END_TEST

START_TEST(flags_are_taken_only_together_with_bit_one) {
    guest_start("access");
    zx_vcpu_state_t state = {.rflags = RFLAGS_USER};
    write_state(&state);
    ck_assert_uint_eq(read_state().rflags, 0);
    for (unsigned bit = 0; bit < 64; bit++) {
        const uint64_t flag = (uint64_t)1 << bit;
        state.rflags = flag | RFLAGS_FIXED;
        write_state(&state);
        ck_assert_uint_eq(read_state().rflags, flag & RFLAGS_USER);
    }
    state.rflags = RFLAGS_USER | RFLAGS_FIXED;
    write_state(&state);
    state = read_state();
    ck_assert_uint_eq(state.rflags, RFLAGS_USER);
    state.rflags = 0; // Without bit 1: nothing is taken, zeros neither.
    write_state(&state);
    ck_assert_uint_eq(read_state().rflags, RFLAGS_USER);
}
END_TEST

// Interrupts stay off whatever is written: the pending vector is not delivered.
START_TEST(flags_that_users_cannot_change_do_not_reach_the_guest) {
    guest_start("registers");
    const zx_vcpu_state_t state = {.rflags = ~(uint64_t)RFLAGS_USER};
    write_state(&state);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 32), ZX_OK);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(0x20080), RFLAGS_FIXED);
}
END_TEST

START_TEST(written_flags_reach_the_guest) {
    guest_start("registers");
    const uint64_t flags = RFLAGS_USER & ~0x100u; // Without TF, which would trap.
    const zx_vcpu_state_t state = {.rflags = flags | RFLAGS_FIXED};
    write_state(&state);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(0x20080), flags | RFLAGS_FIXED);
}
END_TEST

// Loop: no flags at all, each flag of an arithmetic result, DF, and all of them.
START_TEST(flags_survive_every_kind_of_exit) {
    const uint64_t cases[] = {0, 1, 4, 0x10, 0x40, 0x80, 0x800, 0x400, 0xcd5, 0x244cd5};
    zx_port_packet_t packet;
    guest_start("kept_flags");
    trap(ZX_GUEST_TRAP_IO, 0x10, 2, ZX_HANDLE_INVALID, 0);
    trap(ZX_GUEST_TRAP_MEM, 0x400000, 0x1000, ZX_HANDLE_INVALID, 0);
    const zx_vcpu_state_t state = {.rdi = cases[_i] | RFLAGS_FIXED};
    write_state(&state);
    ck_assert_uint_eq(enter().guest_io.port, 0x10);
    ck_assert_uint_eq(read_state().rflags, cases[_i]);
    ck_assert_uint_eq(enter().guest_io.port, 0x11);
    ck_assert_uint_eq(enter().guest_mem.addr, 0x400000);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 0); // Differences.
}
END_TEST

// An instruction that exits, and what its run call returns.
static const struct {
    uint8_t bytes[9];
    uint8_t size;
    zx_status_t status;
} exiting[] = {
    {{0xe6, 0x10}, 2, ZX_OK},                               // out 0x10, al
    {{0xe4, 0x10}, 2, ZX_OK},                               // in al, 0x10
    {{0xe5, 0x10}, 2, ZX_OK},                               // in eax, 0x10
    {{0x88, 0x04, 0x25, 0, 0, 0x40, 0}, 7, ZX_OK},          // mov [0x400000], al
    {{0x48, 0x8b, 0x04, 0x25, 0, 0, 0x40, 0}, 8, ZX_OK},    // mov rax, [0x400000]
    {{0xf0, 0x48, 0x01, 0x04, 0x25, 0, 0, 0x40}, 9, ZX_OK}, // lock add [0x400000], rax
    {{0xf4}, 1, ZX_ERR_TIMED_OUT},                          // hlt, from which nothing wakes it
    {{0x90}, 1, ZX_ERR_CANCELED},                           // The kick comes first.
};

static void run_to_exit(int kind, bool virtual) {
    const uint8_t jump[] = {0xe9, 0, 0, 0, 0};
    uint8_t code[9 + sizeof jump];
    const uint32_t start = 0x30000;
    const uint32_t distance = ENTRY - (start + exiting[kind].size + (uint32_t)sizeof jump);
    memcpy(code, exiting[kind].bytes, exiting[kind].size);
    memcpy(code + exiting[kind].size, jump, sizeof jump);
    memcpy(code + exiting[kind].size + 1, &distance, sizeof distance);
    guest_open();
    guest_load("registers", ENTRY);
    memory_write(start, code, exiting[kind].size + sizeof jump);
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    trap(ZX_GUEST_TRAP_MEM, 0x400000, 0x1000, ZX_HANDLE_INVALID, 0);
    if (virtual) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
        ck_assert_int_eq(zirconia_guest_set_budget(guest, 1000000), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, start, &vcpu), ZX_OK);
    if (exiting[kind].status == ZX_ERR_CANCELED) {
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    }
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), exiting[kind].status);
}

// Nothing of the exit is left to change it, in virtual time either.
START_TEST(what_is_written_behind_an_exit_is_what_the_guest_goes_on_with) {
    const int count = sizeof exiting / sizeof exiting[0];
    const bool virtual = _i >= count || exiting[_i % count].status == ZX_ERR_TIMED_OUT;
    const uint64_t flags = RFLAGS_USER & ~0x100u; // Without TF, which would trap.
    run_to_exit(_i % count, virtual);
    zx_vcpu_state_t written = different_values();
    written.rflags = flags | RFLAGS_FIXED;
    write_state(&written);
    enter_to_end();
    uint64_t values[16];
    memcpy(values, &written, sizeof values);
    for (size_t i = 0; i < 16; i++) {
        ck_assert_uint_eq(memory_u64(0x20000 + 8 * i), values[i]);
    }
    ck_assert_uint_eq(memory_u64(0x20080), flags | RFLAGS_FIXED);
    guest_close();
}
END_TEST

START_TEST(flags_are_those_of_before_in_the_frame_of_a_fault) {
    guest_start("fault_flags");
    enter_to_end();
    const uint64_t wrong = read_state().rbx;
    ck_assert_msg(wrong == 0, "%" PRIu64 " frames have other flags; first at %#" PRIx64, wrong,
                  memory_u64(0x40000));
}
END_TEST

START_TEST(an_answer_replaces_the_low_bytes_of_rax_only) {
    guest_start("access");
    const struct {
        uint8_t size;
        uint64_t rax;
    } cases[] = {{1, 0x11111111111111aa}, {2, 0x111111111111bbaa}, {4, 0x11111111ddccbbaa}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        zx_vcpu_state_t state = different_values();
        state.rax = 0x1111111111111111;
        write_state(&state);
        zx_vcpu_io_t io = {.access_size = cases[i].size, .u32 = 0xddccbbaa};
        memset(io.padding1, 0xff, sizeof io.padding1); // Ignored.
        ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof io), ZX_OK);
        state.rax = cases[i].rax;
        const zx_vcpu_state_t read = read_state();
        ck_assert_mem_eq(&read, &state, sizeof read);
    }
}
END_TEST

START_TEST(an_input_of_four_bytes_clears_rax_and_smaller_ones_do_not) {
    const struct {
        uint64_t access;
        uint8_t size;
        uint64_t unanswered;
        uint64_t answered;
    } cases[] = {{4, 1, 0x1111111111111111, 0x11111111111111aa},
                 {5, 2, 0x1111111111111111, 0x111111111111bbaa},
                 {6, 4, 0, 0xddccbbaa}};
    guest_start("access");
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    enter_to_end();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int answered = 0; answered < 2; answered++) {
            const zx_vcpu_state_t state = {
                .rsi = cases[i].access, .rdx = 0x10, .rax = 0x1111111111111111};
            write_state(&state);
            ck_assert_uint_eq(enter().guest_io.access_size, cases[i].size);
            const zx_vcpu_io_t io = {.access_size = cases[i].size, .u32 = 0xddccbbaa};
            if (answered) {
                ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof io), ZX_OK);
            }
            enter_to_end();
            ck_assert_uint_eq(read_state().rax, answered ? cases[i].answered : cases[i].unanswered);
        }
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("VCPU state");
    TCase *tcase = tcase_create("state");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, registers_are_zero_at_first);
    tcase_add_test(tcase, all_sixteen_registers_come_back);
    tcase_add_test(tcase, the_guest_has_them_and_the_client_has_what_the_guest_did);
    tcase_add_test(tcase, flags_are_taken_only_together_with_bit_one);
    tcase_add_test(tcase, flags_that_users_cannot_change_do_not_reach_the_guest);
    tcase_add_test(tcase, written_flags_reach_the_guest);
    tcase_add_loop_test(tcase, flags_survive_every_kind_of_exit, 0, 10);
    tcase_add_loop_test(tcase, what_is_written_behind_an_exit_is_what_the_guest_goes_on_with, 0,
                        2 * (int)(sizeof exiting / sizeof exiting[0]));
    tcase_add_test(tcase, flags_are_those_of_before_in_the_frame_of_a_fault);
    tcase_add_test(tcase, an_answer_replaces_the_low_bytes_of_rax_only);
    tcase_add_test(tcase, an_input_of_four_bytes_clears_rax_and_smaller_ones_do_not);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
