// SPDX-License-Identifier: MIT
//
// Control registers of VCPUs that are made by the calls of the 2018 era (hypervisor ABI 4.3, 5.9).

#define ZIRCONIA_ABI_2018

#include "report_port.h"

#include <zirconia/zirconia.h>

// As guest_open(), by this era's calls.
static void open_guest(void) {
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    const uint64_t level_four = 0x1000 | 7;
    const uint64_t level_three = 0x87;
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 1;
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    ck_assert_int_eq(zx_guest_create(resource, 0, &guest, &vmar), ZX_OK);
    ck_assert_int_eq(zx_handle_close(resource), ZX_OK);
    ck_assert_int_eq(zx_vmo_create(MEMORY_SIZE, 0, &memory), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(vmar, options, 0, memory, 0, MEMORY_SIZE, &address), ZX_OK);
    memory_write(0, &level_four, sizeof level_four);
    memory_write(0x1000, &level_three, sizeof level_three);
    ck_assert_int_eq(
        zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, REPORT_PORT, 1, ZX_HANDLE_INVALID, 0), ZX_OK);
}

static void write_cr0(uint64_t value) {
    zx_vcpu_state_t state = read_state();
    state.rdi = value;
    write_state(&state);
}

START_TEST(ne_always_reads_1_and_no_other_bit_is_owned) {
    open_guest();
    guest_load("owned_cr0", ENTRY);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    EXPECT_REPORTS(0x1111);
    write_cr0(0x80000011);
    EXPECT_REPORTS(0x80000031, 0x1111);
    write_cr0(0xe0000031);
    EXPECT_REPORTS(0xe0000031, 0x1111);
    write_cr0(0xa0000031); // NW alone: a fault of the write itself.
    EXPECT_REPORTS(13, 0, 0x1111);
    guest_close();
}
END_TEST

START_TEST(an_application_processor_starts_with_fewer_bits) {
    zx_handle_t first = ZX_HANDLE_INVALID;
    open_guest();
    guest_load("real_start", REAL_MODE_ENTRY);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &first), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, REAL_MODE_ENTRY, &vcpu), ZX_OK);
    EXPECT_REPORTS(0, 0x800, 0, 0x30, 0, 0, 0x30);
    ck_assert_int_eq(zx_handle_close(first), ZX_OK);
    guest_close();
}
END_TEST

START_TEST(the_boot_processor_starts_with_fewer_bits) {
    open_guest();
    guest_load("read_control", ENTRY);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    EXPECT_REPORTS(0x80000031, 0x20, 0xd01);
    guest_close();
}
END_TEST

START_TEST(xcr0_starts_with_x87_alone) {
    open_guest();
    guest_load("read_xcr0", ENTRY);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    EXPECT_REPORTS(1);
    guest_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        ne_always_reads_1_and_no_other_bit_is_owned,
        an_application_processor_starts_with_fewer_bits,
        the_boot_processor_starts_with_fewer_bits,
        xcr0_starts_with_x87_alone,
    };
    return run_tests("modes of 2018", tests, sizeof tests / sizeof tests[0]);
}
