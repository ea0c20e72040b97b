// SPDX-License-Identifier: MIT
//
// What a guest sees when its memory changes under it: protection, size and contents of VMOs, and
// one memory in several places (objects ABI 5.1, 5.5; hypervisor ABI 10). Unmapping is in
// test_guest_memory.c.

#include "handles.h"
#include "memory_guest.h"
#include "other_thread.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>

#define EXTRA MEMORY_SIZE // Where a second VMO is mapped.
#define PAGE 0x1000u

// A resizable VMO at EXTRA, with a mapping that is larger.
static zx_handle_t map_extra(uint64_t size) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_handle_t executable = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmo_create(size, ZX_VMO_RESIZABLE, &vmo), ZX_OK);
    ck_assert_int_eq(zx_vmo_replace_as_executable(vmo, ZX_HANDLE_INVALID, &executable), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(vmar, all, EXTRA, executable, 0, 16 * PAGE, &address), ZX_OK);
    return executable;
}

static uint64_t value_at(zx_handle_t vmo, uint64_t offset) {
    uint64_t value = 0x77;
    ck_assert_int_eq(zx_vmo_read(vmo, &value, offset, sizeof value), ZX_OK);
    return value;
}

// --- While the guest runs ---

static void *protect_when_it_runs(void *page) {
    until_it_runs();
    ck_assert_int_eq(zx_vmar_protect(vmar, 0, *(uint64_t *)page, PAGE), ZX_OK);
    return NULL;
}

// Loop: the page that the guest loads from, and the one that its code is in.
START_TEST(protection_reaches_a_running_guest_at_once) {
    uint64_t pages[] = {DATA, ENTRY};
    const uint64_t end = 1;
    zx_port_packet_t packet;
    start(LOAD, DATA);
    const pthread_t thread = start_thread(protect_when_it_runs, &pages[_i]);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
    join_thread(thread);
    const uint64_t count = memory_u64(COUNT);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
    ck_assert_uint_eq(memory_u64(COUNT), count);
    ck_assert_int_eq(zx_vmar_protect(vmar, all & ~(uint32_t)ZX_VM_SPECIFIC, pages[_i], PAGE),
                     ZX_OK);
    memory_write(COUNT + 8, &end, sizeof end);
    enter_to_end();
}
END_TEST

static void *shrink_when_it_runs(void *vmo) {
    until_it_runs();
    ck_assert_int_eq(zx_vmo_set_size(*(zx_handle_t *)vmo, PAGE), ZX_OK);
    return NULL;
}

START_TEST(a_shrinking_vmo_is_gone_from_a_running_guest_at_once) {
    const uint64_t end = 1;
    zx_port_packet_t packet;
    start(LOAD, EXTRA + PAGE);
    zx_handle_t vmo = map_extra(2 * PAGE);
    const pthread_t thread = start_thread(shrink_when_it_runs, &vmo);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
    join_thread(thread);
    const uint64_t count = memory_u64(COUNT);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
    ck_assert_uint_eq(memory_u64(COUNT), count);
    ck_assert_int_eq(zx_vmo_set_size(vmo, 2 * PAGE), ZX_OK);
    memory_write(COUNT + 8, &end, sizeof end);
    enter_to_end();
}
END_TEST

// --- Between runs ---

