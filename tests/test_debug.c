// SPDX-License-Identifier: MIT
//
// The calls for debuggers (zirconia/debug.h): single steps over every kind of instruction and exit,
// breakpoints and watchpoints, and that a guest in virtual time does the same with them as without.

#include "snapshot_fixture.h"

#include <pthread.h>
#include <zircon/process.h>
#include <zirconia/debug.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

#define LISTS 0x18000u
#define BELL 0x400000u
#define PORT 0x10u
#define DATA 0x300000u
#define MOST_STEPS 100000u

enum { STRAIGHT, EXITS, EVENTS, HALTED, WATCHED };

static zx_handle_t port;

static void open_guest(const char *program, uint64_t number, bool virtual_time) {
    guest_open();
    guest_load(program, ENTRY);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, BELL, 0x1000, port, 1);
    trap(ZX_GUEST_TRAP_BELL, BELL + 0x2000, 0x1000, port, 2);
    trap(ZX_GUEST_TRAP_IO, PORT, 1, ZX_HANDLE_INVALID, 0);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    zx_vcpu_state_t state = read_state();
    state.rsi = number;
    write_state(&state);
}

static void close_guest(void) {
    zx_handle_close(port);
    guest_close();
}

static void set_stepping(uint32_t stepping) {
    ck_assert_int_eq(zirconia_vcpu_set_stepping(vcpu, stepping), ZX_OK);
}

static zirconia_registers_t registers_of_vcpu(void) {
    zirconia_registers_t registers;
    ck_assert_int_eq(zirconia_vcpu_read_registers(vcpu, &registers), ZX_OK);
    return registers;
}

static zirconia_stop_t stop_of_vcpu(void) {
    zirconia_stop_t stop;
    ck_assert_int_eq(zirconia_vcpu_read_stop(vcpu, &stop), ZX_OK);
    return stop;
}

static zx_status_t step(void) {
    zx_port_packet_t packet;
    const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
    if (status == ZX_ERR_STOP) {
        ck_assert_uint_eq(stop_of_vcpu().cause, ZIRCONIA_STOP_STEP);
    }
    return status;
}

static void break_at(uint64_t address) {
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, &address, 1), ZX_OK);
}

static void no_breakpoints(void) {
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, NULL, 0), ZX_OK);
}

static void stops_at(uint64_t address) {
    enter_fails(ZX_ERR_STOP);
    ck_assert_uint_eq(stop_of_vcpu().cause, ZIRCONIA_STOP_BREAKPOINT);
    ck_assert_uint_eq(registers_of_vcpu().rip, address);
}

// --- Steps ---

// To the first instruction of a case.
static uint64_t start_case(uint64_t number, bool virtual_time) {
    open_guest("debug", number, virtual_time);
    const uint64_t list = memory_u64(LISTS + 8 * number);
    break_at(memory_u64(list));
    stops_at(memory_u64(list));
    no_breakpoints();
    set_stepping(1);
    return list;
}

// The addresses of the list are come to, each with one step; -1 stands for any number of steps.
static void steps_as_listed(uint64_t list) {
    for (uint64_t wanted; (wanted = memory_u64(list += 8)) != 0;) {
        const bool any = wanted == UINT64_MAX;
        unsigned steps = 0;
        if (any) {
            wanted = memory_u64(list += 8);
        }
        do {
            const zx_status_t status = step();
            ck_assert_msg(status == ZX_OK || status == ZX_ERR_STOP, "%d", status);
            ck_assert_uint_lt(steps++, 20);
        } while (any && registers_of_vcpu().rip != wanted);
        ck_assert_uint_eq(registers_of_vcpu().rip, wanted);
    }
}

// The first bit of _i says whether time is virtual.
START_TEST(a_step_is_one_instruction) {
    steps_as_listed(start_case(STRAIGHT, _i & 1));
    zirconia_registers_t registers = registers_of_vcpu();
    ck_assert_uint_eq(registers.general[3], 1); // RBX
    set_stepping(0);
    enter_to_end();
    close_guest();
}
END_TEST

