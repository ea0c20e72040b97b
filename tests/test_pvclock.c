// SPDX-License-Identifier: MIT
//
// The paravirtual clocks (hypervisor ABI 9) and clock pairing (5.11).

#include "execute.h"
#include "other_thread.h"

#include <stdlib.h>

#define SYSTEM_TIME 0x4b564d01u
#define SYSTEM_TIME_OLD 0x12u
#define WALL_CLOCK 0x4b564d00u
#define WALL_CLOCK_OLD 0x11u

#define CLOCK 0x40000u
#define PAIRING 9u

struct system_time {
    uint32_t version;
    uint32_t padding1;
    uint64_t tsc_timestamp;
    uint64_t system_time;
    uint32_t multiplier;
    int8_t shift;
    uint8_t flags;
    uint8_t padding2[2];
};

static struct system_time clock_at(uint64_t address) {
    struct system_time time;
    ck_assert_int_eq(zx_vmo_read(memory, &time, address, sizeof time), ZX_OK);
    return time;
}

static void fill(uint64_t address, size_t size) {
    uint8_t bytes[256];
    ck_assert_uint_le(size, sizeof bytes);
    memset(bytes, 0xa5, size);
    memory_write(address, bytes, size);
}

static uint8_t byte_at(uint64_t address) {
    return (uint8_t)memory_u64(address);
}

START_TEST(the_clock_has_the_scale_of_the_tsc) {
    fill(CLOCK - 8, 48);
    write_msr(SYSTEM_TIME, CLOCK | 1);
    const struct system_time time = clock_at(CLOCK);
    ck_assert_uint_eq(time.multiplier, 0x80000000u);
    ck_assert_int_eq(time.shift, 1);
    ck_assert_uint_eq(time.flags, 1);
    ck_assert_uint_eq(time.padding1, 0);
    ck_assert_uint_eq(time.padding2[0] | time.padding2[1], 0);
    ck_assert_uint_eq(byte_at(CLOCK - 1), 0xa5);
    ck_assert_uint_eq(byte_at(CLOCK + 32), 0xa5);
}
END_TEST

START_TEST(every_entry_tells_the_monotonic_time) {
    write_msr(SYSTEM_TIME, CLOCK | 1);
    put_code("\x90");
    uint32_t version = clock_at(CLOCK).version;
    for (int i = 0; i < 100; i++) {
        zx_vcpu_state_t state = {0};
        const zx_time_t before = zx_clock_get_monotonic();
        run_code(&state);
        const zx_time_t after = zx_clock_get_monotonic();
        const struct system_time time = clock_at(CLOCK);
        ck_assert_int_ge((int64_t)time.system_time, before);
        ck_assert_int_le((int64_t)time.system_time, after);
        ck_assert_int_ge((int64_t)time.tsc_timestamp, before);
        ck_assert_int_le((int64_t)time.tsc_timestamp, after);
        ck_assert_uint_eq(time.version & 1, 0);
        ck_assert_uint_gt(time.version, version);
        version = time.version;
    }
}
END_TEST

START_TEST(both_numbers_of_the_register_work) {
    write_msr(SYSTEM_TIME_OLD, (CLOCK + 0x100) | 1);
    ck_assert_uint_ne(clock_at(CLOCK + 0x100).system_time, 0);
    write_msr(SYSTEM_TIME, CLOCK | 1);
    const uint32_t version = clock_at(CLOCK + 0x100).version;
    put_code("\x90");
    zx_vcpu_state_t state = {0};
    run_code(&state);
    ck_assert_uint_eq(clock_at(CLOCK + 0x100).version, version); // There is one clock.
}
END_TEST

START_TEST(the_clock_stops_and_its_version_goes_on) {
    write_msr(SYSTEM_TIME, CLOCK | 1);
    put_code("\x90");
    zx_vcpu_state_t state = {0};
    run_code(&state);
    write_msr(SYSTEM_TIME, CLOCK);
    const uint32_t version = clock_at(CLOCK).version;
    fill(CLOCK, 32);
    put_code("\x90");
    run_code(&state);
    ck_assert_uint_eq(byte_at(CLOCK), 0xa5);
    write_msr(SYSTEM_TIME, CLOCK | 1);
    ck_assert_uint_gt(clock_at(CLOCK).version, version);
    ck_assert_uint_lt(clock_at(CLOCK).version, version + 20);
}
END_TEST

