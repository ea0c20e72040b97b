// SPDX-License-Identifier: MIT
//
// Task switches that come to an end before a VMX processor would exit for them, or in the middle of
// what it reads for them (SDM volume 3C, section 25.4.2): through gates, back to the task before,
// and with descriptors and a TSS in memory that is not there or is trapped.

#include "report_port.h"

#include <check.h>
#include <stdbool.h>

// Unless it is resumed elsewhere the instruction comes again.
static void expect_switch(void) {
    expect_status(ZX_ERR_NOT_SUPPORTED);
    const uint64_t stack = read_state().rsp;
    expect_status(ZX_ERR_NOT_SUPPORTED);
    ck_assert_uint_eq(read_state().rsp, stack);
}

static void go_on(void) {
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x41), ZX_OK);
}

START_TEST(a_call_through_a_task_gate_faults_as_its_gate_and_its_task_are) {
    start_real("task_call");
    EXPECT_REPORTS(1);
    EXPECT_REPORTS(13, 0x40, 13, 8, 13, 0, 13, 0x4c, 13, 0xff8, 11, 0x48, 10, 0x48, 10, 0x50);
    EXPECT_REPORTS(11, 0x58, 13, 0x58); // The gate.
    EXPECT_REPORTS(2);
    expect_switch();
    go_on();
    expect_switch();
    go_on();
    EXPECT_REPORTS(3, 13, 0x58);
    expect_switch();
    go_on();
    EXPECT_REPORTS(4);
    // IRET: all but one that is not present are #TS.
    EXPECT_REPORTS(10, 0, 10, 0x4c, 10, 0xff8, 10, 8, 10, 0x48, 11, 0x48, 10, 0x48, 10, 0x50);
    EXPECT_REPORTS(11, 0x50);
    EXPECT_REPORTS(5);
    expect_switch();
    go_on();
    expect_switch();
    go_on();
    EXPECT_REPORTS(6);
    guest_close();
}
END_TEST

// --- Memory that is not there ---

#define WALL 0x600000u
#define ABSENT_FLAG 0x9000u
#define GATE (WALL + 0x10)
#define TYPE_PLACE (WALL + 5)
#define KEY 0x55u

enum { TASK_FREE = 0x81, TASK_BUSY = 0x83 };

// The cases of task_memory.asm: what is read first, and by an instruction of what length.
static const struct {
    uint32_t address;
    uint8_t length;
    uint8_t type;
    bool by_gate; // A gate of the IDT.
    bool external;
} cases[] = {
    {WALL, 7, TASK_FREE, false, false},         // JMP
    {WALL, 7, TASK_FREE, false, false},         // CALL
    {GATE, 7, TASK_FREE, false, false},         // JMP to a gate
    {GATE, 7, TASK_FREE, false, false},         // CALL to a gate
    {WALL, 1, TASK_BUSY, false, false},         // IRET
    {WALL, 2, TASK_FREE, true, false},          // INT
    {WALL + 0x100, 1, TASK_BUSY, false, false}, // IRET from a TSS
    {WALL, 0, TASK_FREE, true, true}, // A vector from outside, which stays pending where it fails
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

static void take_away(void) {
    ck_assert_int_eq(zx_vmar_unmap(vmar, WALL, 0x1000), ZX_OK);
}

static void bring_back(void) {
    const zx_vm_option_t options = ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(vmar, options, WALL, memory, WALL, 0x1000, &address), ZX_OK);
}

// Enters up to the report of the case, with its type in the task's descriptor.
static void come_to(unsigned number) {
    EXPECT_REPORTS(number + 1);
    memory_write(TYPE_PLACE, &cases[number].type, 1);
    if (cases[number].external) {
        ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x60), ZX_OK);
    }
}

// A vector from outside has gone when it has come to a task.
static void expect_switch_of(unsigned number) {
    if (cases[number].external) {
        expect_status(ZX_ERR_NOT_SUPPORTED);
    } else {
        expect_switch();
    }
    go_on();
}