// The code has run before.
START_TEST(a_step_over_a_branch_to_another_page_is_one_instruction) {
    static const uint8_t first[] = {0xff, 0xc0, 0xe9, 0xf9, 0x0f, 0, 0}; // inc eax; jmp second
    static const uint8_t second[] = {
        0xff, 0xc1,                                              // inc ecx
        0x48, 0xc7, 0x04, 0x25, 0x00, 0xf0, 0xff, 0, 0, 0, 0, 0, // done
        0xe9, 0xed, 0xef, 0xff, 0xff,                            // jmp first
    };
    static const uint64_t wanted[] = {0x20000, 0x20002, 0x21000, 0x21002};
    open_guest("debug", STRAIGHT, _i & 1);
    memory_write(0x20000, first, sizeof first);
    memory_write(0x21000, second, sizeof second);
    zirconia_registers_t registers = registers_of_vcpu();
    registers.rip = 0x20000;
    ck_assert_int_eq(zirconia_vcpu_write_registers(vcpu, &registers), ZX_OK);
    enter_to_end();
    enter_to_end();
    set_stepping(1);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        ck_assert_int_eq(step(), ZX_ERR_STOP);
        ck_assert_uint_eq(registers_of_vcpu().rip, wanted[i]);
    }
    close_guest();
}
END_TEST

START_TEST(a_step_over_an_exit_is_one_instruction) {
    steps_as_listed(start_case(EXITS, _i & 1));
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_BELL);
    set_stepping(0);
    enter_to_end();
    close_guest();
}
END_TEST

START_TEST(a_step_ends_where_an_exception_is_handled) {
    steps_as_listed(start_case(EVENTS, _i & 1));
    set_stepping(0);
    enter_to_end();
    close_guest();
}
END_TEST

// Its delivery is a step, the shadow of STI is kept, and HLT wakes.
START_TEST(an_interrupt_is_a_step_of_its_own) {
    const uint64_t list = start_case(HALTED, _i & 1);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x40), ZX_OK);
    ck_assert_int_eq(step(), ZX_ERR_STOP); // STI
    ck_assert_uint_eq(registers_of_vcpu().rip, memory_u64(list + 8));
    ck_assert_int_eq(step(), ZX_ERR_STOP); // NOP, in its shadow
    ck_assert_uint_eq(registers_of_vcpu().rip, memory_u64(list + 16));
    ck_assert_int_eq(step(), ZX_ERR_STOP); // The interrupt
    const zirconia_registers_t in_handler = registers_of_vcpu();
    ck_assert_uint_eq(in_handler.rflags & 0x200, 0);
    ck_assert_uint_eq(memory_u64(in_handler.general[4]), memory_u64(list + 16));
    ck_assert_int_eq(step(), ZX_ERR_STOP); // MOV EAX, vector
    ck_assert_uint_eq(registers_of_vcpu().general[0], 0x40);
    for (unsigned i = 0; registers_of_vcpu().rip != memory_u64(list + 16); i++) {
        ck_assert_int_eq(step(), ZX_ERR_STOP);
        ck_assert_uint_lt(i, 10);
    }
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x41), ZX_OK);
    ck_assert_int_eq(step(), ZX_ERR_STOP); // Before the HLT
    ck_assert_uint_eq(memory_u64(registers_of_vcpu().general[4]), memory_u64(list + 16));
    close_guest();
}
END_TEST

// --- Breakpoints ---

START_TEST(a_guest_stops_before_breakpoints) {
    open_guest("debug", STRAIGHT, _i & 1);
    const uint64_t list = memory_u64(LISTS);
    uint64_t addresses[] = {memory_u64(list + 8), memory_u64(list + 5 * 8), memory_u64(list)};
    const uint64_t order[] = {2, 0, 1};
    uint8_t before[64];
    ck_assert_int_eq(zx_vmo_read(memory, before, addresses[2], sizeof before), ZX_OK);
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, addresses, 3), ZX_OK);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t now[64];
        stops_at(addresses[order[i]]);
        stops_at(addresses[order[i]]); // It stays there.
        ck_assert_int_eq(zx_vmo_read(memory, now, addresses[2], sizeof now), ZX_OK);
        ck_assert_mem_eq(before, now, sizeof now);
        set_stepping(1);
        ck_assert_int_eq(step(), ZX_ERR_STOP);
        set_stepping(0);
    }
    enter_to_end();
    close_guest();
}
END_TEST

// --- Watchpoints ---

