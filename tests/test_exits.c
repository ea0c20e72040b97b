// SPDX-License-Identifier: MIT
//
// Exits that are no port, MSR or control register: CPUID, HLT, VMCALL, and accesses to trapped and
// to unmapped memory (hypervisor ABI 5.1, 5.2, 5.11, 5.13).

#include "guest_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zirconia/observe.h>
#include <zirconia/snapshot.h>

#define TRAP_PAGE 0xffe000u
#define HOLE 0x2000000u // In the guest's page tables, but behind its memory.
#define BIT(n) (1ull << (n))

// --- CPUID ---

static zx_vcpu_state_t cpuid(uint64_t leaf, uint64_t subleaf) {
    zx_vcpu_state_t state = read_state();
    state.rax = leaf;
    state.rcx = subleaf;
    state.rbx = UINT64_MAX;
    state.rdx = UINT64_MAX;
    write_state(&state);
    enter_to_end();
    return read_state();
}

static void expect_leaf(uint64_t leaf, uint64_t rax, uint64_t rbx, uint64_t rcx, uint64_t rdx) {
    const zx_vcpu_state_t state = cpuid(leaf, 0);
    ck_assert_uint_eq(state.rax, rax);
    ck_assert_uint_eq(state.rbx, rbx);
    ck_assert_uint_eq(state.rcx, rcx);
    ck_assert_uint_eq(state.rdx, rdx);
}

START_TEST(cpuid_names_the_hypervisor) {
    guest_start("cpuid");
    expect_leaf(0x40000000, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d);
    expect_leaf(0x40000001, 0xb, 0, 0, 0);
}
END_TEST

START_TEST(cpuid_tells_what_a_guest_may_use) {
    guest_start("cpuid");
    const zx_vcpu_state_t state = cpuid(1, 0);
    const uint64_t set = BIT(31) | BIT(21) | BIT(24) | BIT(27);
    const uint64_t clear = BIT(3) | BIT(5) | BIT(8) | BIT(15);
    ck_assert_uint_eq(state.rcx & (set | clear), set);
    ck_assert_uint_eq(state.rdx & (BIT(11) | BIT(22) | BIT(29)), BIT(11));
    ck_assert_uint_eq(state.rbx >> 24, 0); // The APIC identifier.
}
END_TEST

START_TEST(cpuid_has_no_topology_but_the_apic_identifier) {
    guest_start("cpuid");
    expect_leaf(0xb, 0, 0, 0, 0);
}
END_TEST

START_TEST(cpuid_has_no_monitor) {
    guest_start("cpuid");
    const zx_vcpu_state_t state = cpuid(5, 0);
    ck_assert_uint_eq(state.rax | state.rbx | state.rcx | state.rdx, 0);
}
END_TEST

START_TEST(cpuid_looks_at_low_halves_and_clears_the_upper) {
    guest_start("cpuid");
    const zx_vcpu_state_t narrow = cpuid(0x80000001, 0);
    const zx_vcpu_state_t wide = cpuid(UINT64_MAX << 32 | 0x80000001, UINT64_MAX << 32);
    ck_assert_uint_ne(narrow.rdx, 0);
    ck_assert_uint_eq(wide.rax, narrow.rax);
    ck_assert_uint_eq(wide.rbx, narrow.rbx);
    ck_assert_uint_eq(wide.rcx, narrow.rcx);
    ck_assert_uint_eq(wide.rdx, narrow.rdx);
    ck_assert_uint_eq((wide.rax | wide.rbx | wide.rcx | wide.rdx) >> 32, 0);
}
END_TEST

// --- HLT ---

enum { HALT_INTERRUPTS_ON, HALT_INTERRUPTS_OFF, HALT_USER };

static atomic_bool interrupted;

static void *interrupt_later(void *unused) {
    ck_assert_int_eq(zx_nanosleep(zx_deadline_after(ZX_MSEC(20))), ZX_OK);
    atomic_store(&interrupted, true);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 32), ZX_OK);
    return unused;
}