START_TEST(every_task_switch_exits_when_all_is_there) {
    start_real("task_memory");
    for (unsigned i = 0; i < CASE_COUNT; i++) {
        come_to(i);
        expect_switch_of(i);
    }
    EXPECT_REPORTS(9);
    guest_close();
}
END_TEST

START_TEST(a_task_switch_that_reads_where_nothing_is_mapped_comes_again_once_it_is) {
    start_real("task_memory");
    for (unsigned i = 0; i < CASE_COUNT; i++) {
        come_to(i);
        take_away();
        enter_fails(ZX_ERR_NOT_FOUND);
        enter_fails(ZX_ERR_NOT_FOUND);
        bring_back();
        expect_switch_of(i);
    }
    EXPECT_REPORTS(9);
    guest_close();
}
END_TEST

START_TEST(a_task_switch_that_reads_an_absent_page_is_a_page_fault) {
    const uint32_t absent = 1;
    start_real("task_memory");
    memory_write(ABSENT_FLAG, &absent, sizeof absent);
    for (unsigned i = 0; i < CASE_COUNT; i++) {
        come_to(i);
        EXPECT_REPORTS(14, 0, cases[i].address);
    }
    EXPECT_REPORTS(9);
    guest_close();
}
END_TEST

// As other instructions do, one that is left there goes on behind. An event comes again: INT until
// the client takes the guest elsewhere (docs/abi-notes.md).
START_TEST(a_task_switch_that_reads_a_trap_is_an_access_to_it) {
    start_real("task_memory");
    EXPECT_REPORTS(1);
    trap(ZX_GUEST_TRAP_MEM, WALL, 0x1000, ZX_HANDLE_INVALID, KEY);
    for (unsigned i = 0; i < CASE_COUNT; i++) {
        if (i > 0) {
            come_to(i);
        }
        for (int again = 0; !cases[i].external && again <= cases[i].by_gate; again++) {
            const uint64_t stack = read_state().rsp;
            const zx_port_packet_t packet = enter();
            ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
            ck_assert_uint_eq(packet.key, KEY);
            ck_assert_uint_eq(packet.guest_mem.addr, cases[i].address);
            ck_assert_uint_eq(packet.guest_mem.instruction_size,
                              cases[i].by_gate ? 0 : cases[i].length);
            ck_assert_uint_eq(read_state().rsp, stack);
        }
        if (cases[i].external) {
            enter_fails(ZX_ERR_NOT_FOUND);
            enter_fails(ZX_ERR_NOT_FOUND);
        } else if (cases[i].by_gate) {
            go_on();
        }
    }
    guest_close();
}
END_TEST

START_TEST(a_task_switch_that_reads_a_bell_is_not_supported) {
    zx_port_packet_t packet;
    zx_handle_t port = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    start_real("task_memory");
    EXPECT_REPORTS(1);
    trap(ZX_GUEST_TRAP_BELL, WALL, 0x1000, port, KEY);
    for (unsigned i = 0; i < CASE_COUNT; i++) {
        if (i > 0) {
            come_to(i);
        }
        enter_fails(cases[i].external ? ZX_ERR_NOT_FOUND : ZX_ERR_NOT_SUPPORTED);
        if (cases[i].by_gate) {
            go_on();
        }
    }
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_ERR_TIMED_OUT);
    guest_close();
    ck_assert_int_eq(zx_handle_close(port), ZX_OK);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("task_switch");
    TCase *tests = tcase_create("task_switch");
    tcase_add_test(tests, a_call_through_a_task_gate_faults_as_its_gate_and_its_task_are);
    tcase_add_test(tests, every_task_switch_exits_when_all_is_there);
    tcase_add_test(tests, a_task_switch_that_reads_where_nothing_is_mapped_comes_again_once_it_is);
    tcase_add_test(tests, a_task_switch_that_reads_an_absent_page_is_a_page_fault);
    tcase_add_test(tests, a_task_switch_that_reads_a_trap_is_an_access_to_it);
    tcase_add_test(tests, a_task_switch_that_reads_a_bell_is_not_supported);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
