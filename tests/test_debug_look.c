// SPDX-License-Identifier: MIT
//
// What a debugger sees and changes of a guest (zirconia/debug.h): registers, memory, walks of page
// tables, what lies at an address, and what waits to be delivered.

#include "debugger_fixture.h"

START_TEST(registers_come_back_as_they_were_written) {
    start_case(STRAIGHT, false);
    zirconia_registers_t registers = registers_of_vcpu();
    ck_assert_uint_eq(registers.segments[1].selector, 8);
    ck_assert_uint_ne(registers.cr0 >> 31, 0);
    for (unsigned i = 0; i < 16; i++) {
        registers.general[i] = 0x1000 + i;
        memset(registers.xmm[i], (int)i, sizeof registers.xmm[i]);
    }
    registers.rflags |= 0x800;
    registers.kernel_gs_base = 0xffff800000000000;
    registers.segments[5].base = 0x1234;
    memset(registers.x87[1], 0x5a, 10);
    ck_assert_int_eq(zirconia_vcpu_write_registers(vcpu, &registers), ZX_OK);
    const zirconia_registers_t now = registers_of_vcpu();
    ck_assert_mem_eq(&now, &registers, sizeof now);
    close_guest();
}
END_TEST

START_TEST(registers_that_no_vcpu_can_have_are_refused) {
    start_case(STRAIGHT, false);
    const zirconia_registers_t before = registers_of_vcpu();
    zirconia_registers_t registers = before;
    registers.efer = 0x400; // LMA without LME
    ck_assert_int_eq(zirconia_vcpu_write_registers(vcpu, &registers), ZX_ERR_INVALID_ARGS);
    registers = before;
    registers.kernel_gs_base = 1ull << 50;
    ck_assert_int_eq(zirconia_vcpu_write_registers(vcpu, &registers), ZX_ERR_INVALID_ARGS);
    const zirconia_registers_t now = registers_of_vcpu();
    ck_assert_mem_eq(&now, &before, sizeof now);
    close_guest();
}
END_TEST

// The tables of the fixture lie at 0 and 0x1000.
START_TEST(a_look_at_a_linear_address_leaves_no_mark) {
    start_case(STRAIGHT, false);
    const uint64_t page = 0x200000 | 0x83; // A page of 2 MiB, to be written.
    uint64_t physical = 0;
    memory_write(0x1000 + 8, &page, 8); // The second GiB.
    ck_assert_int_eq(zirconia_vcpu_find_linear(vcpu, 0x40012345, &physical), ZX_ERR_NOT_FOUND);
    const uint64_t large = 0x83;
    memory_write(0x1000 + 8, &large, 8);
    ck_assert_int_eq(zirconia_vcpu_find_linear(vcpu, 0x40012345, &physical), ZX_OK);
    ck_assert_uint_eq(physical, 0x12345);
    ck_assert_uint_eq(memory_u64(0x1008), large);
    ck_assert_int_eq(zirconia_vcpu_find_linear(vcpu, 1ull << 50, &physical), ZX_ERR_NOT_FOUND);
    close_guest();
}
END_TEST

static zirconia_walk_t walk_of(uint64_t linear) {
    zirconia_walk_t walk;
    memset(&walk, 0xa5, sizeof walk);
    ck_assert_int_eq(zirconia_vcpu_walk_linear(vcpu, linear, &walk), ZX_OK);
    return walk;
}

