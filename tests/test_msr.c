// SPDX-License-Identifier: MIT
//
// RDMSR and WRMSR (hypervisor ABI 4.4, 5.5 to 5.7): values, refusals, and what passes through.

#include "guest_fixture.h"

#define APIC_BASE 0x1bu
#define SYSENTER_CS 0x174u
#define SYSENTER_ESP 0x175u
#define SYSENTER_EIP 0x176u
#define PAT 0x277u
#define X2APIC_ID 0x802u
#define X2APIC_VERSION 0x803u
#define X2APIC_EOI 0x80bu
#define X2APIC_SVR 0x80fu
#define EFER 0xc0000080u
#define STAR 0xc0000081u
#define LSTAR 0xc0000082u
#define SFMASK 0xc0000084u
#define FS_BASE 0xc0000100u
#define GS_BASE 0xc0000101u
#define KERNEL_GS_BASE 0xc0000102u
#define TSC_AUX 0xc0000103u

#define RDX_BEFORE 0x7777777777777777ull

static void start(void) {
    guest_start("msr");
    enter_to_end();
}

static void prepare(uint32_t msr, uint64_t value, bool write) {
    zx_vcpu_state_t state = read_state();
    state.rcx = UINT64_MAX << 32 | msr;
    state.rax = UINT64_MAX << 32 | (uint32_t)value;
    state.rdx = write ? UINT64_MAX << 32 | value >> 32 : RDX_BEFORE;
    state.r15 = write;
    write_state(&state);
}

static uint64_t read_msr(uint32_t msr) {
    prepare(msr, 0, false);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_msg(state.r10 == 0, "MSR %#x is refused", msr);
    ck_assert_uint_eq(state.rax >> 32, 0);
    ck_assert_uint_eq(state.rdx >> 32, 0);
    return state.rdx << 32 | state.rax;
}

static void write_msr(uint32_t msr, uint64_t value) {
    prepare(msr, value, true);
    enter_to_end();
    ck_assert_msg(read_state().r10 == 0, "MSR %#x is refused", msr);
}

static void refused(uint32_t msr, uint64_t value, bool write) {
    prepare(msr, value, write);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_msg(state.r10 == 8, "MSR %#x is not refused", msr);
    ck_assert_uint_eq(state.rax, 13);
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(state.r9, write ? state.rbp : state.rbx);
    if (!write) {
        ck_assert_uint_eq(state.rdx, RDX_BEFORE);
    }
    enter_to_end(); // The handler's return.
}

START_TEST(the_apic_base_names_the_boot_processor_in_x2apic_mode) {
    start();
    ck_assert_uint_eq(read_msr(APIC_BASE), 0xfee00d00);
    write_msr(APIC_BASE, 0xfee00d00);
    write_msr(APIC_BASE, 0xfee00c00);
    ck_assert_uint_eq(read_msr(APIC_BASE), 0xfee00d00);
}
END_TEST

START_TEST(another_apic_base_ends_the_run_and_is_not_skipped) {
    start();
    prepare(APIC_BASE, 0xfee00900, true);
    enter_fails(ZX_ERR_INVALID_ARGS);
    enter_fails(ZX_ERR_INVALID_ARGS);
    prepare(APIC_BASE, 0xfee00d00, true);
    enter_to_end();
    ck_assert_uint_eq(read_state().r10, 0);
}
END_TEST

// Hypervisor ABI 5.7: RDX keeps its content.
static uint64_t read_x2apic(uint32_t msr) {
    prepare(msr, 0, false);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_msg(state.r10 == 0, "MSR %#x is refused", msr);
    ck_assert_uint_eq(state.rdx, RDX_BEFORE);
    return state.rax;
}

START_TEST(the_local_apic_is_an_x2apic) {
    start();
    ck_assert_uint_eq(read_x2apic(X2APIC_ID), 0);
    ck_assert_uint_eq(read_x2apic(X2APIC_VERSION), 0x60015);
    ck_assert_uint_eq(read_x2apic(X2APIC_SVR), 0xff);
    write_msr(X2APIC_SVR, 0x1ff);
    ck_assert_uint_eq(read_x2apic(X2APIC_SVR), 0xff);
    write_msr(X2APIC_EOI, 0);
}
END_TEST

