// SPDX-License-Identifier: MIT
//
// Snapshots (zirconia/snapshot.h): a guest that was put back goes on as one that was never
// interrupted, from every kind of state.

#include "other_thread.h"
#include "sanitized.h"
#include "snapshot_fixture.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <fcntl.h>
#endif
#include <inttypes.h>
#include <stdatomic.h>
#include <zircon/process.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

#define BELL 0x400000u
#define RESULT 0x50000u
#define MOST_STEPS 8u

static zx_handle_t port;

// --- Runs that are compared ---

// The results of one run call.
struct step {
    zx_status_t status;
    zx_port_packet_t packet;
    zx_vcpu_state_t state;
    uint64_t memory;
};

// A guest of snapshot.asm in virtual time: what the client does before each run call, how many of
// them come before the snapshot, and how many there are.
struct scenario {
    const char *name;
    uint64_t number;
    void (*act)(unsigned step);
    unsigned before;
    unsigned steps;
};

static struct step run(const struct scenario *scenario, unsigned number) {
    struct step step;
    memset(&step, 0, sizeof step);
    if (scenario->act != NULL) {
        scenario->act(number);
    }
    step.status = zx_vcpu_enter(vcpu, &step.packet);
    step.state = read_state();
    step.memory = memory_hash();
    return step;
}

static void interrupt(uint32_t vector) {
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, vector), ZX_OK);
}

// An NMI, and in its handler another one and an interrupt, which wait for its end.
static void act_interrupted(unsigned step) {
    if (step == 1 || step == 3) {
        interrupt(2);
    } else if (step == 2) {
        interrupt(0x41);
    }
}

static void act_shadow(unsigned step) {
    if (step == 0) {
        interrupt(0x42);
    } else if (step == 1) {
        zx_vcpu_state_t state = read_state();
        state.r10 = RESULT;
        write_state(&state);
    }
}

static void kick_at(void *context, const zirconia_exit_t *exit) {
    const zirconia_exit_kind_t *kind = context;
    if (exit->kind == *kind) {
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    }
}

static void kick_at_each(zirconia_exit_kind_t kind) {
    static zirconia_exit_kind_t kicked;
    kicked = kind;
    ck_assert_int_eq(zirconia_guest_observe(guest, kick_at, &kicked), ZX_OK);
}

// What is due behind the exit waits for the next run call.
static void act_due_look(unsigned step) {
    (void)step;
    kick_at_each(ZIRCONIA_EXIT_WRMSR);
}

static void act_due_time(unsigned step) {
    (void)step;
    kick_at_each(ZIRCONIA_EXIT_CPUID);
}

static void act_halted(unsigned step) {
    kick_at_each(ZIRCONIA_EXIT_HLT);
    if (step == 2) {
        interrupt(0x43);
    }
}

static const struct scenario scenarios[] = {
    {"registers of every kind", 0, NULL, 1, 3},
    {"in the middle of handlers", 1, act_interrupted, 3, 8},
    {"an NMI that waits for another one's IRET", 1, act_interrupted, 4, 8},
    {"the shadow of STI", 2, act_shadow, 1, 3},
    {"halted", 3, act_halted, 2, 5},
    {"a timer that is armed", 4, NULL, 1, 4},
    {"code that changed itself", 5, NULL, 1, 4},
    {"bells in a port", 6, NULL, 1, 2},
    {"a long block", 8, NULL, 1, 4},
    {"stores to many pages", 9, NULL, 1, 6},
    {"stores to the page behind the code", 10, NULL, 1, 6},
    {"bits of CR0 that are shadows", 11, NULL, 1, 4},
    {"a state that cannot be entered", 12, NULL, 1, 3},
    {"faults of the x87 stack to come", 13, NULL, 1, 5},
    {"faults of the x87 stack that were", 13, NULL, 2, 5},
    {"a jump into the middle of a block", 14, NULL, 1, 4},
    {"stores to the page of the code", 15, NULL, 1, 4},
    {"an interrupt that is due behind an exit", 16, act_due_look, 2, 6},
    {"a time that is due behind an exit", 17, act_due_time, 2, 6},
    {"the paravirtual clock", 7, NULL, 1, 2},
};

static void start(const struct scenario *scenario) {
    guest_open();
    guest_load("snapshot", ENTRY);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, BELL, 0x1000, port, 1);
    trap(ZX_GUEST_TRAP_BELL, BELL + 0x2000, 0x1000, port, 2);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    zx_vcpu_state_t state = read_state();
    state.rsi = scenario->number;
    write_state(&state);
}