START_TEST(a_walk_is_told_entry_by_entry) {
    start_case(STRAIGHT, false);
    zirconia_walk_t walk = walk_of(0x12345);
    ck_assert_uint_eq(walk.result, ZIRCONIA_WALK_MAPPED);
    ck_assert_uint_eq(walk.entry_count, 2);
    ck_assert_uint_eq(walk.entry_size, 8);
    ck_assert_uint_eq(walk.rights,
                      ZIRCONIA_WALK_WRITABLE | ZIRCONIA_WALK_USER | ZIRCONIA_WALK_EXECUTABLE);
    ck_assert_uint_eq(walk.physical, 0x12345);
    ck_assert_uint_eq(walk.entries[0].address, 0);
    ck_assert_uint_eq(walk.entries[0].value, memory_u64(0));
    ck_assert_uint_eq(walk.entries[0].covers, 1ull << 39);
    ck_assert_uint_eq(walk.entries[1].address, 0x1000);
    ck_assert_uint_eq(walk.entries[1].value, memory_u64(0x1000));
    ck_assert_uint_eq(walk.entries[1].covers, 1ull << 30);

    walk = walk_of(0x40012345);
    ck_assert_uint_eq(walk.result, ZIRCONIA_WALK_NOT_PRESENT);
    ck_assert_uint_eq(walk.entry_count, 2);
    ck_assert_uint_eq(walk.entries[1].address, 0x1008);
    ck_assert_uint_eq(walk.physical, 0);
    walk = walk_of(1ull << 50);
    ck_assert_uint_eq(walk.result, ZIRCONIA_WALK_NOT_CANONICAL);
    ck_assert_uint_eq(walk.entry_count, 0);
    close_guest();
}
END_TEST

START_TEST(a_walk_that_fails_is_told_too) {
    const uint64_t reserved = 0x200000 | 0x83;
    const uint64_t no_table = 0x30000000 | 3;
    const uint64_t read_only = 1ull << 63 | 0x81; // It cannot be executed either.
    start_case(STRAIGHT, false);
    memory_write(0x1008, &reserved, 8);
    memory_write(0x1010, &read_only, 8);
    memory_write(8, &no_table, 8);
    zirconia_walk_t walk = walk_of(0x40000000);
    ck_assert_uint_eq(walk.result, ZIRCONIA_WALK_RESERVED);
    ck_assert_uint_eq(walk.entry_count, 2);
    walk = walk_of(0x80000001);
    ck_assert_uint_eq(walk.result, ZIRCONIA_WALK_MAPPED);
    ck_assert_uint_eq(walk.rights, 0);
    ck_assert_uint_eq(walk.physical, 1);
    walk = walk_of((1ull << 39) + 0x40000000);
    ck_assert_uint_eq(walk.result, ZIRCONIA_WALK_NO_TABLE);
    ck_assert_uint_eq(walk.entry_count, 1);
    ck_assert_uint_eq(walk.entries[0].address, 8);
    ck_assert_uint_eq(walk.physical, 0x30000008);
    ck_assert_uint_eq(memory_u64(0x1010), read_only);
    close_guest();
}
END_TEST

static zirconia_physical_t physical_of(uint64_t address) {
    zirconia_physical_t physical;
    memset(&physical, 0xa5, sizeof physical);
    ck_assert_int_eq(zirconia_guest_find_physical(guest, address, &physical), ZX_OK);
    return physical;
}

START_TEST(what_lies_at_a_physical_address_is_told) {
    zx_info_handle_basic_t info;
    zirconia_physical_t unused;
    start_case(STRAIGHT, false);
    ck_assert_int_eq(
        zx_object_get_info(memory, ZX_INFO_HANDLE_BASIC, &info, sizeof info, NULL, NULL), ZX_OK);
    memory_write(DATA, "host", 4);
    zirconia_physical_t physical = physical_of(DATA);
    ck_assert_uint_eq(physical.kind, ZIRCONIA_PHYSICAL_MAPPED);
    ck_assert_uint_eq(physical.permissions,
                      ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE);
    ck_assert_uint_eq(physical.vmo_koid, info.koid);
    ck_assert_uint_eq(physical.vmo_offset, DATA);
    ck_assert_mem_eq(physical.host, "host", 4);

    physical = physical_of(BELL + 0x2008);
    ck_assert_uint_eq(physical.kind, ZIRCONIA_PHYSICAL_BELL);
    ck_assert_uint_eq(physical.trap_key, 2);
    ck_assert_uint_eq(physical.trap_base, BELL + 0x2000);
    ck_assert_uint_eq(physical.trap_size, 0x1000);
    ck_assert_ptr_null(physical.host);
    ck_assert_uint_eq(physical.nested_entry, 0);
    physical = physical_of(EXIT_PAGE);
    ck_assert_uint_eq(physical.kind, ZIRCONIA_PHYSICAL_TRAP);
    const zirconia_physical_t nothing = {0};
    physical = physical_of(MEMORY_SIZE);
    ck_assert_mem_eq(&physical, &nothing, sizeof nothing);
    ck_assert_int_eq(zirconia_guest_find_physical(guest, 1ull << 48, &unused), ZX_ERR_OUT_OF_RANGE);
    close_guest();
}
END_TEST