START_TEST(a_guest_stops_behind_stores_that_change_what_is_watched) {
    open_guest("debug", WATCHED, _i & 1);
    const zirconia_watchpoint_t places[] = {{.address = DATA, .size = 1},
                                            {.address = DATA + 0x10, .size = 8}};
    ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, places, 2), ZX_OK);
    const uint64_t wanted[] = {DATA, DATA + 0x10, DATA, DATA};
    for (unsigned i = 0; i < COUNT_OF(wanted); i++) {
        enter_fails(ZX_ERR_STOP);
        ck_assert_uint_eq(stop_of_vcpu().cause, ZIRCONIA_STOP_WATCHPOINT);
        ck_assert_uint_eq(stop_of_vcpu().address, wanted[i]);
    }
    ck_assert_uint_eq(memory_u64(DATA) & 0xff, 3);
    enter_to_end();
    close_guest();
}
END_TEST

// Each instruction of the list with what it does to what is watched.
enum { NOTHING = 0, READS = 1, WRITES = 2, WHILE_RCX = 4 };

static uint64_t next_accesses(void) {
    const zirconia_registers_t registers = registers_of_vcpu();
    for (uint64_t entry = LISTS; memory_u64(entry) != 0; entry += 16) {
        const uint64_t does = memory_u64(entry + 8);
        if (memory_u64(entry) == registers.rip) {
            return (does & WHILE_RCX) != 0 && registers.general[1] == 0 ? NOTHING : does;
        }
    }
    return NOTHING;
}

// Bit 1 of _i says whether writes count too.
START_TEST(a_guest_stops_behind_each_instruction_that_accesses_what_is_watched) {
    const uint32_t kind = (_i & 2) != 0 ? ZIRCONIA_WATCH_ACCESS : ZIRCONIA_WATCH_READ;
    const uint64_t wanted = kind == ZIRCONIA_WATCH_ACCESS ? READS | WRITES : READS;
    open_guest("accesses", 0, _i & 1);
    const zirconia_watchpoint_t places[] = {{.address = DATA + 0xffe, .size = 4, .kind = kind},
                                            {.address = 0x7fff8, .size = 8, .kind = kind}};
    ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, places, 2), ZX_OK);
    set_stepping(1);
    unsigned met = 0;
    for (;;) {
        zx_port_packet_t packet;
        const uint64_t rip = registers_of_vcpu().rip;
        const bool is_met = (next_accesses() & wanted) != 0;
        const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
        if (status == ZX_OK && packet.type == ZX_PKT_TYPE_GUEST_MEM) {
            break;
        }
        ck_assert_int_eq(status, ZX_ERR_STOP);
        const uint32_t cause = is_met ? ZIRCONIA_STOP_ACCESS : ZIRCONIA_STOP_STEP;
        ck_assert_msg(stop_of_vcpu().cause == cause, "the instruction at 0x%llx: %u, not %u",
                      (unsigned long long)rip, stop_of_vcpu().cause, cause);
        met += is_met;
    }
    ck_assert_uint_gt(met, 20);
    close_guest();
}
END_TEST

// As many stops without steps between them; and none, at full speed, once there is nothing to
// watch.
START_TEST(accesses_stop_a_guest_that_runs) {
    open_guest("accesses", 0, _i & 1);
    unsigned wanted = 0;
    for (uint64_t entry = LISTS; memory_u64(entry) != 0; entry += 16) {
        wanted += (memory_u64(entry + 8) & READS) != 0;
    }
    const zirconia_watchpoint_t places[] = {
        {.address = DATA + 0xffe, .size = 4, .kind = ZIRCONIA_WATCH_READ},
        {.address = 0x7fff8, .size = 8, .kind = ZIRCONIA_WATCH_READ}};
    ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, places, 2), ZX_OK);
    for (unsigned i = 0; i < wanted - 1; i++) {
        enter_fails(ZX_ERR_STOP);
        ck_assert_uint_eq(stop_of_vcpu().cause, ZIRCONIA_STOP_ACCESS);
    }
    ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, NULL, 0), ZX_OK);
    enter_to_end();
    close_guest();
}
END_TEST