static bool is_same(const struct step *left, const struct step *right) {
    return memcmp(&left->state, &right->state, sizeof left->state) == 0 &&
           left->memory == right->memory;
}

static void expect_same(const struct scenario *scenario, const struct step *expected, unsigned from,
                        unsigned to) {
    for (unsigned i = from; i < to; i++) {
        const struct step found = run(scenario, i);
        ck_assert_msg(found.status == expected[i].status, "%s: step %u: %d", scenario->name, i,
                      found.status);
        const uint8_t *packet = (const uint8_t *)&found.packet;
        const uint8_t *other = (const uint8_t *)&expected[i].packet;
        ck_assert_msg(memcmp(packet, other, sizeof found.packet) == 0,
                      "%s: step %u: another packet", scenario->name, i);
        ck_assert_msg(memcmp(&found.state, &expected[i].state, sizeof found.state) == 0,
                      "%s: step %u: other registers %" PRIx64 " %" PRIx64, scenario->name, i,
                      found.state.r12, expected[i].state.r12);
        ck_assert_msg(found.memory == expected[i].memory, "%s: step %u: other memory",
                      scenario->name, i);
    }
}

#define MOST_QUEUED 16u

// Reads the packets of the scenario's port.
struct queue {
    unsigned count;
    zx_port_packet_t packets[MOST_QUEUED];
};

static struct queue read_queue(void) {
    struct queue queue;
    memset(&queue, 0, sizeof queue);
    while (queue.count < MOST_QUEUED &&
           zx_port_wait(port, 0, &queue.packets[queue.count]) == ZX_OK) {
        queue.count++;
    }
    ck_assert_uint_lt(queue.count, MOST_QUEUED);
    return queue;
}

static void expect_queue(const struct scenario *scenario, const struct queue *expected) {
    const struct queue found = read_queue();
    ck_assert_msg(found.count == expected->count, "%s: %u packets, not %u", scenario->name,
                  found.count, expected->count);
    ck_assert_mem_eq(found.packets, expected->packets, sizeof found.packets);
}

// A snapshot in the middle changes nothing, and each restore brings the same again, wherever the
// guest was.
START_TEST(a_restored_guest_goes_on_as_one_that_was_not_interrupted) {
    const struct scenario *scenario = &scenarios[_i];
    struct step expected[MOST_STEPS] = {0}; // A compiler may take `steps` for 0.
    start(scenario);
    for (unsigned i = 0; i < scenario->steps; i++) {
        expected[i] = run(scenario, i);
        ck_assert_msg(i == 0 || !is_same(&expected[i], &expected[i - 1]), "%s: step %u did nothing",
                      scenario->name, i);
    }
    const struct queue queue = read_queue();
    ck_assert(scenario->number != 6 || queue.count == 4);
    guest_close();
    start(scenario);
    expect_same(scenario, expected, 0, scenario->before);
    const zx_handle_t snapshot = snapshot_of(guest);
    expect_same(scenario, expected, scenario->before, scenario->steps);
    expect_queue(scenario, &queue);
    restore(snapshot);
    const struct queue restored = read_queue();
    for (unsigned end = scenario->steps; end > scenario->before; end--) {
        restore(snapshot);
        expect_same(scenario, expected, scenario->before, end);
    }
    restore(snapshot);
    expect_queue(scenario, &restored);
    restore(snapshot);
    expect_same(scenario, expected, scenario->before, scenario->steps);
    expect_queue(scenario, &queue);
    ck_assert_int_eq(zx_handle_close(snapshot), ZX_OK);
    guest_close();
}
END_TEST

START_TEST(a_guest_goes_on_from_a_file_as_from_memory) {
    const struct scenario *scenario = &scenarios[_i];
    struct step expected[MOST_STEPS];
    start(scenario);
    for (unsigned i = 0; i < scenario->steps; i++) {
        if (i == scenario->before) {
            save_snapshot(snapshot_of(guest));
        }
        expected[i] = run(scenario, i);
    }
    const struct queue queue = read_queue();
    restore(load_snapshot());
    expect_same(scenario, expected, scenario->before, scenario->steps);
    expect_queue(scenario, &queue);
    guest_close();
    start(scenario);
    const zx_handle_t loaded = load_snapshot();
    for (unsigned i = 0; i < 3; i++) {
        restore(loaded);
        expect_same(scenario, expected, scenario->before, scenario->steps);
        expect_queue(scenario, &queue);
    }
    const size_t size = file_size;
    unsigned char *const first = file;
    file = NULL;
    save_snapshot(loaded);
    ck_assert_uint_eq(file_size, size);
    ck_assert_mem_eq(file, first, size);
    free(first);
    guest_close();
}
END_TEST

