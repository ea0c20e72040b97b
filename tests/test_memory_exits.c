// SPDX-License-Identifier: MIT
//
// Exits by memory: what a MEM packet says in each mode, accesses that cross the bounds of traps,
// fetches and page walks that meet one, and the permissions of guest mappings (hypervisor ABI 5.13,
// 6, 10).

#include "execute.h"
#include "report_port.h"

#include <string.h>

#define TRAP 0x200000u
#define KEY 0x77u

// --- Modes ---

struct expectation {
    uint64_t address;
    uint8_t operand_size;
    const char *instruction;
    uint8_t length;
};

// In the order of legacy_access.asm.
static const struct expectation legacy[] = {
    {0x20010, 2, "\x8a\x04", 2},             // Real mode.
    {0x20018, 2, "\x66\x67\x8b\x46\x08", 5}, // With 32-bit operand and address.
    {0x20020, 4, "\x8b\x07", 2},             // Protected mode, 32-bit code.
    {0x20020, 4, "\x66\x8b\x07", 3},         // The default does not follow the prefix.
    {0x20020, 2, "\x67\x8b\x07", 3},         // 16-bit code.
    {0x20030, 4, "\x8b\x07", 2},             // With paging: the address is the physical one.
};

enum { LEGACY_COUNT = sizeof legacy / sizeof legacy[0] };

static void start_legacy_access(void) {
    const uint32_t directory[2] = {0x87, 0x87};
    start_real("legacy_access");
    memory_write(0x3000, directory, sizeof directory);
    trap(ZX_GUEST_TRAP_MEM, 0x20000, 0x1000, ZX_HANDLE_INVALID, KEY);
}

START_TEST(a_packet_of_2022_tells_mode_and_tables_in_every_legacy_mode) {
    start_legacy_access();
    for (unsigned i = 0; i < LEGACY_COUNT; i++) {
        zx_port_packet_t expected;
        start_packet(&expected, KEY, ZX_PKT_TYPE_GUEST_MEM);
        const zx_port_packet_t packet = enter();
        const zx_vcpu_state_t state = read_state();
        expected.guest_mem_2022.addr = legacy[i].address;
        expected.guest_mem_2022.cr3 = state.rcx;
        expected.guest_mem_2022.rip = state.rbx;
        expected.guest_mem_2022.instruction_size = legacy[i].length;
        expected.guest_mem_2022.default_operand_size = legacy[i].operand_size;
        ck_assert_mem_eq(&packet, &expected, sizeof packet);
    }
    ck_assert_uint_eq(read_state().rcx, 0x3000);
    guest_close();
}
END_TEST

START_TEST(a_packet_of_2018_has_the_instruction_in_every_legacy_mode) {
    start_legacy_access();
    for (unsigned i = 0; i < LEGACY_COUNT; i++) {
        zx_port_packet_t expected;
        start_packet(&expected, KEY, ZX_PKT_TYPE_GUEST_MEM);
        zx_port_packet_t packet;
        memset(&packet, 0xa5, sizeof packet);
        ck_assert_int_eq(zx_vcpu_resume(vcpu, &packet), ZX_OK);
        expected.guest_mem_2018.addr = legacy[i].address;
        expected.guest_mem_2018.inst_len = legacy[i].length;
        memcpy(expected.guest_mem_2018.inst_buf, legacy[i].instruction, legacy[i].length);
        expected.guest_mem_2018.default_operand_size = legacy[i].operand_size;
        ck_assert_mem_eq(&packet, &expected, sizeof packet);
    }
    guest_close();
}
END_TEST

// --- Bounds ---

enum access { LOAD_QUAD = 2, STORE_QUAD = 3, CALL = 10 }; // The places in the list of access.asm.

#define DATA 0x8877665544332211u

static void choose(enum access access, uint64_t address) {
    const zx_vcpu_state_t state = {.rsi = access, .rdi = address, .rax = DATA};
    write_state(&state);
}

static void start_access(void) {
    guest_start("access");
    enter_to_end();
}

static void expect_mem(uint64_t address, uint64_t key, uint8_t length) {
    const zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_uint_eq(packet.guest_mem.addr, address);
    ck_assert_uint_eq(packet.key, key);
    ck_assert_uint_eq(packet.guest_mem.instruction_size, length);
}