START_TEST(the_clock_may_lie_across_pages) {
    const uint64_t address = CLOCK + 0x1000 - 10;
    write_msr(SYSTEM_TIME, address | 1);
    const zx_time_t now = zx_clock_get_monotonic();
    ck_assert_int_le((int64_t)clock_at(address).system_time, now);
    ck_assert_int_gt((int64_t)clock_at(address).system_time, now - ZX_SEC(60));
    ck_assert_uint_eq(clock_at(address).flags, 1);
}
END_TEST

START_TEST(the_clock_outlives_its_mapping) {
    write_msr(SYSTEM_TIME, CLOCK | 1);
    ck_assert_int_eq(zx_vmar_unmap(vmar, CLOCK, 0x1000), ZX_OK);
    const uint64_t before = clock_at(CLOCK).system_time;
    put_code("\x90");
    zx_vcpu_state_t state = {0};
    run_code(&state);
    ck_assert_uint_gt(clock_at(CLOCK).system_time, before);
}
END_TEST

static const struct {
    uint64_t address;
    zx_status_t status;
} bad[] = {
    {1ull << 48, ZX_ERR_INVALID_ARGS},     {UINT64_MAX - 0xfff, ZX_ERR_INVALID_ARGS},
    {MEMORY_SIZE, ZX_ERR_NOT_FOUND},       {EXIT_PAGE, ZX_ERR_NOT_FOUND},
    {(1ull << 48) - 64, ZX_ERR_NOT_FOUND}, {EXIT_PAGE - 8, ZX_ERR_OUT_OF_RANGE},
    {EXIT_PAGE - 10, ZX_ERR_OUT_OF_RANGE}, {EXIT_PAGE - 11, ZX_ERR_OUT_OF_RANGE},
};

// The error comes behind the instruction: the next run goes on.
static void check_errors(uint32_t msr, uint64_t low_bit) {
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        zx_port_packet_t packet;
        ck_assert_int_eq(enter_write_msr(msr, bad[i].address | low_bit, &packet), bad[i].status);
        enter_to_end();
        ck_assert_uint_eq(read_state().r10, NO_VECTOR);
    }
}

START_TEST(a_clock_outside_of_a_mapping_is_an_error_after_the_instruction) {
    check_errors(SYSTEM_TIME, 1);
    check_errors(SYSTEM_TIME_OLD, 1);
    write_msr(SYSTEM_TIME, (EXIT_PAGE - 32) | 1);
    ck_assert_uint_ne(clock_at(EXIT_PAGE - 32).system_time, 0);
}
END_TEST

START_TEST(a_wall_clock_outside_of_a_mapping_is_an_error_after_the_instruction) {
    check_errors(WALL_CLOCK, 0);
    check_errors(WALL_CLOCK_OLD, 0);
    write_msr(WALL_CLOCK, EXIT_PAGE - 12);
}
END_TEST

START_TEST(stopping_needs_no_address) {
    write_msr(SYSTEM_TIME, 0);
    write_msr(SYSTEM_TIME, 1ull << 48);
    write_msr(SYSTEM_TIME_OLD, MEMORY_SIZE);
}
END_TEST

START_TEST(the_wall_clock_is_zero) {
    static const uint32_t msrs[] = {WALL_CLOCK, WALL_CLOCK_OLD};
    for (size_t i = 0; i < 2; i++) {
        fill(CLOCK, 16);
        write_msr(msrs[i], CLOCK);
        ck_assert_uint_eq(memory_u64(CLOCK), 0);
        ck_assert_uint_eq(memory_u64(CLOCK + 8), 0xa5a5a5a500000000);
    }
}
END_TEST

// --- Clock pairing ---

static int64_t pair_clocks(uint64_t address, uint64_t type) {
    put_code(VMCALL);
    zx_vcpu_state_t state = {.rax = PAIRING, .rbx = address, .rcx = type};
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    return (int64_t)state.rax;
}

START_TEST(pairing_gives_one_moment_in_both_clocks) {
    fill(CLOCK, 72);
    const zx_time_t before = zx_clock_get_monotonic();
    ck_assert_int_eq(pair_clocks(CLOCK, 0), 0);
    const zx_time_t after = zx_clock_get_monotonic();
    const uint64_t time = memory_u64(CLOCK) * 1000000000 + memory_u64(CLOCK + 8);
    ck_assert_int_ge((int64_t)time, before);
    ck_assert_int_le((int64_t)time, after);
    ck_assert_uint_lt(memory_u64(CLOCK + 8), 1000000000);
    ck_assert_uint_eq(memory_u64(CLOCK + 16), time); // The TSC counts the same nanoseconds.
    for (uint64_t offset = 24; offset < 64; offset += 8) {
        ck_assert_uint_eq(memory_u64(CLOCK + offset), 0);
    }
    ck_assert_uint_eq(byte_at(CLOCK + 64), 0xa5);
}
END_TEST

