// SPDX-License-Identifier: MIT
//
// Every MSR that an exit is made for (hypervisor ABI 5.5 to 5.7), read and written one by one and
// compared with the tables; and XSETBV (5.10).

#include "execute.h"

#define MSR_EFER 0xc0000080u
#define XSETBV "\x0f\x01\xd1"
#define XGETBV "\x0f\x01\xd0"
#define BEFORE 0x7777777777777777ull

enum kind { REFUSED, ZERO, VALUE, X2APIC, NATIVE };

struct row {
    uint32_t first, last;
    enum kind kind;
    uint64_t value;
};

// Every other MSR is refused. NATIVE: the read passes through, and the value is the processor's.
static const struct row reads[] = {
    {0x17, 0x17, ZERO, 0},
    {0x1b, 0x1b, VALUE, 0xfee00d00},
    {0x34, 0x34, ZERO, 0},
    {0x8b, 0x8b, ZERO, 0},
    {0xfe, 0xfe, ZERO, 0},
    {0x174, 0x176, NATIVE, 0},
    {0x179, 0x17a, ZERO, 0},
    {0x1a0, 0x1a0, VALUE, 1},
    {0x1a2, 0x1a2, ZERO, 0},
    {0x200, 0x213, ZERO, 0},
    {0x250, 0x250, ZERO, 0},
    {0x258, 0x259, ZERO, 0},
    {0x268, 0x26f, ZERO, 0},
    {0x277, 0x277, VALUE, 0x0107040600070406},
    {0x2ff, 0x2ff, ZERO, 0},
    {0x606, 0x606, ZERO, 0},
    {0x611, 0x611, ZERO, 0},
    {0x618, 0x619, ZERO, 0},
    {0x638, 0x639, ZERO, 0},
    {0x640, 0x641, ZERO, 0},
    {0x64d, 0x64e, ZERO, 0},
    {0x65c, 0x65c, ZERO, 0},
    {0x802, 0x802, X2APIC, 0},
    {0x803, 0x803, X2APIC, 0x60015},
    {0x808, 0x808, X2APIC, 0},
    {0x80d, 0x80d, X2APIC, 0},
    {0x80f, 0x80f, X2APIC, 0xff},
    {0x810, 0x828, X2APIC, 0},
    {0x82f, 0x82f, X2APIC, 0x10000},
    {0x832, 0x833, X2APIC, 0x10000},
    {0x834, 0x834, X2APIC, 0},
    {0x835, 0x836, X2APIC, 0x10000},
    {0xc0000080, 0xc0000080, VALUE, 0xd01},
    {0xc0000081, 0xc0000082, NATIVE, 0},
    {0xc0000084, 0xc0000084, NATIVE, 0},
    {0xc0000100, 0xc0000103, NATIVE, 0},
};

// What takes a write of 0x30000 in silence.
static const struct row writes[] = {
    {0x48, 0x49, ZERO, 0},   {0x8b, 0x8b, ZERO, 0},   {0xfe, 0xfe, ZERO, 0},
    {0x200, 0x213, ZERO, 0}, {0x250, 0x250, ZERO, 0}, {0x258, 0x259, ZERO, 0},
    {0x268, 0x26f, ZERO, 0}, {0x2ff, 0x2ff, ZERO, 0}, {0x618, 0x618, ZERO, 0},
    {0x638, 0x638, ZERO, 0}, {0x640, 0x640, ZERO, 0}, {0x65c, 0x65c, ZERO, 0},
    {0x808, 0x808, ZERO, 0}, {0x80f, 0x80f, ZERO, 0}, {0x82f, 0x82f, ZERO, 0},
    {0x832, 0x838, ZERO, 0}, {0x83e, 0x83e, ZERO, 0}, {0xc0000083, 0xc0000083, ZERO, 0},
};

#define FIND(rows, msr) find(rows, sizeof(rows) / sizeof(rows)[0], msr)

static enum kind find(const struct row *rows, size_t count, uint32_t msr) {
    for (size_t i = 0; i < count; i++) {
        if (msr >= rows[i].first && msr <= rows[i].last) {
            return rows[i].kind;
        }
    }
    return REFUSED;
}

static uint64_t expected_value(uint32_t msr) {
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        if (msr >= reads[i].first && msr <= reads[i].last) {
            return reads[i].value;
        }
    }
    return 0;
}