// An access over both sides of a bound: the address is the first byte in the trap, and nothing of
// the access is done. Loop: a load, a store.
START_TEST(an_access_that_crosses_into_a_trap_traps_at_its_first_byte_there) {
    const enum access access = _i == 0 ? LOAD_QUAD : STORE_QUAD;
    start_access();
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, KEY);
    choose(access, TRAP - 3);
    expect_mem(TRAP, KEY, 3);
    ck_assert_uint_eq(read_state().rax, DATA);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(TRAP - 8), 0);
    choose(access, TRAP + 0xffd);
    expect_mem(TRAP + 0xffd, KEY, 3);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(TRAP + 0x1000), 0);
}
END_TEST

START_TEST(an_access_to_two_traps_is_one_packet_of_the_first) {
    start_access();
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, KEY);
    trap(ZX_GUEST_TRAP_MEM, TRAP + 0x1000, 0x1000, ZX_HANDLE_INVALID, KEY + 1);
    choose(STORE_QUAD, TRAP + 0xffc);
    expect_mem(TRAP + 0xffc, KEY, 3);
    enter_to_end();
}
END_TEST

// The page after memory is not there.
START_TEST(an_access_that_crosses_out_of_memory_is_not_found_and_does_nothing) {
    start_access();
    ck_assert_int_eq(zx_vmar_unmap(vmar, TRAP, 0x1000), ZX_OK);
    choose(STORE_QUAD, TRAP - 4);
    enter_fails(ZX_ERR_NOT_FOUND);
    enter_fails(ZX_ERR_NOT_FOUND);
    ck_assert_uint_eq(memory_u64(TRAP - 8), 0);
}
END_TEST

START_TEST(an_unaligned_access_inside_of_memory_crosses_pages_unseen) {
    start_access();
    choose(STORE_QUAD, TRAP - 3);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(TRAP - 8), (uint64_t)DATA << 40);
    ck_assert_uint_eq(memory_u64(TRAP), (uint64_t)DATA >> 24);
}
END_TEST

// --- Fetches ---

static void put(uint64_t address, const char *bytes, size_t size) {
    memory_write(address, bytes, size);
}

static void start_remote(uint64_t address) {
    const zx_vcpu_state_t state = {.rdi = address};
    guest_start("remote_code");
    write_state(&state);
}

// An instruction that the guest may not read has no length to be skipped by.
START_TEST(a_fetch_from_a_trap_has_no_length_and_comes_again) {
    start_remote(TRAP + 0x20);
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, KEY);
    for (unsigned i = 0; i < 3; i++) {
        const zx_port_packet_t packet = enter();
        ck_assert_uint_eq(packet.key, KEY);
        ck_assert_uint_eq(packet.guest_mem.addr, TRAP + 0x20);
        ck_assert_uint_eq(packet.guest_mem.rip, TRAP + 0x20);
        ck_assert_uint_eq(packet.guest_mem.instruction_size, 0);
    }
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    enter_fails(ZX_ERR_CANCELED);
}
END_TEST

START_TEST(a_fetch_that_crosses_into_a_trap_traps_at_its_first_byte_there) {
    start_remote(TRAP - 3);
    put(TRAP - 3, "\xb8\x01\x02", 3); // mov eax, imm32
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, KEY);
    for (unsigned i = 0; i < 2; i++) {
        const zx_port_packet_t packet = enter();
        ck_assert_uint_eq(packet.guest_mem.addr, TRAP);
        ck_assert_uint_eq(packet.guest_mem.rip, TRAP - 3);
        ck_assert_uint_eq(packet.guest_mem.instruction_size, 0);
    }
    ck_assert_uint_eq(read_state().rax, 0);
}
END_TEST

// What stands before the bound is run: the packet's RIP is the bound.
START_TEST(code_up_to_a_trap_is_run) {
    start_remote(TRAP - 5);
    put(TRAP - 5, "\xb8\x01\x02\x03\x04", 5);
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, KEY);
    const zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.guest_mem.addr, TRAP);
    ck_assert_uint_eq(packet.guest_mem.rip, TRAP);
    ck_assert_uint_eq(read_state().rax, 0x04030201);
}
END_TEST

