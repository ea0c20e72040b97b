// SPDX-License-Identifier: MIT
//
// CPUID, RDTSC and RDTSCP, which are answered in the middle of a block where the Unicorn in use
// lets them be, and by exits where it does not: what a guest finds is the same. Private functions
// of the library are watched, and a look at memory that Unicorn's lookup of addresses lies in is
// refused.

#define _POSIX_C_SOURCE 200809L // setenv()

#include "guest_fixture.h"
#include "other_thread.h"

#include "engine/cpu/unicorn/code_copy.h"
#include "engine/cpu/unicorn/raw_exit.h"
#include "engine/cpu/unicorn/run.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/x86/intercept.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zirconia/observe.h>
#include <zirconia/zirconia.h>

enum program {
    PLAIN,
    MANY,
    FORBIDDEN,
    COUNTED,
    AWAITED,
    ACROSS,
    KICKED,
    CALLED,
    REGISTERS,
    FRAMES,
    JOINED
};

#define READY 0x8000u
#define GO 0x8008u

bool __real_code_copy_show(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                           const uint8_t *host);
bool __wrap_code_copy_show(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                           const uint8_t *host);
bool __real_code_copy_show_once(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                                const uint8_t *host, uc_tlb_entry *entry);
bool __wrap_code_copy_show_once(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                                const uint8_t *host, uc_tlb_entry *entry);
bool __real_intercept_time_stamp(struct cpu *cpu, uint64_t time, struct cpu_exit *exit);
bool __wrap_intercept_time_stamp(struct cpu *cpu, uint64_t time, struct cpu_exit *exit);

static bool refuses;

bool __wrap_code_copy_show(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                           const uint8_t *host) {
    return !refuses && __real_code_copy_show(copy, state, linear, host);
}

bool __wrap_code_copy_show_once(struct code_copy *copy, const uint8_t *state, uint64_t linear,
                                const uint8_t *host, uc_tlb_entry *entry) {
    return !refuses && __real_code_copy_show_once(copy, state, linear, host, entry);
}

void __real_run_call(struct run *run);
void __wrap_run_call(struct run *run);

static unsigned calls;

void __wrap_run_call(struct run *run) {
    calls++;
    __real_run_call(run);
}

static unsigned exits; // Exits of RDTSC and RDTSCP.

bool __wrap_intercept_time_stamp(struct cpu *cpu, uint64_t time, struct cpu_exit *exit) {
    exits++;
    return __real_intercept_time_stamp(cpu, time, exit);
}

enum raw_exit_result __real_raw_exit_translate(struct cpu *cpu, const struct raw_exit *raw,
                                               struct cpu_exit *exit);
enum raw_exit_result __wrap_raw_exit_translate(struct cpu *cpu, const struct raw_exit *raw,
                                               struct cpu_exit *exit);

static unsigned halts; // What ends a block before an instruction is one of them.

enum raw_exit_result __wrap_raw_exit_translate(struct cpu *cpu, const struct raw_exit *raw,
                                               struct cpu_exit *exit) {
    halts += raw->number == RAW_EXIT_SVM(SVM_HLT);
    return __real_raw_exit_translate(cpu, raw, exit);
}

// False in the runs of these tests that turn answers off.
static bool answers_are_wished(void) {
    return getenv("ZIRCONIA_ANSWERS") == NULL && getenv("ZIRCONIA_STATE") == NULL;
}

static void start(enum program program) {
    guest_start("answers");
    enter_to_end();
    zx_vcpu_state_t state = read_state();
    state.rsi = program;
    write_state(&state);
}

static zx_vcpu_state_t run(void) {
    enter_to_end();
    return read_state();
}

static void expect_exits(bool any) {
    ck_assert_msg((exits != 0) == any, "%u exits", exits);
}

// --- RDTSC ---

static void check_plain(void) {
    start(PLAIN);
    for (unsigned i = 0; i < 3; i++) {
        const zx_time_t before = zx_clock_get_monotonic();
        const zx_vcpu_state_t state = run();
        ck_assert_uint_eq(state.r9, 0x310f310f);
        ck_assert_uint_eq(state.r11, 0x1234);
        ck_assert_int_ge((int64_t)state.r8, before);
        ck_assert_int_ge((int64_t)state.r10, (int64_t)state.r8);
        ck_assert_int_le((int64_t)state.r10, zx_clock_get_monotonic());
    }
    guest_close();
}