// A fault leaves RIP at the instruction and its registers alone.
static void check_refused(uint32_t msr, const zx_vcpu_state_t *state) {
    ck_assert_msg(state->r10 == 13, "MSR %#x is not refused", msr);
    ck_assert_uint_eq(state->r8, 0);
    ck_assert_uint_eq(state->r9, EXECUTE_SLOT);
}

static void check_read(uint32_t msr) {
    zx_vcpu_state_t state = {.rcx = UINT64_MAX << 32 | msr, .rax = BEFORE, .rdx = BEFORE};
    run_code(&state);
    const enum kind kind = FIND(reads, msr);
    if (kind == REFUSED) {
        check_refused(msr, &state);
        ck_assert_uint_eq(state.rdx, BEFORE);
        return;
    }
    ck_assert_msg(state.r10 == NO_VECTOR, "MSR %#x is refused", msr);
    ck_assert_uint_eq(state.rax >> 32, 0);
    if (kind == X2APIC) {
        ck_assert_msg(state.rax == expected_value(msr), "MSR %#x", msr);
        ck_assert_uint_eq(state.rdx, BEFORE);
        return;
    }
    ck_assert_uint_eq(state.rdx >> 32, 0);
    if (kind != NATIVE) {
        ck_assert_msg(join(state.rdx, state.rax) == expected_value(msr), "MSR %#x", msr);
    }
}

static const struct {
    uint32_t first, last;
} ranges[] = {
    {0, 0x1fff}, {0x4b564cf0, 0x4b564d10}, {0xc0000000, 0xc0001fff}, {0xc0010000, 0xc0010200}};

#define RANGE_COUNT (sizeof ranges / sizeof ranges[0])

START_TEST(every_msr_reads_as_in_the_table) {
    put_code(RDMSR);
    for (size_t i = 0; i < RANGE_COUNT; i++) {
        for (uint32_t msr = ranges[i].first; msr <= ranges[i].last; msr++) {
            check_read(msr);
        }
    }
    check_read(0x7fffffff);
    check_read(0xffffffff);
}
END_TEST

// MSRs whose writes do something, which have tests of their own.
static bool special(uint32_t msr) {
    static const uint32_t numbers[] = {0x11,  0x12,  0x1b,       0x6e0,
                                       0x830, 0x83f, 0x4b564d00, 0x4b564d01};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (msr == numbers[i]) {
            return true;
        }
    }
    return FIND(reads, msr) == NATIVE || msr == 0x277;
}

static void check_write(uint32_t msr) {
    zx_vcpu_state_t state = msr_state(msr, 0x30000);
    run_code(&state);
    if (FIND(writes, msr) == REFUSED) {
        check_refused(msr, &state);
    } else {
        ck_assert_msg(state.r10 == NO_VECTOR, "MSR %#x is refused", msr);
    }
}

START_TEST(every_msr_takes_a_write_as_in_the_table) {
    put_code(WRMSR);
    for (size_t i = 0; i < RANGE_COUNT; i++) {
        for (uint32_t msr = ranges[i].first; msr <= ranges[i].last; msr++) {
            if (!special(msr)) {
                check_write(msr);
            }
        }
    }
}
END_TEST

START_TEST(an_ignored_write_is_not_read_back) {
    static const uint32_t msrs[] = {0x8b, 0xfe, 0x200, 0x213, 0x250, 0x2ff, 0x618, 0x640};
    for (size_t i = 0; i < sizeof msrs / sizeof msrs[0]; i++) {
        write_msr(msrs[i], UINT64_MAX);
        put_code(RDMSR);
        check_read(msrs[i]);
    }
}
END_TEST

START_TEST(the_apic_base_can_only_be_written_as_it_is) {
    static const uint64_t bad[] = {0, 0xfee00800, 0xfee01c00, 0x1fee00c00, 0xfee00400};
    zx_port_packet_t packet;
    write_msr(0x1b, 0xfee00c00);
    write_msr(0x1b, 0xfee00d00);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(enter_write_msr(0x1b, bad[i], &packet), ZX_ERR_INVALID_ARGS);
        // RIP is still at the instruction: it takes another value.
        zx_vcpu_state_t state = msr_state(0x1b, 0xfee00c00);
        run_code(&state);
        ck_assert_uint_eq(state.r10, NO_VECTOR);
    }
    put_code(RDMSR);
    check_read(0x1b);
}
END_TEST