static void enter_and_be_interrupted(void) {
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_later, NULL), 0);
    enter_to_end();
    ck_assert(atomic_load(&interrupted));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

START_TEST(a_halted_guest_waits_for_an_interrupt_and_takes_it) {
    guest_start_case("halt", HALT_INTERRUPTS_ON);
    enter_and_be_interrupted();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rcx, 1);
    ck_assert_uint_eq(state.rdx, 32);
    ck_assert_uint_eq(state.rbx, 1);
}
END_TEST

START_TEST(an_interrupt_ends_a_halt_with_interrupts_off_and_stays_pending) {
    guest_start_case("halt", HALT_INTERRUPTS_OFF);
    enter_and_be_interrupted();
    ck_assert_uint_eq(read_state().rbx, 1);
    ck_assert_uint_eq(read_state().rcx, 0);
    enter_to_end();
    ck_assert_uint_eq(read_state().rcx, 1);
    ck_assert_uint_eq(read_state().rdx, 32);
}
END_TEST

START_TEST(a_pending_interrupt_does_not_let_a_halt_wait) {
    guest_start_case("halt", HALT_INTERRUPTS_OFF);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 32), ZX_OK);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 1);
    ck_assert_uint_eq(read_state().rcx, 0);
}
END_TEST

START_TEST(halt_is_refused_at_user_level) {
    guest_start_case("halt", HALT_USER);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rdx, 13);
    ck_assert_uint_eq(state.r8, 0);
}
END_TEST

// --- VMCALL ---

enum { VMCALL_SUPERVISOR, VMCALL_USER };

static int64_t vmcall(uint64_t number, uint64_t level) {
    guest_start_case("vmcall", level);
    zx_vcpu_state_t state = read_state();
    state.rax = number;
    write_state(&state);
    enter_to_end();
    state = read_state();
    guest_close();
    return (int64_t)state.rax;
}

START_TEST(a_vmcall_that_nobody_knows_gives_minus_1000) {
    ck_assert_int_eq(vmcall(0xffffffff, VMCALL_SUPERVISOR), -1000);
    ck_assert_int_eq(vmcall(0, VMCALL_SUPERVISOR), -1000);
    ck_assert_int_eq(vmcall(10, VMCALL_SUPERVISOR), -1000);
}
END_TEST

START_TEST(a_vmcall_from_user_level_gives_minus_1) {
    ck_assert_int_eq(vmcall(0xffffffff, VMCALL_USER), -1);
    ck_assert_int_eq(vmcall(9, VMCALL_USER), -1);
}
END_TEST

// --- Memory ---

enum { STORE, LOAD, LOAD_BYTE, JUMP };

// At 0x2000 a root of page tables beside that at 0.
static void start_access(uint64_t which, uint64_t address) {
    guest_start_case("memory_access", which);
    const uint64_t entry = memory_u64(0);
    memory_write(0x2000, &entry, sizeof entry);
    zx_vcpu_state_t state = read_state();
    state.rax = 0x1122334455667788;
    state.rdi = address;
    write_state(&state);
}

static void check_packet_2022(const zx_port_packet_t *packet, uint64_t address, uint8_t size) {
    zx_port_packet_t expected;
    memset(&expected, 0, sizeof expected);
    expected.key = 0x1234;
    expected.type = ZX_PKT_TYPE_GUEST_MEM;
    expected.guest_mem_2022.addr = address;
    expected.guest_mem_2022.cr3 = 0x2000;
    expected.guest_mem_2022.rip = read_state().rbx;
    expected.guest_mem_2022.instruction_size = size;
    expected.guest_mem_2022.default_operand_size = 4;
    ck_assert_mem_eq(packet, &expected, sizeof expected);
}

START_TEST(a_store_to_a_memory_trap_comes_back) {
    start_access(STORE, TRAP_PAGE);
    trap(ZX_GUEST_TRAP_MEM, TRAP_PAGE, 0x1000, ZX_HANDLE_INVALID, 0x1234);
    const zx_port_packet_t packet = enter();
    check_packet_2022(&packet, TRAP_PAGE + 0x10, 7);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(TRAP_PAGE + 0x10), 0);
}
END_TEST

