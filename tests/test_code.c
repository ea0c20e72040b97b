// SPDX-License-Identifier: MIT
//
// Code that changes, from every side, and code at linear address 0. A guest always executes what
// its memory holds, as a processor does: at once for its own stores, at its next entry at the
// latest for the client's.

#include "guest_fixture.h"
#include "other_thread.h"
#include "sanitized.h"

#include <sched.h>
#include <stdlib.h>
#include <zirconia/virtual_time.h>

// The places in the list of patch.asm.
enum change {
    FUNCTION,
    NEXT_INSTRUCTION,
    OWN_LOOP,
    STRING_STORE,
    DATA_BESIDE,
    REPORT,
    CALL_ONCE,
    BRANCH,
};

enum { ROUNDS = THREAD_SANITIZED ? 1000 : 10000 };

#define OTHER_PAGE 0x12000u
#define SAME_PAGE 0x10e00u
#define TWO_PAGES 0x12ffdu // The immediate goes over the end of the page.
#define ALIAS MEMORY_SIZE

// mov eax, value; ret
static void write_function(uint64_t address, uint32_t value) {
    uint8_t code[6] = {0xb8, 0, 0, 0, 0, 0xc3};
    for (unsigned i = 0; i < 4; i++) {
        code[1 + i] = (uint8_t)(value >> 8 * i);
    }
    memory_write(address, code, sizeof code);
}

// Maps the guest's memory a second time.
static void map_alias(void) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(
        zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE,
                    ALIAS, memory, 0, EXIT_PAGE, &address),
        ZX_OK);
}

static void start(enum change change, uint64_t stored_at, uint64_t called_at) {
    guest_start("patch");
    map_alias();
    write_function(called_at % ALIAS, 0);
    const zx_vcpu_state_t state = {
        .rdx = change, .rcx = ROUNDS, .rdi = stored_at, .rsi = called_at};
    write_state(&state);
}

static const struct {
    uint64_t stored_at;
    uint64_t called_at;
} places[] = {
    {OTHER_PAGE, OTHER_PAGE},         // Directly.
    {SAME_PAGE, SAME_PAGE},           // In the page of the store itself.
    {TWO_PAGES, TWO_PAGES},           // Over the end of a page.
    {ALIAS + OTHER_PAGE, OTHER_PAGE}, // Through another address of the same memory.
    {ALIAS + SAME_PAGE, SAME_PAGE},   // Through another address, in the page of the store.
    {OTHER_PAGE, ALIAS + OTHER_PAGE}, // Called through another address.
    {ALIAS + TWO_PAGES, TWO_PAGES},
};

START_TEST(a_function_that_is_stored_to_runs_as_stored) {
    start(FUNCTION, places[_i].stored_at, places[_i].called_at);
    enter_to_end();
    ck_assert_uint_eq(read_state().rcx, 0);
    ck_assert_uint_eq(read_state().rbx, 0); // Mismatches.
}
END_TEST

START_TEST(a_store_to_the_next_instruction_is_seen_by_it) {
    start(NEXT_INSTRUCTION, OTHER_PAGE, OTHER_PAGE);
    enter_to_end();
    ck_assert_uint_eq(read_state().rcx, 0);
    ck_assert_uint_eq(read_state().rbx, 0);
}
END_TEST

START_TEST(a_loop_that_changes_its_own_immediate_sums_all_of_them) {
    start(OWN_LOOP, OTHER_PAGE, OTHER_PAGE);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, (uint64_t)ROUNDS * (ROUNDS - 1) / 2);
}
END_TEST

START_TEST(a_string_store_over_the_next_instruction_is_seen_by_it) {
    start(STRING_STORE, OTHER_PAGE, OTHER_PAGE);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 0);
}
END_TEST

START_TEST(data_in_the_page_of_its_code_counts_right) {
    start(DATA_BESIDE, OTHER_PAGE, OTHER_PAGE);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, ROUNDS);
}
END_TEST

START_TEST(a_loop_may_turn_its_own_branch_round) {
    start(BRANCH, OTHER_PAGE, OTHER_PAGE);
    enter_to_end();
    // At ROUNDS, JNZ becomes JZ and is taken; one round later it is not.
    ck_assert_uint_eq(read_state().rbx, ROUNDS + 1);
}
END_TEST

START_TEST(what_the_client_writes_between_runs_is_run) {
    start(CALL_ONCE, OTHER_PAGE, places[_i].called_at);
    for (uint32_t i = 1; i <= 1000; i++) {
        write_function(places[_i].called_at % ALIAS, i);
        enter_to_end();
        ck_assert_uint_eq(read_state().rax, i);
    }
}
END_TEST

static void *write_and_wait_for_each(void *unused) {
    (void)unused;
    const uint64_t end = 1;
    for (uint32_t i = 1; i <= 1000; i++) {
        const uint8_t value[2] = {(uint8_t)i, (uint8_t)(i >> 8)};
        memory_write(OTHER_PAGE + 1, value, sizeof value);
        while (memory_u64(0x20000) != i) {
            sched_yield();
        }
    }
    memory_write(0x20008, &end, sizeof end);
    return NULL;
}