START_TEST(x2apic_writes_with_a_high_half_are_refused) {
    put_code(WRMSR);
    for (uint32_t msr = 0x800; msr <= 0x83f; msr++) {
        if (msr != 0x830) {
            zx_vcpu_state_t state = msr_state(msr, 1ull << 32);
            run_code(&state);
            check_refused(msr, &state);
        }
    }
}
END_TEST

START_TEST(eoi_and_esr_take_zero_only) {
    static const uint32_t msrs[] = {0x80b, 0x828};
    for (size_t i = 0; i < 2; i++) {
        write_msr(msrs[i], 0);
        zx_vcpu_state_t state = msr_state(msrs[i], 1);
        run_code(&state);
        check_refused(msrs[i], &state);
    }
}
END_TEST

START_TEST(efer_keeps_its_reserved_bits_and_long_mode) {
    write_msr(MSR_EFER, 0xd00);
    zx_vcpu_state_t state = {.rcx = MSR_EFER};
    put_code(RDMSR);
    run_code(&state);
    ck_assert_uint_eq(state.rax, 0xd00);
    static const uint64_t bad[] = {0xd02, 0x1d01, 0x4d01, 0xc01, 1ull << 32 | 0xd01};
    put_code(WRMSR);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        state = msr_state(MSR_EFER, bad[i]);
        run_code(&state);
        check_refused(MSR_EFER, &state);
    }
}
END_TEST

// EFER, because its accesses pass through; behind an exit the trap would be lost.
START_TEST(a_single_step_over_an_access_to_efer_traps_behind_it) {
    zx_vcpu_state_t state = msr_state(MSR_EFER, 0xd01);
    put_code("\x9c\x80\x4c\x24\x01\x01\x9d" WRMSR "\x90"); // With TF from WRMSR on.
    run_code(&state);
    ck_assert_uint_eq(state.r10, 1);
    ck_assert_uint_eq(state.r8, EXECUTE_SLOT + 9);
    state = msr_state(MSR_EFER, 0);
    put_code("\x9c\x80\x4c\x24\x01\x01\x9d" RDMSR "\x90");
    run_code(&state);
    ck_assert_uint_eq(state.r10, 1);
    ck_assert_uint_eq(state.r8, EXECUTE_SLOT + 9);
}
END_TEST

static uint64_t read_back(uint32_t msr) {
    zx_vcpu_state_t state = {.rcx = msr};
    put_code(RDMSR);
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    return join(state.rdx, state.rax);
}

