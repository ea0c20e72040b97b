// SPDX-License-Identifier: MIT
//
// The state in which VCPUs start, register by register, as the guest finds it with its first
// instructions (hypervisor ABI 4.1 to 4.3).

#include "report_port.h"

#include <stdbool.h>
#include <string.h>

struct value {
    const char *name;
    uint64_t boot;
    uint64_t application;
};

// What the programs store where the processor has no such register.
#define NONE 0

// The order of guests/reset_values.inc.
static const struct value values[] = {
    {"RAX", 0, 0},
    {"RCX", 0, 0},
    {"RDX", 0, 0},
    {"RBX", 0, 0},
    {"RSP", 0, 0},
    {"RBP", 0, 0},
    {"RSI", 0, 0},
    {"RDI", 0, 0},
    {"R8", 0, NONE},
    {"R9", 0, NONE},
    {"R10", 0, NONE},
    {"R11", 0, NONE},
    {"R12", 0, NONE},
    {"R13", 0, NONE},
    {"R14", 0, NONE},
    {"R15", 0, NONE},
    {"RFLAGS", 2, 2},
    {"CS", 0, 0x800},
    {"DS", 0, 0},
    {"ES", 0, 0},
    {"FS", 0, 0},
    {"GS", 0, 0},
    {"SS", 0, 0},
    {"CR0", 0x80010011, 0x10010},
    {"CR2", 0, 0},
    {"CR3", 0, 0},
    {"CR4", 0x502a0, 0x50200},
    {"DR0", 0, 0},
    {"DR1", 0, 0},
    {"DR2", 0, 0},
    {"DR3", 0, 0},
    {"DR6", 0xffff0ff0, 0xffff0ff0},
    {"DR7", 0x400, 0x400},
    {"GDTR limit", 0xffff, 0xffff},
    {"GDTR base", 0, 0},
    {"IDTR limit", 0xffff, 0xffff},
    {"IDTR base", 0, 0},
    {"SYSENTER_CS", 0, 0},
    {"SYSENTER_ESP", 0, 0},
    {"SYSENTER_EIP", 0, 0},
    {"PAT", 0x0107040600070406, 0x0107040600070406},
    {"EFER", 0xd01, 0x801},
    {"STAR", 0, 0},
    {"LSTAR", 0, 0},
    {"SFMASK", 0, 0},
    {"FS base", 0, 0},
    {"GS base", 0, 0},
    {"KERNEL_GS_BASE", 0, 0},
    {"TSC_AUX", 0, 0},
    {"IA32_APIC_BASE", 0xfee00d00, 0xfee00c00},
    {"LVT timer", 0x10000, 0x10000},
    {"XCR0", 3, 3},
    {"LDTR", 0, 0},
    {"TR", 0, 0},
    {"CR8", 0, NONE},
    {"limit of the LDT's last descriptor", 0xffffffff, 0xffffffff},
    {"at base of DS", 0, 0x600dbeef},
    {"at base of ES", 0, 0x600dbeef},
    {"at base of FS", 0, 0x600dbeef},
    {"at base of GS", 0, 0x600dbeef},
    {"at base of SS", 0, 0x600dbeef},
};

enum { VALUE_COUNT = sizeof values / sizeof values[0] };

// Where the LDT's last descriptor is if its base is 0 and its limit 0xffff: flat data.
static void put_last_descriptor(void) {
    const uint64_t flat = 0x00cf93000000ffff;
    memory_write(0xfff8, &flat, sizeof flat);
}

static void check_values(uint64_t address, bool boot) {
    for (unsigned i = 0; i < VALUE_COUNT; i++) {
        const uint64_t value = memory_u64(address + 8 * i);
        const uint64_t expected = boot ? values[i].boot : values[i].application;
        ck_assert_msg(value == expected, "%s is %#llx, not %#llx", values[i].name,
                      (unsigned long long)value, (unsigned long long)expected);
    }
}

START_TEST(a_boot_processor_starts_with_the_specified_registers) {
    guest_start("reset_long");
    put_last_descriptor();
    enter_to_end();
    check_values(0x20000, true);
    guest_close();
}
END_TEST

static void run_application_processor(void) {
    const uint32_t value = 0x600dbeef;
    start_real("reset_real");
    put_last_descriptor();
    memory_write(0xffc, &value, sizeof value);
    ck_assert_uint_eq(next_report(), value);
}

START_TEST(an_application_processor_starts_with_the_specified_registers) {
    run_application_processor();
    check_values(0x4000, false);
    guest_close();
}
END_TEST

// After FNINIT, with MXCSR at 0x1f80: the offsets are FXSAVE's.
static void check_floating_point(uint64_t address) {
    uint8_t area[512];
    uint8_t expected[416] = {0x7f, 0x03, [24] = 0x80, 0x1f};
    ck_assert_int_eq(zx_vmo_read(memory, area, address, sizeof area), ZX_OK);
    memcpy(expected + 28, area + 28, 4); // MXCSR_MASK tells what the processor has.
    ck_assert_mem_eq(area, expected, sizeof expected);
}

START_TEST(floating_point_state_starts_initialised) {
    guest_start("reset_long");
    enter_to_end();
    check_floating_point(0x20800);
    guest_close();
    run_application_processor();
    check_floating_point(0x4800);
    guest_close();
}
END_TEST

// Loop: the last port whose bit pair lies inside of the task state segment, and the first beyond.
START_TEST(the_task_register_starts_at_base_0_with_limit_ffff) {
    const uint16_t map = 0xfffe; // The bits of ports 0 to 7 end at 0xffff.
    const uint64_t stack = 0xa0000;
    guest_start("reset_task");
    trap(ZX_GUEST_TRAP_IO, 0, 16, ZX_HANDLE_INVALID, 0);
    memory_write(0x24, &stack, sizeof stack);
    memory_write(0x66, &map, sizeof map);
    const zx_vcpu_state_t state = {.rdx = _i == 0 ? 7 : 8};
    write_state(&state);
    if (_i == 0) {
        ck_assert_uint_eq(enter().type, ZX_PKT_TYPE_GUEST_IO);
    }
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, _i == 0 ? 0 : 13);
    guest_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("reset");
    TCase *tcase = tcase_create("reset");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_boot_processor_starts_with_the_specified_registers);
    tcase_add_test(tcase, an_application_processor_starts_with_the_specified_registers);
    tcase_add_test(tcase, floating_point_state_starts_initialised);
    tcase_add_loop_test(tcase, the_task_register_starts_at_base_0_with_limit_ffff, 0, 2);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