// A data access to that byte, by the last instruction of the page, is no fetch.
START_TEST(a_load_from_the_page_behind_its_own_is_a_load) {
    start_remote(TRAP - 2);
    put(TRAP - 2, "\x8a\x03", 2); // mov al, [rbx]
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, KEY);
    zx_vcpu_state_t state = read_state();
    state.rbx = TRAP;
    write_state(&state);
    zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.guest_mem.addr, TRAP);
    ck_assert_uint_eq(packet.guest_mem.rip, TRAP - 2);
    ck_assert_uint_eq(packet.guest_mem.instruction_size, 2);
    packet = enter();
    ck_assert_uint_eq(packet.guest_mem.rip, TRAP);
}
END_TEST

START_TEST(code_up_to_a_page_that_is_not_present_is_run) {
    const uint64_t bound = 0x40200000;
    const uint64_t tables[] = {0x87, 0x300000 | 7};
    const uint64_t entry = 0x400000 | 0x87;
    execute_start();
    memory_write(0x1000, tables, sizeof tables);
    memory_write(0x300000, &entry, sizeof entry);
    put(0x600000 - 10, "\xb9\x01\x02\x03\x04\xbb\x05\x06\x07\x08", 10);
    put_code("\xff\xe7"); // jmp rdi
    zx_vcpu_state_t state = {.rdi = bound - 10};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 14);
    ck_assert_uint_eq(state.r9, bound);
    ck_assert_uint_eq(state.rcx, 0x04030201);
    ck_assert_uint_eq(state.rbx, 0x08070605);
}
END_TEST

// --- Page walks ---

// The second GiB by way of tables in a page of its own; the load is from its start.
static void start_walk(uint64_t directory) {
    const uint64_t entry = directory | 7;
    guest_start("access");
    memory_write(0x1008, &entry, sizeof entry);
    enter_to_end();
}

START_TEST(a_page_walk_into_a_trap_has_the_address_of_the_entry) {
    start_walk(TRAP);
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, KEY);
    choose(LOAD_QUAD, 0x40000000 + (5ull << 21) + 0x10);
    expect_mem(TRAP + 5 * 8, KEY, 3);
    ck_assert_uint_eq(read_state().rax, DATA);
    enter_to_end(); // The instruction was passed over, as for an access of its own.
}
END_TEST

START_TEST(a_page_walk_into_nothing_is_not_found_until_it_is_mapped) {
    const uint64_t entry = 0x400000 | 0x87;
    zx_vaddr_t address = 0;
    start_walk(MEMORY_SIZE + 0x1000);
    choose(LOAD_QUAD, 0x40000000);
    enter_fails(ZX_ERR_NOT_FOUND);
    enter_fails(ZX_ERR_NOT_FOUND);
    memory_write(TRAP, &entry, sizeof entry);
    ck_assert_int_eq(zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE,
                                 MEMORY_SIZE + 0x1000, memory, TRAP, 0x1000, &address),
                     ZX_OK);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, memory_u64(0x400000));
}
END_TEST

START_TEST(a_fetch_whose_page_walk_meets_a_trap_has_the_address_of_the_entry) {
    start_walk(TRAP);
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, KEY);
    choose(CALL, 0x40000000 + (3ull << 21));
    expect_mem(TRAP + 3 * 8, KEY, 0);
    expect_mem(TRAP + 3 * 8, KEY, 0);
}
END_TEST

// The engine's walk asks for the entry as if it stored to it, as it does to mark it accessed.
START_TEST(a_page_walk_into_a_bell_rings_it_with_the_address_of_the_entry) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    start_walk(TRAP);
    trap(ZX_GUEST_TRAP_BELL, TRAP, 0x1000, port, KEY);
    choose(LOAD_QUAD, 0x40000000);
    enter_to_end();
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    ck_assert_uint_eq(packet.guest_bell.addr, TRAP);
    ck_assert_uint_eq(read_state().rax, DATA);
}
END_TEST

// --- Permissions ---

static void map(zx_vm_option_t options, uint64_t at, uint64_t offset) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(
        zx_vmar_map(vmar, ZX_VM_SPECIFIC | options, at, memory, offset, 0x1000, &address), ZX_OK);
}

#define READ_WRITE (ZX_VM_PERM_READ | ZX_VM_PERM_WRITE)
#define ALL (READ_WRITE | ZX_VM_PERM_EXECUTE)