START_TEST(a_load_from_a_memory_trap_comes_back_and_takes_the_clients_answer) {
    start_access(LOAD, TRAP_PAGE + 8);
    trap(ZX_GUEST_TRAP_MEM, TRAP_PAGE, 0x1000, ZX_HANDLE_INVALID, 0x1234);
    const zx_port_packet_t packet = enter();
    check_packet_2022(&packet, TRAP_PAGE + 8, 3);
    zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 0x1122334455667788);
    state.rax = 0xfeed;
    write_state(&state);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, 0xfeed);
}
END_TEST

START_TEST(each_run_call_fills_the_packet_of_its_era) {
    static const uint8_t instruction[15] = {0x42, 0x0f, 0xb6, 0x44, 0x07, 0x01};
    start_access(LOAD_BYTE, TRAP_PAGE);
    trap(ZX_GUEST_TRAP_MEM, TRAP_PAGE, 0x1000, ZX_HANDLE_INVALID, 0x1234);
    zx_port_packet_t packet;
    zx_port_packet_t expected;
    memset(&packet, 0xa5, sizeof packet);
    memset(&expected, 0, sizeof expected);
    ck_assert_int_eq(zx_vcpu_resume(vcpu, &packet), ZX_OK);
    expected.key = 0x1234;
    expected.type = ZX_PKT_TYPE_GUEST_MEM;
    expected.guest_mem_2018.addr = TRAP_PAGE + 1;
    expected.guest_mem_2018.inst_len = 6;
    memcpy(expected.guest_mem_2018.inst_buf, instruction, sizeof instruction);
    expected.guest_mem_2018.default_operand_size = 4;
    ck_assert_mem_eq(&packet, &expected, sizeof expected);
    enter_to_end();
}
END_TEST

START_TEST(a_store_to_a_bell_queues_a_packet_and_the_guest_goes_on) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    zx_port_packet_t expected;
    start_access(STORE, TRAP_PAGE);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, TRAP_PAGE, 0x1000, port, 0x1234);
    enter_to_end();
    memset(&expected, 0, sizeof expected);
    expected.key = 0x1234;
    expected.type = ZX_PKT_TYPE_GUEST_BELL;
    expected.guest_bell.addr = TRAP_PAGE + 0x10;
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    ck_assert_mem_eq(&packet, &expected, sizeof expected);
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_ERR_TIMED_OUT);
    ck_assert_uint_eq(memory_u64(TRAP_PAGE + 0x10), 0);
}
END_TEST

START_TEST(a_load_from_a_bell_is_not_supported_and_is_skipped) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    start_access(LOAD, TRAP_PAGE);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, TRAP_PAGE, 0x1000, port, 0x1234);
    enter_fails(ZX_ERR_NOT_SUPPORTED);
    enter_to_end();
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_ERR_TIMED_OUT);
}
END_TEST

static void map_hole(void) {
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(vmar, options, HOLE, memory, HOLE / 4, 0x1000, &address), ZX_OK);
}

START_TEST(memory_that_is_not_there_is_not_found_until_it_is_mapped) {
    const uint64_t value = 0x89abcdef01234567;
    start_access(LOAD, HOLE + 0x18);
    enter_fails(ZX_ERR_NOT_FOUND);
    enter_fails(ZX_ERR_NOT_FOUND);
    ck_assert_uint_eq(read_state().rax, 0x1122334455667788);
    map_hole();
    memory_write(HOLE / 4 + 0x18, &value, sizeof value);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, value);
}
END_TEST

START_TEST(a_store_to_memory_that_is_not_there_is_made_once_it_is) {
    start_access(STORE, HOLE);
    enter_fails(ZX_ERR_NOT_FOUND);
    map_hole();
    enter_to_end();
    ck_assert_uint_eq(memory_u64(HOLE / 4 + 0x10), 0x12345678);
}
END_TEST