// --- Many runs of one snapshot ---

static uint64_t hash_of(uint64_t hash, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
    }
    return hash;
}

// All that the client is told of the rest of a scenario, without its memory.
static uint64_t trace_of(const struct scenario *scenario) {
    uint64_t hash = 14695981039346656037u;
    for (unsigned i = scenario->before; i < scenario->steps; i++) {
        zx_port_packet_t packet = {0};
        if (scenario->act != NULL) {
            scenario->act(i);
        }
        const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
        const zx_vcpu_state_t state = read_state();
        hash = hash_of(hash, &status, sizeof status);
        hash = hash_of(hash, &packet, sizeof packet);
        hash = hash_of(hash, &state, sizeof state);
    }
    while (scenario->number == 6 && zx_port_wait(port, 0, &(zx_port_packet_t){0}) == ZX_OK) {
    }
    return hash;
}

// Whether pages count as dirty, have translations, or are in the TLB differs from run to run.
static void disturb(unsigned round, zx_handle_t snapshot) {
    const uint64_t address = 0x300000 + round * 0x5000ull % 0x100000;
    if (round % 3 == 0) {
        memory_write(address, &address, sizeof address);
    }
    if (round % 5 == 0) {
        restore(snapshot);
    }
    if (round % 7 == 0) {
        uint8_t code[0x2000];
        ck_assert_int_eq(zx_vmo_read(memory, code, ENTRY, sizeof code), ZX_OK);
        memory_write(ENTRY, code, sizeof code);
    }
}

START_TEST(all_runs_of_a_snapshot_are_the_same) {
    const struct scenario *scenario = &scenarios[_i];
    start(scenario);
    for (unsigned i = 0; i < scenario->before; i++) {
        run(scenario, i);
    }
    const zx_handle_t snapshot = snapshot_of(guest);
    const uint64_t expected = trace_of(scenario);
    for (unsigned round = 0; round < 1000; round++) {
        disturb(round, snapshot);
        restore(snapshot);
        ck_assert_msg(trace_of(scenario) == expected, "%s: run %u", scenario->name, round);
    }
    guest_close();
}
END_TEST

// What the programs are for does happen in them.
START_TEST(the_scenarios_are_what_they_say) {
    struct step steps[MOST_STEPS];
    start(&scenarios[3]);
    steps[0] = run(&scenarios[3], 0);
    steps[1] = run(&scenarios[3], 1);
    ck_assert_int_eq(steps[0].status, ZX_ERR_NOT_FOUND);
    ck_assert_uint_eq(steps[1].state.rax, 0x42);
    ck_assert_uint_eq(steps[1].state.r8, 0x77); // The store was first.
    guest_close();
    start(&scenarios[1]);
    for (unsigned i = 0; i < 6; i++) {
        steps[i] = run(&scenarios[1], i);
    }
    ck_assert_uint_eq(steps[1].state.rax, 2);
    ck_assert_uint_eq(steps[2].state.rbx, 1);
    guest_close();
    start(&scenarios[4]);
    ck_assert_int_eq(run(&scenarios[4], 0).status, ZX_ERR_CANCELED);
    guest_close();
}
END_TEST

// --- Budgets ---

// Goes on at each end of a budget of so many units, but for the last step of the guest's.
static struct step run_in_pieces(const struct scenario *scenario, unsigned number, uint64_t piece,
                                 unsigned *ends) {
    ck_assert_int_eq(zirconia_guest_set_budget(guest, piece), ZX_OK);
    struct step step = run(scenario, number);
    while (step.status == ZX_ERR_TIMED_OUT) {
        (*ends)++;
        ck_assert_int_eq(zirconia_guest_set_budget(guest, piece), ZX_OK);
        memset(&step.packet, 0, sizeof step.packet);
        step.status = zx_vcpu_enter(vcpu, &step.packet);
        step.state = read_state();
    }
    step.memory = memory_hash();
    return step;
}