// mov eax, 0x55; jmp to the end in remote_code.asm.
static void put_remote_code(uint64_t offset, uint64_t address) {
    uint8_t code[] = {0xb8, 0x55, 0, 0, 0, 0xe9, 0, 0, 0, 0};
    const uint32_t distance = ENTRY + 0x100 - ((uint32_t)address + (uint32_t)sizeof code);
    memcpy(code + 6, &distance, sizeof distance);
    memory_write(offset, code, sizeof code);
}

START_TEST(code_without_execute_permission_is_denied_until_it_has_it) {
    start_remote(MEMORY_SIZE);
    put_remote_code(TRAP, MEMORY_SIZE);
    map(READ_WRITE, MEMORY_SIZE, TRAP);
    for (unsigned i = 0; i < 3; i++) {
        enter_fails(ZX_ERR_ACCESS_DENIED);
        ck_assert_uint_eq(read_state().rax, 0);
    }
    ck_assert_int_eq(zx_vmar_unmap(vmar, MEMORY_SIZE, 0x1000), ZX_OK);
    map(ALL, MEMORY_SIZE, TRAP);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 0x55);
}
END_TEST

START_TEST(execute_permission_belongs_to_the_mapping_not_to_the_memory) {
    start_remote(TRAP);
    put_remote_code(TRAP, TRAP);
    map(READ_WRITE, MEMORY_SIZE, TRAP);
    enter_to_end(); // The code was translated by way of the mapping that may be executed.
    ck_assert_uint_eq(read_state().rax, 0x55);
    const zx_vcpu_state_t state = {.rdi = MEMORY_SIZE};
    write_state(&state);
    enter_fails(ZX_ERR_ACCESS_DENIED);
    ck_assert_uint_eq(read_state().rax, 0);
}
END_TEST

START_TEST(code_that_loses_its_execute_permission_stops) {
    start_remote(MEMORY_SIZE);
    put_remote_code(TRAP, MEMORY_SIZE);
    map(ALL, MEMORY_SIZE, TRAP);
    enter_to_end();
    ck_assert_int_eq(zx_vmar_unmap(vmar, MEMORY_SIZE, 0x1000), ZX_OK);
    map(READ_WRITE, MEMORY_SIZE, TRAP);
    enter_fails(ZX_ERR_ACCESS_DENIED);
}
END_TEST

START_TEST(an_instruction_may_not_go_on_in_a_page_without_execute_permission) {
    start_remote(MEMORY_SIZE + 0xffd);
    put(TRAP + 0xffd, "\xb8\x01\x02", 3);
    map(ALL, MEMORY_SIZE, TRAP);
    map(READ_WRITE, MEMORY_SIZE + 0x1000, TRAP + 0x1000);
    enter_fails(ZX_ERR_ACCESS_DENIED);
    ck_assert_uint_eq(read_state().rax, 0);
}
END_TEST

START_TEST(code_up_to_a_page_without_execute_permission_is_run) {
    start_remote(MEMORY_SIZE + 0xffb);
    put(TRAP + 0xffb, "\xb8\x01\x02\x03\x04", 5);
    map(ALL, MEMORY_SIZE, TRAP);
    map(READ_WRITE, MEMORY_SIZE + 0x1000, TRAP + 0x1000);
    enter_fails(ZX_ERR_ACCESS_DENIED);
    ck_assert_uint_eq(read_state().rax, 0x04030201);
}
END_TEST

START_TEST(data_may_be_read_and_written_where_code_may_not_run) {
    start_access();
    map(READ_WRITE, MEMORY_SIZE, TRAP);
    choose(STORE_QUAD, MEMORY_SIZE);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(TRAP), DATA);
    choose(LOAD_QUAD, MEMORY_SIZE);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, DATA);
}
END_TEST

START_TEST(read_only_memory_can_be_read_and_run) {
    start_remote(MEMORY_SIZE);
    put_remote_code(TRAP, MEMORY_SIZE);
    map(ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, MEMORY_SIZE, TRAP);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 0x55);
}
END_TEST

// --- The size of guest-physical memory ---

