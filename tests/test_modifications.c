// SPDX-License-Identifier: MIT
//
// Instructions that read, modify and write memory: what a page fault, a packet, a bell and an
// observer are told of one whose operand is not there. Both accesses are the instruction's, though
// the engine meets the read first.

#include "execute.h"

#include <string.h>
#include <zirconia/observe.h>

#define ABSENT 0x40000000u
#define TRAP 0x200000u
#define KEY 0x77u

enum { IS_READ = 1, IS_WRITE = 2, IS_BOTH = 3 };

// Each modifies [RBX].
static const char *const modifying[] = {
    "\x48\xff\x03",     "\x01\x03",         "\x80\x33\x01", "\xf7\x1b",         "\x87\x03",
    "\x0f\xab\x03",     "\xd1\x03",         "\x0f\xb1\x03", "\xf0\x0f\xc1\x03", "\x0f\xc7\x0b",
    "\x0f\xa4\x03\x04", "\x0f\xba\x2b\x05", "\xf0\xf7\x1b",
};

enum { MODIFYING_COUNT = sizeof modifying / sizeof modifying[0] };

#define LOAD "\x3b\x03"            // cmp eax, [rbx]
#define STORE "\x89\x03"           // mov [rbx], eax
#define INCREMENT "\xff\x03"       // inc dword [rbx]
#define SET_BIT "\x48\x0f\xab\x03" // bts [rbx], rax
#define BIT 0x12345u               // 0x2468 bytes behind

START_TEST(a_page_fault_of_a_modification_is_one_of_a_write) {
    execute_start();
    for (size_t i = 0; i < MODIFYING_COUNT; i++) {
        zx_vcpu_state_t state = {.rbx = ABSENT};
        put_code_bytes(modifying[i], strlen(modifying[i]));
        run_code(&state);
        ck_assert_uint_eq(state.r10, 14);
        ck_assert_msg(state.r8 == 2, "code %zu: error code %llu", i, (unsigned long long)state.r8);
    }
    zx_vcpu_state_t state = {.rbx = ABSENT};
    put_code(LOAD);
    run_code(&state);
    ck_assert_uint_eq(state.r8, 0);
    put_code(SET_BIT);
    state = (zx_vcpu_state_t){.rbx = ABSENT - 0x1000, .rax = BIT};
    run_code(&state);
    ck_assert_uint_eq(state.r8, 2);
    guest_close();
}
END_TEST

// --- Guest-physical memory ---

static zirconia_exit_t seen;

static void note(void *context, const zirconia_exit_t *exit) {
    (void)context;
    if (exit->kind == ZIRCONIA_EXIT_EPT_VIOLATION) {
        seen = *exit;
    }
}

static void start(void) {
    execute_start();
    ck_assert_int_eq(zirconia_guest_observe(guest, note, NULL), ZX_OK);
}

static void aim(const char *code, size_t size, uint64_t address) {
    const zx_vcpu_state_t state = {.rbx = address, .rax = BIT, .rsp = EXECUTE_STACK};
    put_code_bytes(code, size);
    write_state(&state);
    memset(&seen, 0, sizeof seen);
}

static void expect_packet(const char *code, size_t size, uint64_t rbx, uint64_t address,
                          uint64_t access) {
    zx_port_packet_t expected;
    start_packet(&expected, KEY, ZX_PKT_TYPE_GUEST_MEM);
    aim(code, size, rbx);
    const zx_port_packet_t packet = enter();
    expected.guest_mem_2022.addr = address;
    expected.guest_mem_2022.cr3 = seen.cr3;
    expected.guest_mem_2022.rip = EXECUTE_SLOT;
    expected.guest_mem_2022.instruction_size = (uint8_t)size;
    expected.guest_mem_2022.default_operand_size = 4;
    ck_assert_mem_eq(&packet, &expected, sizeof packet);
    ck_assert_uint_eq(seen.qualification[0], address);
    ck_assert_uint_eq(seen.qualification[1], access);
    ck_assert_uint_eq(seen.instruction_size, size);
    ck_assert_mem_eq(seen.instruction, code, size);
    enter_to_end(); // Behind it.
}

#define EXPECT_PACKET(code, rbx, address, access)                                                  \
    expect_packet(code, sizeof(code) - 1, rbx, address, access)

START_TEST(a_modification_of_a_trap_is_one_packet_and_both_accesses) {
    start();
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, KEY);
    for (size_t i = 0; i < MODIFYING_COUNT; i++) {
        const uint64_t bit = i == 5 ? BIT / 8 : 0; // bts [rbx], eax
        expect_packet(modifying[i], strlen(modifying[i]), TRAP + 0x10 - bit, TRAP + 0x10, IS_BOTH);
    }
    EXPECT_PACKET(LOAD, TRAP, TRAP, IS_READ);
    EXPECT_PACKET(STORE, TRAP, TRAP, IS_WRITE);
    EXPECT_PACKET(INCREMENT, TRAP - 2, TRAP, IS_BOTH); // It crosses into the trap.
    guest_close();
}
END_TEST

// A bell refuses these as it refuses a read: it has no value that could be modified.
START_TEST(a_modification_does_not_ring_a_bell) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    start();
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, TRAP, 0x1000, port, KEY);
    for (size_t i = 0; i < MODIFYING_COUNT; i++) {
        aim(modifying[i], strlen(modifying[i]), i == 5 ? TRAP - BIT / 8 : TRAP);
        enter_fails(ZX_ERR_NOT_SUPPORTED);
        ck_assert_uint_eq(seen.qualification[1], IS_BOTH);
        ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_ERR_TIMED_OUT);
        enter_to_end();
    }
    aim(STORE, sizeof STORE - 1, TRAP);
    enter_to_end();
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    guest_close();
}
END_TEST

START_TEST(a_modification_of_read_only_memory_is_denied_as_both_accesses) {
    zx_vaddr_t address = 0;
    start();
    ck_assert_int_eq(zx_vmar_unmap(vmar, TRAP, 0x1000), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ, TRAP, memory, TRAP, 0x1000, &address),
        ZX_OK);
    for (size_t i = 0; i < MODIFYING_COUNT; i++) {
        aim(modifying[i], strlen(modifying[i]), i == 5 ? TRAP - BIT / 8 : TRAP);
        enter_fails(ZX_ERR_ACCESS_DENIED);
        ck_assert_uint_eq(seen.qualification[1], IS_BOTH);
    }
    guest_close();
}
END_TEST

START_TEST(a_modification_of_nothing_is_not_found) {
    start();
    ck_assert_int_eq(zx_vmar_unmap(vmar, TRAP, 0x1000), ZX_OK);
    aim(INCREMENT, sizeof INCREMENT - 1, TRAP);
    enter_fails(ZX_ERR_NOT_FOUND);
    ck_assert_uint_eq(seen.qualification[1], IS_BOTH);
    guest_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_page_fault_of_a_modification_is_one_of_a_write,
        a_modification_of_a_trap_is_one_packet_and_both_accesses,
        a_modification_does_not_ring_a_bell,
        a_modification_of_read_only_memory_is_denied_as_both_accesses,
        a_modification_of_nothing_is_not_found,
    };
    return run_tests("modifications", tests, sizeof tests / sizeof tests[0]);
}