START_TEST(code_that_is_not_there_runs_once_it_is) {
    start_access(JUMP, HOLE);
    enter_fails(ZX_ERR_NOT_FOUND);
    enter_fails(ZX_ERR_NOT_FOUND);
    map_hole();
    guest_load("cpuid", HOLE / 4);
    enter_to_end();
}
END_TEST

START_TEST(cpuid_has_no_performance_counters) {
    guest_start("cpuid");
    expect_leaf(0xa, 0, 0x7f, 0, 0);
}
END_TEST

// --- What an observer may read ---

#define CARRY BIT(0)

enum { EXITS = 4 };

static struct {
    zirconia_exit_kind_t kinds[EXITS];
    zx_vcpu_state_t states[EXITS];
    size_t count;
} read_at;

static struct {
    zx_vcpu_state_t states[EXITS];
    size_t count;
} read_behind;

static void read_registers(void *context, const zirconia_exit_t *exit) {
    (void)context;
    ck_assert_uint_lt(read_at.count, EXITS);
    read_at.kinds[read_at.count] = exit->kind;
    read_at.states[read_at.count++] = read_state();
}

// Arithmetic flags too, which the engine keeps in another form while the guest runs.
START_TEST(an_observer_reads_the_registers_before_the_exit_is_handled) {
    static const char code[] = "\xb8\0\0\0\x40\xbb\7\0\0\0" // mov eax, 0x40000000; mov ebx, 7
                               "\x39\xc3\x0f\xa2"           // cmp ebx, eax; cpuid
                               "\xb9\2\x08\0\0\x0f\x32"     // mov ecx, 0x802; rdmsr
                               "\x31\xff\x8a\x07"           // xor edi, edi; mov al, [rdi]
                               "\xbf\0\xe0\xff\0\x8a\x07"   // mov edi, TRAP_PAGE; mov al, [rdi]
                               "\xe6\x10";                  // out 0x10, al
    guest_open();
    memory_write(ENTRY, code, sizeof code - 1);
    trap(ZX_GUEST_TRAP_MEM, TRAP_PAGE, 0x1000, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zirconia_guest_observe(guest, read_registers, NULL), ZX_OK);
    ck_assert_int_eq(enter().type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_uint_eq(read_at.count, 3);
    ck_assert_int_eq(read_at.kinds[0], ZIRCONIA_EXIT_CPUID);
    ck_assert_uint_eq(read_at.states[0].rax, 0x40000000);
    ck_assert_uint_eq(read_at.states[0].rbx, 7);
    ck_assert_uint_eq(read_at.states[0].rflags & CARRY, CARRY);
    ck_assert_int_eq(read_at.kinds[1], ZIRCONIA_EXIT_RDMSR);
    ck_assert_uint_eq(read_at.states[1].rax, 0x40000001);
    ck_assert_uint_eq(read_at.states[1].rcx, 0x802);
    ck_assert_uint_eq(read_at.states[1].rflags & CARRY, CARRY);
    ck_assert_int_eq(read_at.kinds[2], ZIRCONIA_EXIT_EPT_VIOLATION);
    ck_assert_uint_eq(read_at.states[2].rdi, TRAP_PAGE);
    ck_assert_uint_eq(read_at.states[2].rflags & CARRY, 0);
}
END_TEST

static void read_registers_behind(void *context, uint64_t vcpu_id) {
    (void)context;
    ck_assert_uint_eq(vcpu_id, 0);
    ck_assert_uint_le(read_at.count, EXITS);
    ck_assert_uint_ge(read_at.count, 1);
    read_behind.states[read_at.count - 1] = read_state();
    read_behind.count++;
}

START_TEST(another_observer_reads_them_when_the_exit_is_handled) {
    static const char code[] = "\xb8\0\0\0\x40\x0f\xa2"  // mov eax, 0x40000000; cpuid
                               "\xb9\2\x08\0\0\x0f\x32"  // mov ecx, 0x802; rdmsr
                               "\xb0\7\xe4\x10\xe6\x10"; // mov al, 7; in al, 0x10; out 0x10, al
    const zx_vcpu_io_t answer = {.access_size = 1, .u8 = 9};
    guest_open();
    memory_write(ENTRY, code, sizeof code - 1);
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zirconia_guest_observe(guest, read_registers, NULL), ZX_OK);
    ck_assert_int_eq(zirconia_guest_observe_entries(guest, read_registers_behind, NULL), ZX_OK);
    ck_assert_int_eq(enter().guest_io.input, true);
    ck_assert_uint_eq(read_behind.count, 2);
    ck_assert_uint_eq(read_behind.states[0].rax, 0x40000001);
    ck_assert_uint_eq(read_behind.states[0].rcx, 0x564b4d56);
    ck_assert_uint_eq(read_behind.states[1].rax, 0);
    ck_assert_uint_eq(read_behind.states[1].rcx, 0x802);
    ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &answer, sizeof answer), ZX_OK);
    ck_assert_int_eq(enter().guest_io.input, false);
    ck_assert_uint_eq(read_behind.count, 3);
    ck_assert_uint_eq(read_behind.states[2].rax, 9);
    ck_assert_int_eq(zirconia_guest_observe_entries(guest, NULL, NULL), ZX_OK);
}
END_TEST