// The code has run, so an entry leads there; a read-only mapping has no entry before it is used.
START_TEST(nested_entries_are_told_as_they_are) {
    zx_handle_t page = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    start_case(STRAIGHT, false);
    const zirconia_physical_t code = physical_of(ENTRY);
    ck_assert_uint_eq(code.nested_entry & 1, 1);
    ck_assert_uint_ge(code.nested_size, 0x1000);
    ck_assert_int_eq(zx_vmo_create(0x1000, 0, &page), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(vmar, ZX_VM_PERM_READ | ZX_VM_SPECIFIC, 0x20000000, page, 0, 0x1000, &address),
        ZX_OK);
    ck_assert_uint_eq(physical_of(0x20000000).nested_entry, 0);
    const zirconia_physical_t read_only = physical_of(0x20000000);
    ck_assert_uint_eq(read_only.nested_entry & 3, 1);
    ck_assert_uint_eq(read_only.nested_size, 0x1000);
    ck_assert_uint_eq(read_only.permissions, ZX_VM_PERM_READ);
    ck_assert_int_eq(zx_handle_close(page), ZX_OK);
    close_guest();
}
END_TEST

static zirconia_interrupts_t interrupts_of_vcpu(void) {
    zirconia_interrupts_t interrupts;
    memset(&interrupts, 0xa5, sizeof interrupts);
    ck_assert_int_eq(zirconia_vcpu_read_interrupts(vcpu, &interrupts), ZX_OK);
    return interrupts;
}

// Steps until RIP is there.
static void step_to(uint64_t rip) {
    while (registers_of_vcpu().rip != rip) {
        ck_assert_int_eq(step(), ZX_ERR_STOP);
    }
}

START_TEST(what_waits_to_be_delivered_is_told) {
    const uint64_t list = start_case(STRAIGHT, _i != 0);
    enum { STI = 13, BEHIND_STI, BEHIND_NOP };
    zirconia_interrupts_t interrupts = interrupts_of_vcpu();
    ck_assert_uint_eq(interrupts.next, ZIRCONIA_INTERRUPTS_NONE);
    ck_assert_uint_eq(interrupts.flags, 0);
    ck_assert_int_eq(interrupts.timer_left, INT64_MAX);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x50), ZX_OK);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0xff), ZX_OK);
    interrupts = interrupts_of_vcpu();
    ck_assert_uint_eq(interrupts.pending[0], 0);
    ck_assert_uint_eq(interrupts.pending[1], 1ull << 0x10);
    ck_assert_uint_eq(interrupts.pending[2], 0);
    ck_assert_uint_eq(interrupts.pending[3], 1ull << 63);
    ck_assert_uint_eq(interrupts.next, 0xff);
    ck_assert_uint_eq(interrupts.flags, 0);
    step_to(memory_u64(list + 8 * (STI + 1)));
    ck_assert_uint_eq(interrupts_of_vcpu().flags, ZIRCONIA_INTERRUPTS_SHADOW);
    ck_assert_int_eq(step(), ZX_ERR_STOP); // NOP
    interrupts = interrupts_of_vcpu();
    ck_assert_uint_eq(interrupts.flags, ZIRCONIA_INTERRUPTS_OPEN);
    ck_assert_uint_eq(interrupts.next, 0xff);
    ck_assert_int_eq(step(), ZX_ERR_STOP); // Its delivery
    ck_assert_uint_eq(interrupts_of_vcpu().next, 0x50);
    close_guest();
}
END_TEST