START_TEST(time_is_the_clocks_and_the_code_is_as_it_was) {
    check_plain();
    expect_exits(!answers_are_wished());
}
END_TEST

// Unicorn announces the translation of a guest's first block as it does all others, so that others
// can stand in for its instructions too.
START_TEST(the_first_block_has_no_exits) {
    static const uint8_t code[] = {0x0f, 0x31, // rdtsc
                                   0x89, 0x04, 0x25, 0x00,
                                   0xf0, 0xff, 0x00}; // mov [EXIT_PAGE], eax
    guest_open();
    memory_write(ENTRY, code, sizeof code);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    enter_to_end();
    expect_exits(!answers_are_wished());
    guest_close();
}
END_TEST

START_TEST(a_wish_has_time_make_exits) {
    setenv("ZIRCONIA_ANSWERS", "exits", true);
    check_plain();
    expect_exits(true);
    ck_assert_ptr_nonnull(strstr(zirconia_engine_note(), "exits"));
}
END_TEST

START_TEST(where_nothing_can_stand_in_time_makes_exits) {
    refuses = true;
    check_plain();
    expect_exits(true);
}
END_TEST

// The trial succeeds, but later the entry of the TLB is not found.
START_TEST(where_nothing_can_stand_in_any_more_time_makes_exits) {
    check_plain();
    exits = 0;
    refuses = true;
    check_plain();
    expect_exits(true);
}
END_TEST

START_TEST(time_never_goes_back_in_a_block) {
    start(MANY);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_uint_eq(run().r9, 0);
    }
    guest_close();
}
END_TEST

START_TEST(time_can_lie_in_two_pages) {
    start(ACROSS);
    const zx_vcpu_state_t state = run();
    ck_assert_uint_ge(state.r10, state.r8);
    ck_assert_int_le((int64_t)state.r10, zx_clock_get_monotonic());
    guest_close();
}
END_TEST

START_TEST(time_that_has_run_can_be_forbidden) {
    start(FORBIDDEN);
    const zx_vcpu_state_t state = run();
    ck_assert_uint_eq(state.rax, 13);
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(state.r9, state.rbx);
    ck_assert_uint_ge(state.r12, state.r13);
    ck_assert_int_le((int64_t)state.r12, zx_clock_get_monotonic());
    guest_close();
    check_plain(); // The failure holds for that guest alone.
}
END_TEST

static uint64_t count_of(zirconia_exit_kind_t kind) {
    zirconia_exit_statistics_t counts[ZIRCONIA_EXIT_KIND_COUNT];
    ck_assert_int_eq(zirconia_guest_statistics(guest, counts, ZIRCONIA_EXIT_KIND_COUNT), ZX_OK);
    return counts[kind].count;
}

// --- CPUID ---

static uint64_t cpuids(void) {
    return count_of(ZIRCONIA_EXIT_CPUID);
}

static atomic_uint told;

static void tell(void *context, const zirconia_exit_t *exit) {
    (void)context;
    if (exit->kind == ZIRCONIA_EXIT_CPUID) {
        ck_assert_uint_eq(exit->instruction_size, 2);
        ck_assert_uint_eq(exit->qualification[0], 0);
        told++;
    }
}

static void observe(zirconia_exit_observer_t observer) {
    ck_assert_int_eq(zirconia_guest_observe(guest, observer, NULL), ZX_OK);
}

static void count(uint64_t times) {
    zx_vcpu_state_t state = read_state();
    state.rcx = times;
    write_state(&state);
    const uint64_t before = cpuids();
    ck_assert_uint_eq(run().rbx, 0x756e6547);
    ck_assert_uint_eq(cpuids(), before + times);
}

START_TEST(cpuid_is_counted_and_told_with_or_without_an_exit) {
    start(COUNTED);
    count(1000);
    ck_assert_uint_eq(told, 0);
    observe(tell);
    count(1000);
    ck_assert_uint_eq(told, 1000);
    observe(NULL);
    count(1000);
    ck_assert_uint_eq(told, 1000);
    guest_close();
}
END_TEST

// A guest that is already running, from another thread.
static void *watch(void *unused) {
    (void)unused;
    const uint64_t go = 1;
    while ((uint32_t)memory_u64(READY) == 0) {
        sched_yield();
    }
    observe(tell);
    memory_write(GO, &go, sizeof go);
    return NULL;
}