START_TEST(breakpoints_hold_while_memory_is_watched) {
    open_guest("debug", STRAIGHT, _i & 1);
    const zirconia_watchpoint_t place = {.address = DATA + 1, .size = 1};
    const uint64_t breakpoint = memory_u64(memory_u64(LISTS) + 16);
    ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, &place, 1), ZX_OK);
    break_at(breakpoint);
    stops_at(breakpoint);
    no_breakpoints();
    enter_fails(ZX_ERR_STOP);
    ck_assert_uint_eq(stop_of_vcpu().address, DATA + 1);
    ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, NULL, 0), ZX_OK);
    enter_to_end();
    close_guest();
}
END_TEST

// --- Registers and memory ---

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

// --- Stops ---

static void *stop_halted(void *context) {
    zirconia_exit_statistics_t figures[ZIRCONIA_EXIT_KIND_COUNT] = {0};
    (void)context;
    while (figures[ZIRCONIA_EXIT_HLT].count == 0) {
        ck_assert_int_eq(zirconia_guest_statistics(guest, figures, COUNT_OF(figures)), ZX_OK);
    }
    ck_assert_int_eq(zirconia_vcpu_stop(vcpu), ZX_OK);
    return NULL;
}

static void stop_at_hlt(void *context, const zirconia_exit_t *exit) {
    (void)context;
    if (exit->kind == ZIRCONIA_EXIT_HLT) {
        ck_assert_int_eq(zirconia_vcpu_stop(vcpu), ZX_OK);
    }
}

static void enter_and_stop_halted(bool before_it_sleeps) {
    if (before_it_sleeps) {
        ck_assert_int_eq(zirconia_guest_observe(guest, stop_at_hlt, NULL), ZX_OK);
        enter_fails(ZX_ERR_STOP);
        ck_assert_int_eq(zirconia_guest_observe(guest, NULL, NULL), ZX_OK);
    } else {
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, stop_halted, NULL), 0);
        enter_fails(ZX_ERR_STOP);
        pthread_join(thread, NULL);
    }
    ck_assert_uint_eq(stop_of_vcpu().cause, ZIRCONIA_STOP_REQUEST);
}

// Its HLT is carried out once more, and once only: until there is an interrupt, whose handler
// returns behind it. The first bit of _i says when it is stopped, the second whether IF is set.
START_TEST(a_stop_leaves_a_halted_vcpu_halted) {
    const bool interruptible = (_i & 2) != 0;
    const uint64_t list = start_case(HALTED, false);
    const uint64_t hlt = memory_u64(list + 16);
    set_stepping(0);
    zirconia_registers_t registers = registers_of_vcpu();
    registers.rip = interruptible ? memory_u64(list) : hlt;
    ck_assert_int_eq(zirconia_vcpu_write_registers(vcpu, &registers), ZX_OK);
    enter_and_stop_halted((_i & 1) != 0);
    ck_assert_uint_eq(registers_of_vcpu().rip, hlt);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x40), ZX_OK);
    break_at(hlt + 1);
    stops_at(hlt + 1);
    no_breakpoints();
    enter_to_end();
    close_guest();
}
END_TEST

START_TEST(a_stop_keeps_a_kick_for_later) {
    open_guest("debug", STRAIGHT, false);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_int_eq(zirconia_vcpu_stop(vcpu), ZX_OK);
    enter_fails(ZX_ERR_STOP);
    enter_fails(ZX_ERR_CANCELED);
    enter_to_end();
    close_guest();
}
END_TEST

// --- In virtual time ---

// How a run call that the client hears of has ended.
struct ended {
    zx_status_t status;
    zx_port_packet_t packet;
    zirconia_registers_t registers;
    uint64_t memory;
};

static struct ended run_to_end_of_call(void) {
    struct ended ended;
    memset(&ended, 0, sizeof ended);
    unsigned stops = 0;
    do {
        ended.status = zx_vcpu_enter(vcpu, &ended.packet);
        ck_assert_uint_lt(stops++, MOST_STEPS);
    } while (ended.status == ZX_ERR_STOP);
    ended.registers = registers_of_vcpu();
    ended.memory = memory_hash();
    return ended;
}