// The last page that MAXPHYADDR lets the guest name, and the last that can be mapped.
START_TEST(memory_can_be_mapped_up_to_2_to_the_48_and_reached_up_to_2_to_the_40) {
    const uint64_t page = (1ull << 40) - 0x1000;
    const uint64_t entries[] = {(page & ~0x3fffffffull) | 0x87};
    start_access();
    memory_write(0x1008, entries, sizeof entries);
    map(READ_WRITE, page, TRAP);
    map(READ_WRITE, (1ull << 48) - 0x1000, TRAP + 0x1000);
    choose(STORE_QUAD, 0x40000000 + (page & 0x3fffffff) + 0xff8);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(TRAP + 0xff8), DATA);
}
END_TEST

START_TEST(mapped_memory_that_was_never_touched_is_zero_and_comes_by_itself) {
    zx_handle_t fresh = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    uint64_t value = 1;
    start_access();
    ck_assert_int_eq(zx_vmo_create(1ull << 32, 0, &fresh), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(vmar, ZX_VM_SPECIFIC | READ_WRITE, MEMORY_SIZE, fresh, 0, 0x20000000, &address),
        ZX_OK);
    choose(LOAD_QUAD, MEMORY_SIZE + 0x1fffff8);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 0);
    choose(STORE_QUAD, MEMORY_SIZE + 0x1000010);
    enter_to_end();
    ck_assert_int_eq(zx_vmo_read(fresh, &value, 0x1000010, sizeof value), ZX_OK);
    ck_assert_uint_eq(value, DATA);
    ck_assert_int_eq(zx_handle_close(fresh), ZX_OK);
}
END_TEST

static void add_packets(TCase *tcase) {
    tcase_add_test(tcase, a_packet_of_2022_tells_mode_and_tables_in_every_legacy_mode);
    tcase_add_test(tcase, a_packet_of_2018_has_the_instruction_in_every_legacy_mode);
    tcase_add_loop_test(tcase, an_access_that_crosses_into_a_trap_traps_at_its_first_byte_there, 0,
                        2);
    tcase_add_test(tcase, an_access_to_two_traps_is_one_packet_of_the_first);
    tcase_add_test(tcase, an_access_that_crosses_out_of_memory_is_not_found_and_does_nothing);
    tcase_add_test(tcase, an_unaligned_access_inside_of_memory_crosses_pages_unseen);
    tcase_add_test(tcase, a_fetch_from_a_trap_has_no_length_and_comes_again);
    tcase_add_test(tcase, a_fetch_that_crosses_into_a_trap_traps_at_its_first_byte_there);
    tcase_add_test(tcase, code_up_to_a_trap_is_run);
    tcase_add_test(tcase, a_load_from_the_page_behind_its_own_is_a_load);
    tcase_add_test(tcase, code_up_to_a_page_that_is_not_present_is_run);
    tcase_add_test(tcase, a_page_walk_into_a_trap_has_the_address_of_the_entry);
    tcase_add_test(tcase, a_page_walk_into_nothing_is_not_found_until_it_is_mapped);
    tcase_add_test(tcase, a_fetch_whose_page_walk_meets_a_trap_has_the_address_of_the_entry);
    tcase_add_test(tcase, a_page_walk_into_a_bell_rings_it_with_the_address_of_the_entry);
}

static void add_mappings(TCase *tcase) {
    tcase_add_test(tcase, code_without_execute_permission_is_denied_until_it_has_it);
    tcase_add_test(tcase, execute_permission_belongs_to_the_mapping_not_to_the_memory);
    tcase_add_test(tcase, code_that_loses_its_execute_permission_stops);
    tcase_add_test(tcase, an_instruction_may_not_go_on_in_a_page_without_execute_permission);
    tcase_add_test(tcase, code_up_to_a_page_without_execute_permission_is_run);
    tcase_add_test(tcase, data_may_be_read_and_written_where_code_may_not_run);
    tcase_add_test(tcase, read_only_memory_can_be_read_and_run);
    tcase_add_test(tcase, memory_can_be_mapped_up_to_2_to_the_48_and_reached_up_to_2_to_the_40);
    tcase_add_test(tcase, mapped_memory_that_was_never_touched_is_zero_and_comes_by_itself);
}

int main(void) {
    Suite *suite = suite_create("memory exits");
    TCase *packets = tcase_create("packets");
    TCase *mappings = tcase_create("mappings");
    tcase_set_timeout(packets, 60);
    tcase_set_timeout(mappings, 60);
    add_packets(packets);
    add_mappings(mappings);
    suite_add_tcase(suite, packets);
    suite_add_tcase(suite, mappings);
    return run_suite(suite);
}