START_TEST(a_guest_goes_on_behind_its_budget_as_if_it_had_none) {
    static const uint64_t pieces[] = {1, 2, 7, 1000};
    const struct scenario *scenario = &scenarios[_i];
    struct step expected[MOST_STEPS];
    unsigned ends = 0;
    start(scenario);
    const zx_handle_t snapshot = snapshot_of(guest);
    for (unsigned i = 0; i < scenario->steps; i++) {
        expected[i] = run(scenario, i);
    }
    for (unsigned i = 0; i < scenario->steps * COUNT_OF(pieces); i++) {
        const unsigned number = i % scenario->steps;
        if (number == 0) {
            restore(snapshot);
        }
        const struct step found =
            run_in_pieces(scenario, number, pieces[i / scenario->steps], &ends);
        ck_assert_int_eq(found.status, expected[number].status);
        ck_assert_mem_eq(&found.packet, &expected[number].packet, sizeof found.packet);
        ck_assert_msg(is_same(&found, &expected[number]), "%s: step %u", scenario->name, number);
    }
    ck_assert_uint_gt(ends, 10);
    guest_close();
}
END_TEST

// Each round of the loop is a block.
START_TEST(a_budget_is_exact) {
    start(&scenarios[5]);
    ck_assert_int_eq(zirconia_guest_set_budget(guest, 1500), ZX_OK);
    enter_to_end();
    const zx_handle_t snapshot = snapshot_of(guest);
    enter_fails(ZX_ERR_TIMED_OUT);
    const uint64_t rounds = read_state().r12;
    ck_assert_uint_gt(rounds, 1000);
    for (unsigned i = 0; i < 100; i++) {
        enter_fails(ZX_ERR_TIMED_OUT);
        ck_assert_int_eq(zirconia_guest_set_budget(guest, i), ZX_OK);
        enter_fails(ZX_ERR_TIMED_OUT);
        ck_assert_uint_eq(read_state().r12, rounds + i);
        restore(snapshot); // With the budget that was left.
        enter_fails(ZX_ERR_TIMED_OUT);
        ck_assert_uint_eq(read_state().r12, rounds);
    }
    ck_assert_int_eq(zirconia_guest_set_budget(guest, ZIRCONIA_BUDGET_NONE), ZX_OK);
    enter_to_end();
    guest_close();
}
END_TEST

// Nothing would wake the guest.
START_TEST(a_halt_ends_the_run_of_a_guest_with_a_budget) {
    start(&scenarios[4]);
    ck_assert_int_eq(zirconia_guest_set_budget(guest, 1000000), ZX_OK);
    enter_fails(ZX_ERR_TIMED_OUT);
    ck_assert_uint_eq(read_state().r12, 0);
    enter_fails(ZX_ERR_TIMED_OUT);
    ck_assert_uint_eq(read_state().r12, 1);
    interrupt(0x44);
    enter_to_end(); // Its handler.
    ck_assert_uint_eq(read_state().rax, 0x44);
    guest_close();
}
END_TEST

START_TEST(a_budget_is_of_virtual_time) {
    guest_start("snapshot");
    ck_assert_int_eq(zirconia_guest_set_budget(guest, 5), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zirconia_guest_set_budget(vcpu, 5), ZX_ERR_WRONG_TYPE);
}
END_TEST

// --- Bells ---

static unsigned read_bells(uint64_t *addresses) {
    zx_port_packet_t packet;
    unsigned count = 0;
    while (zx_port_wait(port, 0, &packet) == ZX_OK) {
        if (packet.type == ZX_PKT_TYPE_GUEST_BELL) {
            addresses[count++] = packet.guest_bell.addr;
        }
    }
    return count;
}

START_TEST(bells_that_were_queued_are_queued_again) {
    uint64_t addresses[16];
    start(&scenarios[7]);
    enter_to_end();
    const zx_port_packet_t own = {.key = 9, .type = ZX_PKT_TYPE_USER};
    const zx_handle_t snapshot = snapshot_of(guest);
    ck_assert_int_eq(zx_port_queue(port, &own), ZX_OK);
    for (unsigned i = 0; i < 400; i++) {
        restore(snapshot);
        if (i % 3 != 0) {
            enter_to_end();
        }
        if (i % 2 == 0) {
            continue; // The packets stay unread.
        }
        ck_assert_uint_eq(read_bells(addresses), i % 3 != 0 ? 4 : 3);
        ck_assert_uint_eq(addresses[0], BELL);
        ck_assert_uint_eq(addresses[1], BELL + 8);
        ck_assert_uint_eq(addresses[2], BELL + 0x2010);
    }
    ck_assert_int_eq(zx_handle_close(port), ZX_OK); // The packets have no reader.
    restore(snapshot);
    enter_fails(ZX_ERR_BAD_STATE);
}
END_TEST