START_TEST(an_observer_is_told_of_the_next_cpuid) {
    start(AWAITED);
    const pthread_t thread = start_thread(watch, NULL);
    run();
    join_thread(thread);
    ck_assert_uint_eq(told, 1);
    ck_assert_uint_eq(cpuids(), 1);
    guest_close();
}
END_TEST

// --- System calls ---

static void call(uint64_t rounds) {
    zx_vcpu_state_t state = read_state();
    state.rcx = rounds;
    write_state(&state);
    state = run();
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(state.r9, rounds);
    ck_assert_uint_eq(state.r15, rounds / 64);
}

START_TEST(system_calls_after_the_first_need_no_exit) {
    start(CALLED);
    call(640);
    ck_assert_msg(answers_are_wished() ? calls > 1000 : calls == 0, "%u calls", calls);
    guest_close();
    start(COUNTED); // Another guest, on an engine that has served this one.
    count(1000);
    guest_close();
}
END_TEST

START_TEST(where_nothing_can_stand_in_any_more_system_calls_make_exits) {
    check_plain();
    refuses = true;
    start(CALLED);
    call(640);
    call(64);
    ck_assert_uint_eq(calls, 0);
    guest_close();
}
END_TEST

START_TEST(cpuid_is_told_where_system_calls_are_made) {
    start(CALLED);
    call(64);
    observe(tell);
    call(64);
    ck_assert_uint_eq(told, 64);
    ck_assert_uint_eq(cpuids(), 128);
    guest_close();
}
END_TEST

// --- Blocks that are divided ---

static void run_divided(uint64_t rounds) {
    zx_vcpu_state_t state = read_state();
    state.rcx = rounds;
    write_state(&state);
    halts = 0;
    state = run();
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(state.r9, rounds);
    ck_assert_uint_eq(state.r10, 0x15f4d65d);
}

START_TEST(blocks_that_are_divided_join_without_an_exit) {
    enum { ROUNDS = 1000, FEW = 50 };
    start(JOINED);
    run_divided(ROUNDS);
    ck_assert_msg(answers_are_wished() ? halts < FEW : halts > ROUNDS, "%u exits", halts);
    guest_close();
}
END_TEST

START_TEST(where_nothing_can_stand_in_any_more_divided_blocks_make_exits) {
    enum { ROUNDS = 100 };
    check_plain();
    refuses = true;
    start(JOINED);
    run_divided(ROUNDS);
    ck_assert_uint_gt(halts, ROUNDS);
    guest_close();
}
END_TEST

// --- MSRs, XSETBV, PAUSE ---

static void access_registers(uint64_t rounds, bool as_user) {
    zx_vcpu_state_t state = read_state();
    state.rcx = rounds;
    state.rbx = as_user;
    write_state(&state);
    state = run();
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(state.r9, rounds);
}

// Each of them is an exit still, for all that is told and counted.
START_TEST(many_exits_of_registers_become_calls) {
    enum { ROUNDS = 400 };
    start(REGISTERS);
    access_registers(ROUNDS, false);
    ck_assert_msg(answers_are_wished() ? calls > ROUNDS : calls == 0, "%u calls", calls);
    ck_assert_uint_eq(count_of(ZIRCONIA_EXIT_RDMSR), ROUNDS);
    ck_assert_uint_eq(count_of(ZIRCONIA_EXIT_WRMSR), ROUNDS);
    ck_assert_uint_eq(count_of(ZIRCONIA_EXIT_XSETBV), ROUNDS);
    ck_assert_uint_eq(count_of(ZIRCONIA_EXIT_PAUSE), ROUNDS);
    guest_close();
}
END_TEST

START_TEST(a_program_at_cpl_3_writes_no_register) {
    start(REGISTERS);
    access_registers(400, true);
    const zx_vcpu_state_t state = run();
    ck_assert_uint_eq(state.rax, 13);
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(count_of(ZIRCONIA_EXIT_WRMSR), 400);
    guest_close();
}
END_TEST

// --- INT and IRET, ports ---