START_TEST(what_the_client_writes_during_a_run_is_run) {
    start(REPORT, OTHER_PAGE, OTHER_PAGE);
    const pthread_t writer = start_thread(write_and_wait_for_each, NULL);
    enter_to_end();
    join_thread(writer);
    ck_assert_uint_eq(read_state().rax, 1000);
}
END_TEST

START_TEST(other_memory_mapped_under_code_is_run) {
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC_OVERWRITE | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    start(CALL_ONCE, OTHER_PAGE, OTHER_PAGE);
    write_function(0x30000, 1);
    write_function(0x31000, 2);
    for (uint64_t i = 1; i <= 100; i++) {
        zx_vaddr_t address = 0;
        const uint64_t offset = i % 2 == 0 ? 0x31000 : 0x30000;
        ck_assert_int_eq(zx_vmar_map(vmar, options, OTHER_PAGE, memory, offset, 0x1000, &address),
                         ZX_OK);
        enter_to_end();
        ck_assert_uint_eq(read_state().rax, i % 2 == 0 ? 2 : 1);
    }
}
END_TEST

// Linear 0 to 0x1fffff by pages: the first page leads to 0x50000, all others to themselves.
static void map_page_zero(void) {
    const uint64_t level_three = 0x2000 | 7;
    const uint64_t level_two = 0x3000 | 7;
    memory_write(0x1000, &level_three, sizeof level_three);
    memory_write(0x2000, &level_two, sizeof level_two);
    for (uint64_t i = 0; i < 512; i++) {
        const uint64_t page = (i == 0 ? 0x50000 : i << 12) | 7;
        memory_write(0x3000 + 8 * i, &page, sizeof page);
        const uint64_t large = i << 21 | 0x87;
        if (i > 0) {
            memory_write(0x2000 + 8 * i, &large, sizeof large);
        }
    }
}

START_TEST(a_guest_runs_at_address_zero) {
    guest_open();
    guest_load("at_zero", 0x50000);
    map_page_zero();
    trap(ZX_GUEST_TRAP_MEM, 0x400000, 0x1000, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0, &vcpu), ZX_OK);
    for (uint64_t i = 0; i < 3; i++) {
        const zx_port_packet_t packet = enter();
        ck_assert_uint_eq(packet.guest_mem.addr, 0x400000);
        ck_assert_uint_eq(packet.guest_mem.rip, 0);
        ck_assert_uint_eq(read_state().rbx, i);
    }
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 1001);
    ck_assert_uint_eq(read_state().rcx & 0xffff, 0x05eb);
}
END_TEST

// Linear 0x200000 to 0x3fffff is nowhere, 0x400000 to 0x5fffff leads to itself.
START_TEST(an_input_at_the_start_of_a_page_needs_no_page_before) {
    const uint64_t level_three = 0x2000 | 7;
    guest_open();
    guest_load("page_start", 0x400000);
    memory_write(0x1000, &level_three, sizeof level_three);
    for (uint64_t i = 0; i < 512; i++) {
        const uint64_t large = i << 21 | (i == 1 ? 0 : 0x87);
        memory_write(0x2000 + 8 * i, &large, sizeof large);
    }
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0x400000, &vcpu), ZX_OK);
    ck_assert_uint_eq(enter().guest_io.port, 0x10);
    enter_to_end();
}
END_TEST

START_TEST(a_store_to_the_page_in_which_its_block_ends_goes_through) {
    guest_start("patch_next_page");
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 0x12345678);
    ck_assert_uint_eq(read_state().rbx, 0x55);
    guest_close();
}
END_TEST

// The rest of the block, as its code is after the first store, ends in the middle of the second.
// The budget is what would end a run that makes no progress.
START_TEST(a_store_in_which_its_block_ends_as_changed_goes_through) {
    guest_open();
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    guest_load("patch_overlap", ENTRY);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zirconia_guest_set_budget(guest, _i == 0 ? 1000 : 2), ZX_OK);
    if (_i == 1) {
        enter_fails(ZX_ERR_TIMED_OUT);
        ck_assert_int_eq(zirconia_guest_set_budget(guest, 1000), ZX_OK);
    }
    enter_to_end();
    ck_assert_uint_eq(memory_u64(read_state().r11 - 0x3d) & 0xff, 0x55);
    guest_close();
}
END_TEST

// The tables at 0 and 0x1000 are code as well; linear 0x40000000 leads to physical 0. A processor
// that walks them may set bits in them, so they must be writable, and code must not be.
#define LINEAR 0x40000000u

static void put_in_tables(uint32_t address, const char *code, size_t size) {
    const uint64_t level_three = 0x87;
    const uint8_t end[] = {0xc6, 0x04, 0x25, 0x00, 0xf0, 0xff, 0x40, 0x00}; // mov byte [...], 0
    guest_open();
    memory_write(address, code, size);
    memory_write(address + size, end, sizeof end);
    memory_write(0x1008, &level_three, sizeof level_three);
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, LINEAR + address, &vcpu), ZX_OK);
}
#define PUT_IN_TABLES(address, code) put_in_tables(address, code, sizeof(code) - 1)