// --- A storm ---

#ifdef _WIN32

static unsigned open_files(void) {
    DWORD count = 0;
    ck_assert(GetProcessHandleCount(GetCurrentProcess(), &count));
    return count;
}

#else

static unsigned open_files(void) {
    unsigned count = 0;
    for (int descriptor = 0; descriptor < 1024; descriptor++) {
        count += fcntl(descriptor, F_GETFD) != -1 ? 1 : 0;
    }
    return count;
}

#endif

static zx_handle_t storm_snapshot;
static atomic_bool over;

// Kicks and attempts from other threads, at any moment.
static void *storm(void *unused) {
    while (!atomic_load(&over)) {
        const zx_status_t status = zirconia_guest_restore(guest, storm_snapshot);
        ck_assert(status == ZX_OK || status == ZX_ERR_BAD_STATE);
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
        zx_handle_t other = ZX_HANDLE_INVALID;
        if (zirconia_guest_snapshot(guest, 0, &other) == ZX_OK) {
            ck_assert_int_eq(zx_handle_close(other), ZX_OK);
        }
    }
    return unused;
}

// The numbers that the program collects by code that changes itself, as each run ends.
static bool is_at_end_of_run(uint64_t numbers) {
    uint64_t expected = 0x12;
    for (unsigned i = 0; i < 20 && numbers != expected; i++) {
        expected = expected << 8 | (i % 2 == 0 ? 0x23 : 0x32);
    }
    return numbers == expected;
}

// Every restore puts the whole guest back: the code that changed itself and the registers always
// belong together.
START_TEST(restores_among_kicks_are_whole) {
    start(&scenarios[6]);
    enter_to_end();
    storm_snapshot = snapshot_of(guest);
    atomic_store(&over, false);
    const pthread_t thread = start_thread(storm, NULL);
    unsigned files = 0;
    for (unsigned i = 0; i < 300; i++) {
        zx_port_packet_t packet;
        const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
        ck_assert(status == ZX_OK || status == ZX_ERR_CANCELED);
        ck_assert(status == ZX_ERR_CANCELED || is_at_end_of_run(read_state().rbx));
        if (i == 20) {
            files = open_files();
        }
    }
    atomic_store(&over, true);
    join_thread(thread);
    ck_assert_uint_le(open_files(), files + 4); // A snapshot under way has some.
    restore(storm_snapshot);
    zx_status_t status = ZX_ERR_CANCELED;
    zx_port_packet_t packet;
    while (status == ZX_ERR_CANCELED) {
        status = zx_vcpu_enter(vcpu, &packet);
    }
    ck_assert_int_eq(status, ZX_OK);
    ck_assert_uint_eq(read_state().rbx, 0x1223);
    guest_close();
}
END_TEST

// --- Suite ---

// Each is of one thread: ThreadSanitizer, where they take minutes, has nothing to find in most.
enum { RUN_SCENARIOS = THREAD_SANITIZED ? 4 : COUNT_OF(scenarios) };

int main(void) {
    Suite *suite = suite_create("snapshot");
    TCase *tcase = tcase_create("states");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_restored_guest_goes_on_as_one_that_was_not_interrupted, 0,
                        RUN_SCENARIOS);
    tcase_add_loop_test(tcase, a_guest_goes_on_from_a_file_as_from_memory, 0, RUN_SCENARIOS);
    tcase_add_loop_test(tcase, all_runs_of_a_snapshot_are_the_same, 0, RUN_SCENARIOS);
    tcase_add_test(tcase, the_scenarios_are_what_they_say);
    tcase_add_loop_test(tcase, a_guest_goes_on_behind_its_budget_as_if_it_had_none, 0,
                        RUN_SCENARIOS);
    tcase_add_test(tcase, a_budget_is_exact);
    tcase_add_test(tcase, a_halt_ends_the_run_of_a_guest_with_a_budget);
    tcase_add_test(tcase, a_budget_is_of_virtual_time);
    tcase_add_test(tcase, restores_among_kicks_are_whole);
    tcase_add_test(tcase, bells_that_were_queued_are_queued_again);
    suite_add_tcase(suite, tcase);

    return run_suite(suite);
}
