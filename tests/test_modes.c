// SPDX-License-Identifier: MIT
//
// The state in which application processors start, and the switches of mode and the registers that
// control them (hypervisor ABI 4, 5.9), seen from inside the guest.

#include "report_port.h"

#include <pthread.h>

START_TEST(an_application_processor_starts_in_real_mode_with_the_specified_registers) {
    const uint32_t value = 0x600dbeef;
    start_real("real_start");
    memory_write(0xffe, &value, sizeof value);
    EXPECT_REPORTS(0, 0x800, 0, 0x10010, 0x50200, 0, 0x10010, 0x801, 2, 0xffff, 0xffff, 0x400,
                   0xffff0ff0, value);
    guest_close();
}
END_TEST

START_TEST(the_boot_processor_starts_with_the_specified_control_registers) {
    start_long("read_control");
    EXPECT_REPORTS(0x80010011, 0x502a0, 0xd01);
    guest_close();
}
END_TEST

START_TEST(a_processor_goes_from_real_to_long_mode_and_back) {
    const uint32_t value = 0x600dbeef;
    start_real("mode_circle");
    memory_write(0x10100, &value, sizeof value);
    for (unsigned round = 0; round < 2; round++) {
        EXPECT_REPORTS(0x32, 0x901, 0xd01, 1, 0x901, value);
    }
    // The shadow is the value of the write that exited, without ET.
    EXPECT_REPORTS(0);
    guest_close();
}
END_TEST

START_TEST(control_and_debug_registers_answer_writes_as_a_processor_does) {
    start_long("control_registers");
    EXPECT_REPORTS(13, 13, 13);
    EXPECT_REPORTS(0, 0x80010019, 7, 0, 0x80010011);
    EXPECT_REPORTS(0, 0x8001001f, 0xffff001f, 0, 0x80010011, 0xffffffff, 0);
    EXPECT_REPORTS(13, 13, 13, 13, 13, 0, 0x502b0);
    EXPECT_REPORTS(0, 11, 13, 11, 6);
    EXPECT_REPORTS(0, 1, 0, 0xffff0ff0, 0, 0xffff07ff, 13, 0, 0, 0);
    EXPECT_REPORTS(6, 6, 1, 0xffff2ff0, 0x400);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    expect_status(ZX_ERR_NOT_SUPPORTED);
    guest_close();
}
END_TEST

static void write_cr0(uint64_t value) {
    zx_vcpu_state_t state = read_state();
    state.rdi = value;
    write_state(&state);
}

START_TEST(a_write_of_owned_cr0_bits_is_done_as_the_kernel_does_it) {
    start_long("owned_cr0");
    EXPECT_REPORTS(0x1111);
    write_cr0(0x80010031); // NE
    EXPECT_REPORTS(0x80010031, 0x1111);
    write_cr0(0xc0010031); // CD
    EXPECT_REPORTS(0xc0010031, 0x1111);
    write_cr0(0xe0010031); // CD and NW
    EXPECT_REPORTS(0xe0010031, 0x1111);
    write_cr0(0xa0010031); // NW alone: the frame of the #GP leads behind the write.
    EXPECT_REPORTS(13, 1, 0x1111);
    write_cr0(0x80010001); // ET off: only in what is read.
    EXPECT_REPORTS(0x80010001, 0x1111);
    write_cr0(0x180010031); // Refused, and passed over.
    expect_status(ZX_ERR_INVALID_ARGS);
    EXPECT_REPORTS(0x80010001, 0x1111);
    write_cr0(0x80010031);
    EXPECT_REPORTS(0x80010031, 0x1111);
    guest_close();
}
END_TEST

START_TEST(paging_off_in_long_mode_by_an_exiting_write_fails_entry_for_good) {
    start_long("owned_cr0");
    EXPECT_REPORTS(0x1111);
    write_cr0(0x10031);
    expect_status(ZX_ERR_BAD_STATE);
    expect_status(ZX_ERR_BAD_STATE);
    guest_close();
}
END_TEST

START_TEST(paging_without_protection_by_an_exiting_write_fails_entry) {
    start_long("owned_cr0");
    EXPECT_REPORTS(0x1111);
    write_cr0(0x80010030);
    expect_status(ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    expect_status(ZX_ERR_CANCELED);
    expect_status(ZX_ERR_BAD_STATE);
    guest_close();
}
END_TEST

START_TEST(paging_without_the_physical_extension_in_long_mode_by_an_exiting_write_fails_entry) {
    start_real("real_paging");
    EXPECT_REPORTS(1);
    expect_status(ZX_ERR_BAD_STATE);
    expect_status(ZX_ERR_BAD_STATE);
    guest_close();
}
END_TEST

START_TEST(an_application_processor_with_an_entry_above_4_gib_fails_entry) {
    guest_open();
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 1ull << 32, &vcpu), ZX_OK);
    expect_status(ZX_ERR_BAD_STATE);
    guest_close();
}
END_TEST

static void *run_real(void *report) {
    zx_handle_t real = ZX_HANDLE_INVALID;
    zx_port_packet_t packet = {0};
    if (zx_vcpu_create(guest, 0, REAL_MODE_ENTRY, &real) == ZX_OK &&
        zx_vcpu_enter(real, &packet) == ZX_OK && packet.type == ZX_PKT_TYPE_GUEST_IO) {
        *(uint32_t *)report = packet.guest_io.u32;
    }
    zx_handle_close(real);
    return NULL;
}

START_TEST(two_processors_run_in_different_modes_each_with_its_own_state) {
    pthread_t thread;
    uint32_t report = 0;
    start_long("count_long");
    guest_load("count_real", REAL_MODE_ENTRY);
    ck_assert_int_eq(pthread_create(&thread, NULL, run_real, &report), 0);
    EXPECT_REPORTS(100000);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(report, 100000);
    ck_assert_uint_eq((uint32_t)memory_u64(0x5000), 200000);
    guest_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        an_application_processor_starts_in_real_mode_with_the_specified_registers,
        the_boot_processor_starts_with_the_specified_control_registers,
        a_processor_goes_from_real_to_long_mode_and_back,
        control_and_debug_registers_answer_writes_as_a_processor_does,
        a_write_of_owned_cr0_bits_is_done_as_the_kernel_does_it,
        paging_off_in_long_mode_by_an_exiting_write_fails_entry_for_good,
        paging_without_protection_by_an_exiting_write_fails_entry,
        paging_without_the_physical_extension_in_long_mode_by_an_exiting_write_fails_entry,
        an_application_processor_with_an_entry_above_4_gib_fails_entry,
        two_processors_run_in_different_modes_each_with_its_own_state,
    };
    return run_tests("modes", tests, sizeof tests / sizeof tests[0]);
}