START_TEST(read_only_memory_becomes_writable_and_back) {
    zx_port_packet_t packet;
    start(STORE_AND_LOAD, DATA);
    ck_assert_int_eq(zx_vmar_protect(vmar, ZX_VM_PERM_READ, DATA, PAGE), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
    ck_assert_uint_eq(memory_u64(DATA), 0);
    ck_assert_int_eq(zx_vmar_protect(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, DATA, PAGE), ZX_OK);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(DATA), 0x5555);
    ck_assert_int_eq(zx_vmar_protect(vmar, ZX_VM_PERM_READ, DATA, PAGE), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
}
END_TEST

START_TEST(code_that_loses_execution_stops_the_guest) {
    zx_port_packet_t packet;
    start(STORE_AND_LOAD, DATA);
    enter_to_end();
    ck_assert_int_eq(zx_vmar_protect(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, ENTRY, PAGE), ZX_OK);
    const zx_vcpu_state_t before = read_state();
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
    ck_assert_uint_eq(read_state().rbx, before.rbx);
    ck_assert_int_eq(zx_vmar_protect(vmar, all & ~(uint32_t)ZX_VM_SPECIFIC, ENTRY, PAGE), ZX_OK);
    enter_to_end();
}
END_TEST

START_TEST(a_guest_uses_what_a_vmo_has_grown_by) {
    zx_port_packet_t packet;
    start(STORE_AND_LOAD, EXTRA + PAGE);
    const zx_handle_t vmo = map_extra(PAGE);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
    for (uint64_t pages = 2; pages < 8; pages++) {
        ck_assert_int_eq(zx_vmo_set_size(vmo, pages * PAGE), ZX_OK);
        zx_vcpu_state_t state = read_state();
        state.rdi = EXTRA + (pages - 1) * PAGE;
        state.rax = pages;
        write_state(&state);
        enter_to_end();
        ck_assert_uint_eq(read_state().rbx, pages);
        ck_assert_uint_eq(value_at(vmo, (pages - 1) * PAGE), pages);
    }
    ck_assert_uint_eq(value_at(vmo, 3 * PAGE), 4);
}
END_TEST

START_TEST(what_a_vmo_had_before_it_shrank_reads_as_zero) {
    start(STORE_AND_LOAD, EXTRA + PAGE);
    const zx_handle_t vmo = map_extra(2 * PAGE);
    enter_to_end();
    ck_assert_uint_eq(value_at(vmo, PAGE), 0x5555);
    ck_assert_int_eq(zx_vmo_set_size(vmo, 0), ZX_OK);
    ck_assert_int_eq(zx_vmo_set_size(vmo, 2 * PAGE), ZX_OK);
    ck_assert_uint_eq(value_at(vmo, PAGE), 0);
    enter_to_end();
    ck_assert_uint_eq(value_at(vmo, PAGE), 0x5555);
}
END_TEST

// The code is gone, though it was translated: zeros are `add [rax], al`, which then hits the trap.
START_TEST(code_that_is_made_zero_runs_no_more) {
    const uint32_t operations[] = {ZX_VMO_OP_ZERO, ZX_VMO_OP_DECOMMIT};
    start(STORE_AND_LOAD, DATA);
    enter_to_end();
    zx_vcpu_state_t state = read_state();
    state.rax = EXIT_PAGE;
    write_state(&state);
    ck_assert_int_eq(zx_vmo_op_range(memory, operations[_i], ENTRY, PAGE, NULL, 0), ZX_OK);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(DATA), 0x5555);
    ck_assert_uint_eq(memory_u64(ENTRY), 0);
}
END_TEST

// --- In the middle of what the guest reached as a whole ---

#define MIDDLE (DATA + 0x100000u)

enum change { UNMAPPED, READ_ONLY, TRAPPED, CHANGES };

static void change_middle(enum change change) {
    switch (change) {
    case UNMAPPED:
        ck_assert_int_eq(zx_vmar_unmap(vmar, MIDDLE, PAGE), ZX_OK);
        return;
    case READ_ONLY:
        ck_assert_int_eq(zx_vmar_protect(vmar, ZX_VM_PERM_READ, MIDDLE, PAGE), ZX_OK);
        return;
    case TRAPPED:
        ck_assert_int_eq(
            zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, MIDDLE, PAGE, ZX_HANDLE_INVALID, 7), ZX_OK);
        return;
    case CHANGES:
        break;
    }
}

// Wherever the guest stands: to the end of its round, and another.
static void expect_store(uint64_t address, uint64_t value) {
    aim(STORE_AND_LOAD, address, value);
    enter_to_end();
    enter_to_end();
    ck_assert_uint_eq(memory_u64(address), value);
}

START_TEST(a_page_in_the_middle_changes_alone) {
    const zx_status_t expected[] = {ZX_ERR_NOT_FOUND, ZX_ERR_ACCESS_DENIED, ZX_OK};
    zx_port_packet_t packet;
    start(STORE_AND_LOAD, DATA);
    enter_to_end();
    expect_store(MIDDLE, 1);
    change_middle((enum change)_i);
    aim(STORE_AND_LOAD, MIDDLE, 2);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), expected[_i]);
    ck_assert_uint_eq(memory_u64(MIDDLE), 1);
    if (_i == TRAPPED) {
        ck_assert_uint_eq(packet.key, 7);
        ck_assert_uint_eq(packet.guest_mem.addr, MIDDLE);
    }
    expect_store(MIDDLE - 8, 3);
    expect_store(MIDDLE + PAGE, 4);
    expect_store(DATA, 5);
    ck_assert_uint_eq(memory_u64(MIDDLE), 1);
}
END_TEST