START_TEST(what_passes_through_takes_legal_values_only) {
    static const struct {
        uint32_t msr;
        uint64_t good, bad;
    } rows[] = {
        {0x175, 0xffff800000000000, 0xffff000000000000},
        {0x176, 0x00007fffffffffff, 0x0000800000000000},
        {0x277, 0x0706050401000706, 0x0006040600070206},
        {0x277, 0x0106050401000704, 0x0300000000000000},
        {0x277, 0x0000000000000000, 0x0000000000080000},
        {0xc0000082, 0xffffffff80001234, 0x8000000000000000},
        {0xc0000084, 0xffffffff, 0x100000000},
        {0xc0000100, 0xffff800000001000, 0x0000800000000000},
        {0xc0000101, 0x00007ffffffff000, 0x0001000000000000},
        {0xc0000102, 0xffff888000000000, 0x7fff888000000000},
        {0xc0000103, 0xfedcba98, 0x100000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_msr(rows[i].msr, rows[i].good);
        zx_vcpu_state_t state = msr_state(rows[i].msr, rows[i].bad);
        run_code(&state);
        check_refused(rows[i].msr, &state);
        ck_assert_msg(read_back(rows[i].msr) == rows[i].good, "MSR %#x", rows[i].msr);
    }
}
END_TEST

// --- XSETBV ---

static zx_status_t xsetbv(uint64_t rcx, uint64_t value) {
    put_code(XSETBV);
    const zx_vcpu_state_t state = {.rcx = rcx,
                                   .rax = UINT64_MAX << 32 | (uint32_t)value,
                                   .rdx = UINT64_MAX << 32 | value >> 32,
                                   .rsp = EXECUTE_STACK,
                                   .r10 = NO_VECTOR};
    write_state(&state);
    zx_port_packet_t packet;
    return zx_vcpu_enter(vcpu, &packet);
}

static uint64_t xgetbv(void) {
    put_code(XGETBV);
    zx_vcpu_state_t state = {.rcx = 0};
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    return join(state.rdx, state.rax);
}

START_TEST(xcr0_starts_with_all_that_cpuid_has) {
    ck_assert_uint_eq(xgetbv(), 3);
}
END_TEST

START_TEST(xsetbv_changes_what_xgetbv_and_xsave_see) {
    ck_assert_int_eq(xsetbv(0, 1), ZX_OK);
    ck_assert_uint_eq(xgetbv(), 1);
    put_code("\x0f\x10\x03\x0f\xae\x26"); // movups xmm0, [rbx]; xsave [rsi]
    zx_vcpu_state_t state = {.rbx = EXECUTE_SLOT, .rsi = 0x40000, .rax = 3};
    run_code(&state);
    ck_assert_uint_eq(memory_u64(0x40000 + 160), 0); // XMM0's place.
    ck_assert_int_eq(xsetbv(0, 3), ZX_OK);
    ck_assert_uint_eq(xgetbv(), 3);
    put_code("\x0f\x10\x03\x0f\xae\x26");
    run_code(&state);
    ck_assert_uint_eq(memory_u64(0x40000 + 160), memory_u64(EXECUTE_SLOT));
}
END_TEST

START_TEST(a_bad_xsetbv_is_an_error_and_stays) {
    static const struct {
        uint64_t rcx, value;
    } bad[] = {{0, 0}, {0, 2}, {0, 5}, {0, 7}, {0, 1ull << 63 | 3}, {1, 3}, {1ull << 32, 3}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        zx_port_packet_t packet;
        ck_assert_int_eq(xsetbv(bad[i].rcx, bad[i].value), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(xsetbv(0, 3), ZX_OK);
    }
    ck_assert_uint_eq(xgetbv(), 3);
}
END_TEST

START_TEST(xsetbv_needs_cr4_osxsave) {
    put_code("\x0f\x20\xe0\x0f\xba\xf0\x12\x0f\x22\xe0"); // CR4.OSXSAVE := 0
    zx_vcpu_state_t state = {0};
    run_code(&state);
    ck_assert_int_eq(xsetbv(0, 3), ZX_ERR_INVALID_ARGS);
}
END_TEST

START_TEST(xsetbv_of_user_code_is_a_fault) {
    put_code("\x6a\x23\x68\x00\x00\x06\x00\x6a\x02\x6a\x2b\x68\x24\x00\x02\x00\x48\xcf\x90"
             "\x90" XSETBV); // At 0x20024: CPL 3.
    zx_vcpu_state_t state = {.rax = 3};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 13);
    ck_assert_uint_eq(state.r9, EXECUTE_SLOT + 20);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("msr_tables");
    TCase *tcase = tcase_create("msr");
    tcase_set_timeout(tcase, 100);
    tcase_add_checked_fixture(tcase, execute_start, guest_close);
    tcase_add_test(tcase, every_msr_reads_as_in_the_table);
    tcase_add_test(tcase, every_msr_takes_a_write_as_in_the_table);
    tcase_add_test(tcase, an_ignored_write_is_not_read_back);
    tcase_add_test(tcase, the_apic_base_can_only_be_written_as_it_is);
    tcase_add_test(tcase, x2apic_writes_with_a_high_half_are_refused);
    tcase_add_test(tcase, eoi_and_esr_take_zero_only);
    tcase_add_test(tcase, efer_keeps_its_reserved_bits_and_long_mode);
    tcase_add_test(tcase, a_single_step_over_an_access_to_efer_traps_behind_it);
    tcase_add_test(tcase, what_passes_through_takes_legal_values_only);
    suite_add_tcase(suite, tcase);
    TCase *states = tcase_create("xsetbv");
    tcase_set_timeout(states, 30);
    tcase_add_checked_fixture(states, execute_start, guest_close);
    tcase_add_test(states, xcr0_starts_with_all_that_cpuid_has);
    tcase_add_test(states, xsetbv_changes_what_xgetbv_and_xsave_see);
    tcase_add_test(states, a_bad_xsetbv_is_an_error_and_stays);
    tcase_add_test(states, xsetbv_needs_cr4_osxsave);
    tcase_add_test(states, xsetbv_of_user_code_is_a_fault);
    suite_add_tcase(suite, states);
    return run_suite(suite);
}