static void count_entry(void *context, uint64_t vcpu_id) {
    (void)vcpu_id;
    ++*(unsigned *)context;
}

static void ignore_exit(void *context, const zirconia_exit_t *exit) {
    (void)context;
    (void)exit;
}

// An exit that came behind the snapshot has no end: it has not happened.
START_TEST(an_exit_that_a_restore_takes_back_has_no_entry_behind_it) {
    static const char code[] = "\xe4\x10\xe4\x10"; // in al, 0x10; in al, 0x10
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    unsigned entries = 0;
    guest_open();
    memory_write(ENTRY, code, sizeof code - 1);
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zirconia_guest_observe(guest, ignore_exit, NULL), ZX_OK);
    ck_assert_int_eq(zirconia_guest_observe_entries(guest, count_entry, &entries), ZX_OK);
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &snapshot), ZX_OK);
    for (unsigned i = 0; i < 2; i++) {
        entries = 0;
        enter();
        ck_assert_uint_eq(entries, 0);
        enter();
        ck_assert_uint_eq(entries, 1);
        ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), ZX_OK);
    }
    ck_assert_int_eq(zx_handle_close(snapshot), ZX_OK);
    ck_assert_int_eq(zirconia_guest_observe_entries(guest, NULL, NULL), ZX_OK);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        cpuid_names_the_hypervisor,
        cpuid_tells_what_a_guest_may_use,
        cpuid_has_no_topology_but_the_apic_identifier,
        cpuid_has_no_monitor,
        cpuid_looks_at_low_halves_and_clears_the_upper,
        a_halted_guest_waits_for_an_interrupt_and_takes_it,
        an_interrupt_ends_a_halt_with_interrupts_off_and_stays_pending,
        a_pending_interrupt_does_not_let_a_halt_wait,
        halt_is_refused_at_user_level,
        a_vmcall_that_nobody_knows_gives_minus_1000,
        a_vmcall_from_user_level_gives_minus_1,
        a_store_to_a_memory_trap_comes_back,
        a_load_from_a_memory_trap_comes_back_and_takes_the_clients_answer,
        each_run_call_fills_the_packet_of_its_era,
        a_store_to_a_bell_queues_a_packet_and_the_guest_goes_on,
        a_load_from_a_bell_is_not_supported_and_is_skipped,
        memory_that_is_not_there_is_not_found_until_it_is_mapped,
        a_store_to_memory_that_is_not_there_is_made_once_it_is,
        code_that_is_not_there_runs_once_it_is,
        cpuid_has_no_performance_counters,
        an_observer_reads_the_registers_before_the_exit_is_handled,
        another_observer_reads_them_when_the_exit_is_handled,
        an_exit_that_a_restore_takes_back_has_no_entry_behind_it,
    };
    return run_tests("exits", tests, sizeof tests / sizeof tests[0]);
}