START_TEST(the_local_apic_refuses_what_it_must) {
    start();
    refused(X2APIC_EOI, 0, false);
    refused(X2APIC_EOI, 1, true);
    refused(X2APIC_EOI, 1ull << 32, true);
    refused(X2APIC_SVR, 1ull << 32, true);
    refused(X2APIC_ID, 0, true);
    refused(X2APIC_VERSION, 0, true);
    for (uint32_t reserved = 0x804; reserved <= 0x807; reserved++) {
        refused(reserved, 0, false);
        refused(reserved, 0, true);
    }
}
END_TEST

START_TEST(efer_is_zircons_at_reset_and_can_be_changed) {
    start();
    ck_assert_uint_eq(read_msr(EFER), 0xd01);
    write_msr(EFER, 0x500);
    ck_assert_uint_eq(read_msr(EFER), 0x500);
    write_msr(EFER, 0xd01);
    ck_assert_uint_eq(read_msr(EFER), 0xd01);
}
END_TEST

START_TEST(msrs_that_pass_through_keep_what_is_written) {
    static const struct {
        uint32_t msr;
        uint64_t reset, value;
    } msrs[] = {
        {SYSENTER_CS, 0, 0x1234},
        {SYSENTER_ESP, 0, 0xffff800012345678},
        {SYSENTER_EIP, 0, 0x00007fff87654321},
        {STAR, 0, 0x1b0008deadbeef},
        {LSTAR, 0, 0xffff8000abcdef01},
        {SFMASK, 0, 0x47700},
        {FS_BASE, 0, 0xffff900000000010},
        {GS_BASE, 0, 0x00007f0000000020},
        {KERNEL_GS_BASE, 0, 0xffffa00000000030},
        {TSC_AUX, 0, 0x12345678},
    };
    const size_t count = sizeof msrs / sizeof msrs[0];
    start();
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(read_msr(msrs[i].msr) == msrs[i].reset, "MSR %#x at reset", msrs[i].msr);
        write_msr(msrs[i].msr, msrs[i].value);
    }
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(read_msr(msrs[i].msr) == msrs[i].value, "MSR %#x", msrs[i].msr);
    }
}
END_TEST

START_TEST(unknown_msrs_are_refused) {
    static const uint32_t unknown[] = {0x10,       0xc0000083, 0x4b564d00, 0x4b564d01, 0x12345,
                                       0xc0010117, 0xffffffff, 0xc0010114, 0x40000000};
    start();
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        refused(unknown[i], 0, false);
    }
    refused(0x10, 0, true);
    refused(0x12345, 0, true);
    refused(0xc0010117, 0, true);
    refused(0xffffffff, 0, true);
}
END_TEST

// Hypervisor ABI 7.3: else the guest would repeat the instruction for ever.
START_TEST(a_refusal_does_not_wait_behind_an_interrupt) {
    start();
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 32), ZX_OK);
    refused(0x12345, 0, false);
}
END_TEST

START_TEST(the_page_attribute_table_is_zircons_at_reset_and_passes_through) {
    start();
    ck_assert_uint_eq(read_msr(PAT), 0x0107040600070406);
    write_msr(PAT, 0x0606060606060606);
    ck_assert_uint_eq(read_msr(PAT), 0x0606060606060606);
}
END_TEST

START_TEST(addresses_that_are_not_canonical_are_refused) {
    static const uint32_t msrs[] = {LSTAR, FS_BASE, GS_BASE, KERNEL_GS_BASE};
    start();
    for (size_t i = 0; i < sizeof msrs / sizeof msrs[0]; i++) {
        refused(msrs[i], 1ull << 47, true);
        ck_assert_uint_eq(read_msr(msrs[i]), 0);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_apic_base_names_the_boot_processor_in_x2apic_mode,
        another_apic_base_ends_the_run_and_is_not_skipped,
        the_local_apic_is_an_x2apic,
        the_local_apic_refuses_what_it_must,
        efer_is_zircons_at_reset_and_can_be_changed,
        msrs_that_pass_through_keep_what_is_written,
        unknown_msrs_are_refused,
        a_refusal_does_not_wait_behind_an_interrupt,
        the_page_attribute_table_is_zircons_at_reset_and_passes_through,
        addresses_that_are_not_canonical_are_refused,
    };
    return run_tests("MSRs", tests, sizeof tests / sizeof tests[0]);
}