START_TEST(code_in_its_own_page_tables_runs) {
    PUT_IN_TABLES(0x800, "\xb8\x78\x56\x34\x12"); // mov eax, 0x12345678
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 0x12345678);
    guest_close();
}
END_TEST

START_TEST(code_that_begins_in_one_of_its_page_tables_and_ends_in_another_runs) {
    PUT_IN_TABLES(0xffd, "\xb8\x78\x56\x34\x12" // mov eax, 0x12345678
                         "\xeb\x0c\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc"); // jmp behind
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 0x12345678);
    guest_close();
}
END_TEST

// The code's page has the first of its four tables, and the three others are in the pages behind
// it, as far as code takes writing away from its neighbours.
START_TEST(code_in_one_of_its_page_tables_and_beside_the_others_runs) {
    const uint64_t level_two = 0x2007;
    const uint64_t level_one = 0x3007;
    const uint64_t page = 0x07;
    const uint64_t exit_page = 0xe00087;
    PUT_IN_TABLES(0x800, "\xb8\x78\x56\x34\x12"); // mov eax, 0x12345678
    memory_write(0x1008, &level_two, sizeof level_two);
    memory_write(0x2000, &level_one, sizeof level_one);
    memory_write(0x2038, &exit_page, sizeof exit_page);
    memory_write(0x3000, &page, sizeof page);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 0x12345678);
    guest_close();
}
END_TEST

START_TEST(an_input_in_its_own_page_tables_is_made) {
    PUT_IN_TABLES(0x800, "\xe4\x10"); // in al, 0x10
    ck_assert_uint_eq(enter().guest_io.port, 0x10);
    enter_to_end();
    guest_close();
}
END_TEST

// There is no IDT.
START_TEST(an_undefined_instruction_in_its_own_page_tables_faults) {
    PUT_IN_TABLES(0x800, "\x06"); // push es
    enter_fails(ZX_ERR_NOT_SUPPORTED);
    guest_close();
}
END_TEST

START_TEST(an_instruction_that_ends_outside_of_memory_in_its_own_page_tables_faults) {
    PUT_IN_TABLES(0x1ffd, "\xb8\x78\x56\x34\x12"); // mov eax, 0x12345678
    ck_assert_int_eq(zx_vmar_unmap(vmar, 0x2000, 0x1000), ZX_OK);
    enter_fails(ZX_ERR_NOT_FOUND);
    guest_close();
}
END_TEST

START_TEST(an_input_at_the_start_of_its_own_page_table_is_made) {
    PUT_IN_TABLES(0x1000, "\xe4\x10" // in al, 0x10
                          "\xeb\x0c\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc"); // jmp behind
    ck_assert_uint_eq(enter().guest_io.port, 0x10);
    enter_to_end();
    guest_close();
}
END_TEST

int main(void) {
    const int count = sizeof places / sizeof places[0];
    Suite *suite = suite_create("code");
    TCase *tcase = tcase_create("code");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_function_that_is_stored_to_runs_as_stored, 0, count);
    tcase_add_test(tcase, a_store_to_the_next_instruction_is_seen_by_it);
    tcase_add_test(tcase, a_loop_that_changes_its_own_immediate_sums_all_of_them);
    tcase_add_test(tcase, a_string_store_over_the_next_instruction_is_seen_by_it);
    tcase_add_test(tcase, data_in_the_page_of_its_code_counts_right);
    tcase_add_test(tcase, a_loop_may_turn_its_own_branch_round);
    tcase_add_loop_test(tcase, what_the_client_writes_between_runs_is_run, 0, count);
    tcase_add_test(tcase, what_the_client_writes_during_a_run_is_run);
    tcase_add_test(tcase, other_memory_mapped_under_code_is_run);
    tcase_add_test(tcase, a_guest_runs_at_address_zero);
    tcase_add_test(tcase, an_input_at_the_start_of_a_page_needs_no_page_before);
    tcase_add_test(tcase, a_store_to_the_page_in_which_its_block_ends_goes_through);
    tcase_add_loop_test(tcase, a_store_in_which_its_block_ends_as_changed_goes_through, 0, 2);
    tcase_add_test(tcase, code_in_its_own_page_tables_runs);
    tcase_add_test(tcase, code_that_begins_in_one_of_its_page_tables_and_ends_in_another_runs);
    tcase_add_test(tcase, an_undefined_instruction_in_its_own_page_tables_faults);
    tcase_add_test(tcase, an_instruction_that_ends_outside_of_memory_in_its_own_page_tables_faults);
    tcase_add_test(tcase, code_in_one_of_its_page_tables_and_beside_the_others_runs);
    tcase_add_test(tcase, an_input_in_its_own_page_tables_is_made);
    tcase_add_test(tcase, an_input_at_the_start_of_its_own_page_table_is_made);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