// Memory that is in two places is made read-only in one of them.
START_TEST(a_page_in_the_middle_changes_in_one_place_alone) {
    zx_vaddr_t address = 0;
    zx_port_packet_t packet;
    start(STORE_AND_LOAD, DATA);
    ck_assert_int_eq(zx_vmar_map(vmar, all, EXTRA, memory, DATA, 0x200000, &address), ZX_OK);
    enter_to_end();
    aim(STORE_AND_LOAD, EXTRA, 1);
    enter_to_end();
    enter_to_end();
    change_middle(READ_ONLY);
    aim(STORE_AND_LOAD, EXTRA + (MIDDLE - DATA), 2);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(MIDDLE), 2);
    aim(STORE_AND_LOAD, MIDDLE, 3);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
    ck_assert_uint_eq(memory_u64(MIDDLE), 2);
}
END_TEST

// --- One memory ---

START_TEST(one_vmo_in_the_host_twice_in_a_guest_and_as_a_slice) {
    zx_handle_t slice = ZX_HANDLE_INVALID;
    zx_vaddr_t host = 0;
    zx_vaddr_t address = 0;
    const uint32_t both = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    start(STORE_AND_LOAD, EXTRA);
    ck_assert_int_eq(zx_vmar_map(vmar, both | ZX_VM_SPECIFIC, EXTRA, memory, DATA, PAGE, &address),
                     ZX_OK);
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), both, 0, memory, DATA, PAGE, &host), ZX_OK);
    ck_assert_int_eq(zx_vmo_create_child(memory, ZX_VMO_CHILD_SLICE, DATA, PAGE, &slice), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(vmar, both | ZX_VM_SPECIFIC, EXTRA + PAGE, slice, 0, 2 * PAGE, &address),
        ZX_OK);
    enter_to_end(); // Through the second mapping.
    ck_assert_uint_eq(*(volatile uint64_t *)host, 0x5555);
    ck_assert_uint_eq(memory_u64(DATA), 0x5555);
    const uint64_t places[] = {DATA, EXTRA, EXTRA + PAGE};
    for (uint64_t i = 0; i < 3; i++) {
        zx_vcpu_state_t state = read_state();
        state.rdi = places[i];
        state.rax = i + 1;
        write_state(&state);
        enter_to_end();
        ck_assert_uint_eq(*(volatile uint64_t *)host, i + 1);
        ck_assert_uint_eq(value_at(slice, 0), i + 1);
    }
    zx_port_packet_t packet;
    zx_vcpu_state_t state = read_state();
    state.rdi = EXTRA + 2 * PAGE; // Beyond the slice.
    write_state(&state);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), host, PAGE), ZX_OK);
}
END_TEST

// A guest that patches its code through another mapping of a slice must run the new code.
START_TEST(code_changed_through_a_slice_is_seen) {
    zx_handle_t slice = ZX_HANDLE_INVALID;
    const uint64_t zero = 0;
    start(STORE_AND_LOAD, DATA);
    enter_to_end();
    ck_assert_int_eq(zx_vmo_create_child(memory, ZX_VMO_CHILD_SLICE, ENTRY, PAGE, &slice), ZX_OK);
    zx_vcpu_state_t state = read_state();
    state.rax = EXIT_PAGE;
    write_state(&state);
    uint8_t code[PAGE];
    memset(code, 0, sizeof code);
    ck_assert_int_eq(zx_vmo_write(slice, code, 0, sizeof code), ZX_OK);
    memory_write(DATA, &zero, sizeof zero);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(DATA), 0);
}
END_TEST