// Answers IN as if each byte of the port were 5A. Returns how many accesses there were.
static unsigned run_frames(uint64_t rounds) {
    zx_vcpu_state_t state = read_state();
    zx_port_packet_t packet;
    unsigned accesses = 0;
    state.rcx = rounds;
    write_state(&state);
    for (packet = enter(); packet.type == ZX_PKT_TYPE_GUEST_IO; packet = enter()) {
        accesses++;
        if (packet.guest_io.input) {
            const zx_vcpu_io_t io = {.access_size = packet.guest_io.access_size, .u32 = 0x5a5a5a5a};
            ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof io), ZX_OK);
        }
    }
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    state = read_state();
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(state.r9, rounds);
    return accesses;
}

static void start_frames(void) {
    start(FRAMES);
    trap(ZX_GUEST_TRAP_IO, 0x230, 1, ZX_HANDLE_INVALID, 0);
    trap(ZX_GUEST_TRAP_IO, 0x31, 4, ZX_HANDLE_INVALID, 0);
}

START_TEST(many_interrupts_and_accesses_to_ports_become_calls) {
    enum { ROUNDS = 640 };
    start_frames();
    ck_assert_uint_eq(run_frames(ROUNDS), 4 * ROUNDS);
    ck_assert_msg(answers_are_wished() ? calls > 9 * ROUNDS : calls == 0, "%u calls", calls);
    ck_assert_uint_eq(count_of(ZIRCONIA_EXIT_IO_INSTRUCTION), 4 * ROUNDS);
    guest_close();
}
END_TEST

START_TEST(an_engine_serves_others_after_calls) {
    for (unsigned i = 0; i < 3; i++) {
        start_frames();
        run_frames(128);
        guest_close();
    }
    ck_assert_msg(answers_are_wished() ? calls > 2 * 9 * 128 : calls == 0, "%u calls", calls);
}
END_TEST

// --- All ---

// Runs to the end. Returns how often a kick ended the run call.
static unsigned run_kicked(uint64_t rounds) {
    zx_vcpu_state_t state = read_state();
    zx_port_packet_t packet;
    unsigned kicks = 0;
    state.rcx = rounds;
    write_state(&state);
    zx_status_t status = zx_vcpu_enter(vcpu, &packet);
    for (; status == ZX_ERR_CANCELED; kicks++) {
        status = zx_vcpu_enter(vcpu, &packet);
    }
    ck_assert_int_eq(status, ZX_OK);
    state = read_state();
    ck_assert_uint_eq(state.r8, 0);
    ck_assert_uint_eq(state.r9, rounds);
    return kicks;
}

// Kicks come while instructions are being answered.
static void storm(enum program program) {
    enum { KICKS = 500, ROUNDS = 10000 };
    atomic_bool over = false;
    unsigned kicks = 0;
    start(program);
    const pthread_t thread = start_thread(kick_now_and_then, &over);
    while (kicks < KICKS) {
        kicks += run_kicked(ROUNDS);
    }
    atomic_store(&over, true);
    join_thread(thread);
    guest_close();
}

START_TEST(kicks_lose_no_answer) {
    storm(KICKED);
}
END_TEST

START_TEST(kicks_lose_no_system_call) {
    storm(CALLED);
}
END_TEST

START_TEST(kicks_lose_no_access_to_registers) {
    storm(REGISTERS);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        time_is_the_clocks_and_the_code_is_as_it_was,
        the_first_block_has_no_exits,
        a_wish_has_time_make_exits,
        where_nothing_can_stand_in_time_makes_exits,
        where_nothing_can_stand_in_any_more_time_makes_exits,
        time_never_goes_back_in_a_block,
        time_can_lie_in_two_pages,
        time_that_has_run_can_be_forbidden,
        cpuid_is_counted_and_told_with_or_without_an_exit,
        an_observer_is_told_of_the_next_cpuid,
        system_calls_after_the_first_need_no_exit,
        where_nothing_can_stand_in_any_more_system_calls_make_exits,
        blocks_that_are_divided_join_without_an_exit,
        where_nothing_can_stand_in_any_more_divided_blocks_make_exits,
        cpuid_is_told_where_system_calls_are_made,
        kicks_lose_no_answer,
        kicks_lose_no_system_call,
        many_exits_of_registers_become_calls,
        a_program_at_cpl_3_writes_no_register,
        kicks_lose_no_access_to_registers,
        many_interrupts_and_accesses_to_ports_become_calls,
        an_engine_serves_others_after_calls,
    };
    return run_tests("answers", tests, sizeof tests / sizeof tests[0]);
}