START_TEST(pairing_refuses_other_clocks_and_bad_addresses) {
    ck_assert_int_eq(pair_clocks(CLOCK, 1), -95);
    ck_assert_int_eq(pair_clocks(CLOCK, 1ull << 32), -95);
    ck_assert_int_eq(pair_clocks(MEMORY_SIZE, 1), -95);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(pair_clocks(bad[i].address, 0), -14);
    }
    ck_assert_int_eq(pair_clocks(EXIT_PAGE - 63, 0), -14);
    ck_assert_int_eq(pair_clocks(EXIT_PAGE - 64, 0), 0);
}
END_TEST

START_TEST(a_clock_in_read_only_memory_is_an_error) {
    const zx_vm_option_t options = ZX_VM_SPECIFIC_OVERWRITE | ZX_VM_PERM_READ;
    zx_vaddr_t mapped = 0;
    ck_assert_int_eq(zx_vmar_map(vmar, options, CLOCK, memory, CLOCK, 0x1000, &mapped), ZX_OK);
    zx_port_packet_t packet;
    ck_assert_int_eq(pair_clocks(CLOCK, 0), -14);
    ck_assert_int_eq(enter_write_msr(SYSTEM_TIME, CLOCK | 1, &packet), ZX_ERR_NOT_FOUND);
}
END_TEST

// --- As a guest uses it ---

START_TEST(time_never_goes_back) {
    guest_start("pvclock");
    enter_to_end();
    zx_vcpu_state_t state = read_state();
    state.rcx = 200000;
    state.rdx = 20000;
    write_state(&state);
    const zx_time_t before = zx_clock_get_monotonic();
    enter_to_end();
    const zx_time_t after = zx_clock_get_monotonic();
    state = read_state();
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_int_ge((int64_t)state.r10, before);
    ck_assert_int_le((int64_t)state.r10, after);
    guest_close();
}
END_TEST

START_TEST(another_vcpu_never_sees_half_of_an_update) {
    guest_start("pvclock_shared");
    trap(ZX_GUEST_TRAP_IO, 0x11, 1, ZX_HANDLE_INVALID, 0);
    const pthread_t thread = start_thread(run_real_mode_vcpu, NULL);
    enter_to_end();
    join_thread(thread);
    ck_assert_uint_eq((uint32_t)memory_u64(0x8004), 1);
    ck_assert_uint_eq((uint32_t)memory_u64(0x8008), 0);
    ck_assert_uint_gt(clock_at(0x9000).version, 2);
    guest_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("pvclock");
    TCase *tcase = tcase_create("clocks");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, execute_start, guest_close);
    tcase_add_test(tcase, the_clock_has_the_scale_of_the_tsc);
    tcase_add_test(tcase, every_entry_tells_the_monotonic_time);
    tcase_add_test(tcase, both_numbers_of_the_register_work);
    tcase_add_test(tcase, the_clock_stops_and_its_version_goes_on);
    tcase_add_test(tcase, the_clock_may_lie_across_pages);
    tcase_add_test(tcase, the_clock_outlives_its_mapping);
    tcase_add_test(tcase, a_clock_outside_of_a_mapping_is_an_error_after_the_instruction);
    tcase_add_test(tcase, a_wall_clock_outside_of_a_mapping_is_an_error_after_the_instruction);
    tcase_add_test(tcase, stopping_needs_no_address);
    tcase_add_test(tcase, the_wall_clock_is_zero);
    tcase_add_test(tcase, pairing_gives_one_moment_in_both_clocks);
    tcase_add_test(tcase, pairing_refuses_other_clocks_and_bad_addresses);
    tcase_add_test(tcase, a_clock_in_read_only_memory_is_an_error);
    suite_add_tcase(suite, tcase);
    TCase *guests = tcase_create("guest");
    tcase_set_timeout(guests, 60);
    tcase_add_test(guests, time_never_goes_back);
    tcase_add_test(guests, another_vcpu_never_sees_half_of_an_update);
    suite_add_tcase(suite, guests);
    return run_suite(suite);
}
