// SPDX-License-Identifier: MIT
//
// The calls for debuggers (zirconia/debug.h): single steps over every kind of instruction and exit,
// breakpoints and watchpoints, and that a guest in virtual time does the same with them as without.

#include "debugger_fixture.h"
#include "sanitized.h"

#include <pthread.h>
#include <stdatomic.h>
#include <zircon/process.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

#define MOST_STEPS 100000u

// --- Steps ---

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

static void go_on_from_file(void) {
    save_snapshot(snapshot_of(guest));
    restore(load_snapshot());
}

// STI, the NOP in its shadow and the exit for the interrupt window are work.
START_TEST(an_interrupt_that_waits_comes_at_its_time_from_a_file_too) {
    start_case(HALTED, true);
    const uint64_t before = stop_of_vcpu().work;
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 0x40), ZX_OK);
    for (int steps = 0; steps < 3; steps++) {
        ck_assert_int_eq(step(), ZX_ERR_STOP);
        if (steps == _i) {
            go_on_from_file();
        }
    }
    ck_assert_uint_eq(registers_of_vcpu().rflags & 0x200, 0);
    ck_assert_uint_eq(stop_of_vcpu().work, before + 3);
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

static atomic_bool kicks_end;

// A kick may come when the instruction was translated and has not run. In real time kicks stop the
// engine from outside.
START_TEST(a_step_beside_kicks_is_one_instruction) {
    static const uint8_t code[] = {0xff, 0xc0, 0xff, 0xc0, 0xeb, 0xfa}; // inc eax twice, for ever
    pthread_t thread;
    open_guest("debug", STRAIGHT, false);
    memory_write(ENTRY, code, sizeof code);
    set_stepping(1);
    atomic_store(&kicks_end, false);
    ck_assert_int_eq(pthread_create(&thread, NULL, kick_now_and_then, &kicks_end), 0);
    uint64_t rip = ENTRY;
    for (unsigned steps = 0; steps < 3000;) {
        const zx_status_t status = step();
        if (status == ZX_ERR_STOP) {
            rip = rip == ENTRY + 4 ? ENTRY : rip + 2;
            steps++;
        } else {
            ck_assert_int_eq(status, ZX_ERR_CANCELED);
        }
        ck_assert_uint_eq(registers_of_vcpu().rip, rip);
    }
    atomic_store(&kicks_end, true);
    pthread_join(thread, NULL);
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

// ThreadSanitizer takes long for these, which are of one thread.
enum { RUN_PROGRAMS = THREAD_SANITIZED ? 2 : COUNT_OF(programs) };

int main(void) {
    Suite *suite = suite_create("debug");
    TCase *tcase = tcase_create("debug");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_step_is_one_instruction, 0, 2);
    tcase_add_loop_test(tcase, a_step_over_a_branch_to_another_page_is_one_instruction, 0, 2);
    tcase_add_loop_test(tcase, a_step_over_an_exit_is_one_instruction, 0, 2);
    tcase_add_loop_test(tcase, a_step_ends_where_an_exception_is_handled, 0, 2);
    tcase_add_loop_test(tcase, an_interrupt_is_a_step_of_its_own, 0, 2);
    tcase_add_loop_test(tcase, an_interrupt_that_waits_comes_at_its_time_from_a_file_too, 0, 3);
    tcase_add_loop_test(tcase, a_guest_stops_before_breakpoints, 0, 2);
    tcase_add_loop_test(tcase, a_guest_stops_behind_stores_that_change_what_is_watched, 0, 2);
    tcase_add_loop_test(tcase, a_guest_stops_behind_each_instruction_that_accesses_what_is_watched,
                        0, 4);
    tcase_add_loop_test(tcase, accesses_stop_a_guest_that_runs, 0, 2);
    tcase_add_loop_test(tcase, breakpoints_hold_while_memory_is_watched, 0, 2);
    tcase_add_loop_test(tcase, a_stop_leaves_a_halted_vcpu_halted, 0, 4);
    tcase_add_test(tcase, a_stop_keeps_a_kick_for_later);
    tcase_add_test(tcase, a_step_beside_kicks_is_one_instruction);
    tcase_add_loop_test(tcase, a_guest_that_steps_does_the_same, 0, RUN_PROGRAMS);
    tcase_add_loop_test(tcase, a_guest_with_breakpoints_does_the_same, 0, RUN_PROGRAMS);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