START_TEST(a_blocked_nmi_is_told) {
    start_case(STRAIGHT, false);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 2), ZX_OK);
    ck_assert_uint_eq(interrupts_of_vcpu().next, 2);
    ck_assert_int_eq(step(), ZX_ERR_STOP);
    const zirconia_interrupts_t interrupts = interrupts_of_vcpu();
    ck_assert_uint_eq(interrupts.flags, ZIRCONIA_INTERRUPTS_NMI_BLOCKED);
    ck_assert_uint_eq(interrupts.next, ZIRCONIA_INTERRUPTS_NONE);
    close_guest();
}
END_TEST

// Code that was translated already.
START_TEST(memory_is_read_and_written) {
    const uint64_t list = start_case(STRAIGHT, false);
    const uint8_t code[] = {0xb8, 7, 0, 0, 0}; // MOV EAX, 7
    uint8_t bytes[5];
    ck_assert_int_eq(step(), ZX_ERR_STOP);
    ck_assert_int_eq(zirconia_guest_write_memory(guest, memory_u64(list), code, 5), ZX_OK);
    ck_assert_int_eq(zirconia_guest_read_memory(guest, memory_u64(list), bytes, 5), ZX_OK);
    ck_assert_mem_eq(bytes, code, 5);
    zirconia_registers_t registers = registers_of_vcpu();
    registers.rip = memory_u64(list);
    ck_assert_int_eq(zirconia_vcpu_write_registers(vcpu, &registers), ZX_OK);
    ck_assert_int_eq(step(), ZX_ERR_STOP);
    ck_assert_uint_eq(registers_of_vcpu().general[0], 7);
    ck_assert_int_eq(zirconia_guest_read_memory(guest, EXIT_PAGE, bytes, 5), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zirconia_guest_read_memory(guest, EXIT_PAGE - 2, bytes, 5), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zirconia_guest_read_memory(guest, 1ull << 48, bytes, 0), ZX_ERR_OUT_OF_RANGE);
    close_guest();
}
END_TEST

START_TEST(what_runs_is_left_alone) {
    guest_open();
    uint64_t none = 0;
    ck_assert_int_eq(zirconia_guest_read_memory(guest, 0, &none, 8), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, &none, 1), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, NULL, 0), ZX_OK);
    ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, NULL, 0), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    const zirconia_watchpoint_t odd[] = {{.size = 9},
                                         {.size = 0},
                                         {.address = (1ull << 48) - 1, .size = 2},
                                         {.size = 1, .kind = ZIRCONIA_WATCH_ACCESS + 1}};
    for (unsigned i = 0; i < COUNT_OF(odd); i++) {
        ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, &odd[i], 1), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, odd, 17), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, &none, 1025), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zirconia_vcpu_set_stepping(vcpu, 2), ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(stop_of_vcpu().cause, ZIRCONIA_STOP_NONE);
    guest_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("debug_look");
    TCase *tcase = tcase_create("debug_look");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, registers_come_back_as_they_were_written);
    tcase_add_test(tcase, registers_that_no_vcpu_can_have_are_refused);
    tcase_add_test(tcase, a_look_at_a_linear_address_leaves_no_mark);
    tcase_add_test(tcase, a_walk_is_told_entry_by_entry);
    tcase_add_test(tcase, a_walk_that_fails_is_told_too);
    tcase_add_test(tcase, what_lies_at_a_physical_address_is_told);
    tcase_add_test(tcase, nested_entries_are_told_as_they_are);
    tcase_add_loop_test(tcase, what_waits_to_be_delivered_is_told, 0, 2);
    tcase_add_test(tcase, a_blocked_nmi_is_told);
    tcase_add_test(tcase, memory_is_read_and_written);
    tcase_add_test(tcase, what_runs_is_left_alone);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