// A guest has all pages of a clone from the moment on when it is mapped, and the process sees them.
START_TEST(a_clone_of_2018_in_a_guest_is_a_copy_from_then_on) {
    const size_t page = platform_page_size();
    const zx_handle_t parent = new_vmo(2 * page, ZX_VMO_RESIZABLE);
    zx_handle_t clone = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    zx_vaddr_t mapped = 0;
    const uint32_t both = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    const uint64_t values[] = {1, 2};
    uint64_t value = 0;
    start(STORE_AND_LOAD, EXTRA + 8);
    ck_assert_int_eq(zx_vmo_clone(parent, 1, 0, 2 * page, &clone), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), both, 0, clone, 0, 2 * page, &mapped), ZX_OK);
    ck_assert_int_eq(zx_vmo_write(parent, &values[0], 0, 8), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(vmar, both | ZX_VM_SPECIFIC, EXTRA, clone, 0, 2 * page, &address),
                     ZX_OK);
    ck_assert_int_eq(zx_vmo_write(parent, &values[1], 0, 8), ZX_OK);
    enter_to_end();
    ck_assert_int_eq(zx_vmo_read(clone, &value, 0, 8), ZX_OK);
    ck_assert_uint_eq(value, 1);
    ck_assert_uint_eq(((volatile uint64_t *)mapped)[0], 1);
    ck_assert_uint_eq(((volatile uint64_t *)mapped)[1], 0x5555);
    ck_assert_int_eq(zx_vmo_read(parent, &value, 8, 8), ZX_OK);
    ck_assert_uint_eq(value, 0);
    ck_assert_int_eq(zirconia_2018_vmo_op_range(clone, ZX_VMO_OP_DECOMMIT, 0, page, NULL, 0),
                     ZX_OK);
    aim(STORE_AND_LOAD, EXTRA + page, 0x6666);
    enter_to_end();
    ck_assert_int_eq(zx_vmo_read(clone, &value, 0, 8), ZX_OK);
    ck_assert_uint_eq(value, 2); // As the parent was when the page was given back.
    ck_assert_uint_eq(((volatile uint64_t *)mapped)[page / 8], 0x6666);
    zx_vmar_unmap(zx_vmar_root_self(), mapped, 2 * page);
}
END_TEST

START_TEST(a_region_destroyed_takes_its_memory_from_the_guest) {
    zx_handle_t region = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    zx_port_packet_t packet;
    const uint32_t both = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    start(STORE_AND_LOAD, EXTRA + PAGE);
    ck_assert_int_eq(zx_vmar_allocate(vmar,
                                      ZX_VM_SPECIFIC | ZX_VM_CAN_MAP_SPECIFIC | ZX_VM_CAN_MAP_READ |
                                          ZX_VM_CAN_MAP_WRITE,
                                      EXTRA, 4 * PAGE, &region, &address),
                     ZX_OK);
    ck_assert_uint_eq(address, EXTRA);
    ck_assert_int_eq(zx_vmar_map(region, both | ZX_VM_SPECIFIC, PAGE, memory, DATA, PAGE, &address),
                     ZX_OK);
    ck_assert_uint_eq(address, EXTRA + PAGE);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(DATA), 0x5555);
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_vmar_destroy(vmar), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_FOUND); // The code is gone too.
    ck_assert_int_eq(zx_vmar_map(vmar, both | ZX_VM_SPECIFIC, EXTRA, memory, DATA, PAGE, &address),
                     ZX_ERR_BAD_STATE);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("memory changes");
    TCase *tcase = tcase_create("memory changes");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, protection_reaches_a_running_guest_at_once, 0, 2);
    tcase_add_test(tcase, a_shrinking_vmo_is_gone_from_a_running_guest_at_once);
    tcase_add_test(tcase, read_only_memory_becomes_writable_and_back);
    tcase_add_test(tcase, code_that_loses_execution_stops_the_guest);
    tcase_add_test(tcase, a_guest_uses_what_a_vmo_has_grown_by);
    tcase_add_test(tcase, what_a_vmo_had_before_it_shrank_reads_as_zero);
    tcase_add_loop_test(tcase, code_that_is_made_zero_runs_no_more, 0, 2);
    tcase_add_loop_test(tcase, a_page_in_the_middle_changes_alone, 0, CHANGES);
    tcase_add_test(tcase, a_page_in_the_middle_changes_in_one_place_alone);
    tcase_add_test(tcase, one_vmo_in_the_host_twice_in_a_guest_and_as_a_slice);
    tcase_add_test(tcase, code_changed_through_a_slice_is_seen);
    tcase_add_test(tcase, a_clone_of_2018_in_a_guest_is_a_copy_from_then_on);
    tcase_add_test(tcase, a_region_destroyed_takes_its_memory_from_the_guest);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