// Breakpoints that come to lie a few instructions ahead.
static struct ended run_from_breakpoint_to_breakpoint(void) {
    struct ended ended;
    memset(&ended, 0, sizeof ended);
    uint64_t ahead[3];
    size_t count = 0;
    unsigned stops = 0;
    do {
        set_stepping(stops % 2);
        ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, ahead, stops % 2 ? 0 : count),
                         ZX_OK);
        ended.status = zx_vcpu_enter(vcpu, &ended.packet);
        const uint64_t rip = registers_of_vcpu().rip;
        for (count = 0; count < COUNT_OF(ahead); count++) {
            ahead[count] = rip + 1 + stops % 11 + 2 * count;
        }
        ck_assert_uint_lt(stops++, MOST_STEPS);
    } while (ended.status == ZX_ERR_STOP);
    set_stepping(0);
    no_breakpoints();
    ended.registers = registers_of_vcpu();
    ended.memory = memory_hash();
    return ended;
}

static const struct {
    const char *program;
    uint64_t number;
    unsigned calls;
} programs[] = {
    {"debug", STRAIGHT, 1}, {"debug", EXITS, 4}, {"debug", EVENTS, 1}, {"debug", WATCHED, 1},
    {"snapshot", 0, 3},     {"snapshot", 4, 4},  {"snapshot", 5, 4},   {"snapshot", 6, 2},
    {"snapshot", 8, 4},     {"snapshot", 9, 6},  {"snapshot", 10, 6},  {"snapshot", 7, 2},
};

static void start_program(unsigned number) {
    open_guest(programs[number].program, programs[number].number, true);
}

START_TEST(a_guest_that_steps_does_the_same) {
    struct ended ended[8];
    const unsigned calls = programs[_i].calls;
    start_program((unsigned)_i);
    for (unsigned i = 0; i < calls; i++) {
        ended[i] = run_to_end_of_call();
    }
    close_guest();
    start_program((unsigned)_i);
    set_stepping(1);
    for (unsigned i = 0; i < calls; i++) {
        const struct ended stepped = run_to_end_of_call();
        ck_assert_int_eq(stepped.status, ended[i].status);
        ck_assert_uint_eq(stepped.registers.rip, ended[i].registers.rip);

        ck_assert_mem_eq(&stepped, &ended[i], sizeof stepped);
    }
    close_guest();
}
END_TEST

// A breakpoint at each instruction that is come to, which is stepped over and left where it was.
START_TEST(a_guest_with_breakpoints_does_the_same) {
    struct ended ended[8];
    const unsigned calls = programs[_i].calls;
    start_program((unsigned)_i);
    for (unsigned i = 0; i < calls; i++) {
        ended[i] = run_to_end_of_call();
    }
    close_guest();
    start_program((unsigned)_i);
    for (unsigned i = 0; i < calls; i++) {
        const struct ended stopped = run_from_breakpoint_to_breakpoint();
        ck_assert_mem_eq(&stopped, &ended[i], sizeof stopped);
    }
    close_guest();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("debug");
    TCase *tcase = tcase_create("debug");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_step_is_one_instruction, 0, 2);
    tcase_add_loop_test(tcase, a_step_over_a_branch_to_another_page_is_one_instruction, 0, 2);
    tcase_add_loop_test(tcase, a_step_over_an_exit_is_one_instruction, 0, 2);
    tcase_add_loop_test(tcase, a_step_ends_where_an_exception_is_handled, 0, 2);
    tcase_add_loop_test(tcase, an_interrupt_is_a_step_of_its_own, 0, 2);
    tcase_add_loop_test(tcase, a_guest_stops_before_breakpoints, 0, 2);
    tcase_add_loop_test(tcase, a_guest_stops_behind_stores_that_change_what_is_watched, 0, 2);
    tcase_add_loop_test(tcase, a_guest_stops_behind_each_instruction_that_accesses_what_is_watched,
                        0, 4);
    tcase_add_loop_test(tcase, accesses_stop_a_guest_that_runs, 0, 2);
    tcase_add_loop_test(tcase, breakpoints_hold_while_memory_is_watched, 0, 2);
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
    tcase_add_loop_test(tcase, a_stop_leaves_a_halted_vcpu_halted, 0, 4);
    tcase_add_test(tcase, a_stop_keeps_a_kick_for_later);
    tcase_add_loop_test(tcase, a_guest_that_steps_does_the_same, 0, COUNT_OF(programs));
    tcase_add_loop_test(tcase, a_guest_with_breakpoints_does_the_same, 0, COUNT_OF(programs));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
