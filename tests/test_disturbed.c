// SPDX-License-Identifier: MIT
//
// A guest in virtual time notices nothing of its host: single steps, breakpoints, watchpoints, ends
// of its budget, kicks, and snapshots that it goes on from, here or in another guest, leave each
// exit, each interrupt and each exception at the time at which it is without them. Random guests,
// disturbed at random. ZIRCONIA_STRESS_SECONDS has more of them than the few that a test has time
// for; ZIRCONIA_TEST_SEED has one, and ZIRCONIA_TEST_DISTURBANCES says in which ways, as bits.

#include "snapshot_fixture.h"

#include <stdio.h>
#include <zirconia/debug.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

#define FRAGMENTS 0x18000u
#define CODE 0x100000u
#define LOG 0x200000u
#define BELL 0x400000u
#define PORT 0x10u
#define TRAPPED 0xffe000u

enum { CODE_SIZE = 0x8000, LOG_SIZE = 0x10000, FRAGMENT_MOST = 64, GUESTS = 40, LIVES = 3 };

// --- Random numbers ---

static uint64_t below(uint64_t *random, uint64_t limit) {
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*random >> 33) % limit;
}

// --- What a guest does ---

struct event {
    uint64_t kind; // An exit's, or OF_CALL for a packet.
    uint64_t what;
    uint64_t rip;
    uint64_t time; // In nanoseconds; of a packet, the work that is done.
};

enum { OF_CALL = 1000, MOST_EVENTS = 20000 };

struct life {
    size_t count;
    struct event events[MOST_EVENTS];
    zirconia_registers_t registers;
    uint8_t log[LOG_SIZE];
    unsigned bells;
};

static struct life expected;
static struct life found;
static struct life *under_way;
static zx_handle_t port;

static void note(uint64_t kind, uint64_t what, uint64_t rip, uint64_t time) {
    if (under_way->count < MOST_EVENTS) {
        under_way->events[under_way->count++] =
            (struct event){.kind = kind, .what = what, .rip = rip, .time = time};
    }
}

static void observe(void *context, const zirconia_exit_t *exit) {
    (void)context;
    note(exit->kind, exit->qualification[0], exit->rip, (uint64_t)exit->time);
}

// --- Making it ---

static uint8_t code[CODE_SIZE];
static size_t code_size;

static void make_code(uint64_t seed) {
    uint64_t random = seed;
    uint64_t bounds[FRAGMENT_MOST] = {0};
    size_t count = 0;
    guest_open();
    guest_load("disturbed", ENTRY);
    while ((bounds[count] = memory_u64(FRAGMENTS + 8 * count)) != 0) {
        count++;
        ck_assert_uint_lt(count, FRAGMENT_MOST);
    }
    if (count < 3) {
        ck_abort_msg("the program has no fragments");
        return;
    }
    const size_t last = count - 2; // The fragment that ends the run.
    const uint64_t length = 1 + below(&random, 60);
    code_size = 0;
    for (uint64_t i = 0; i <= length; i++) {
        const size_t number = i < length ? (size_t)below(&random, last) : last;
        const size_t size = (size_t)(bounds[number + 1] - bounds[number]);
        ck_assert_uint_le(code_size + size, CODE_SIZE);
        ck_assert_int_eq(zx_vmo_read(memory, code + code_size, bounds[number], size), ZX_OK);
        code_size += size;
    }
    ck_assert_int_eq(zx_handle_close(guest), ZX_OK);
    ck_assert_int_eq(zx_handle_close(vmar), ZX_OK);
    ck_assert_int_eq(zx_handle_close(memory), ZX_OK);
}

static void set_budget(uint64_t budget) {
    ck_assert_int_eq(zirconia_guest_set_budget(guest, budget), ZX_OK);
}

#define BUDGET_LARGE (UINT64_C(1) << 30)

static void start(void) {
    guest_open();
    guest_load("disturbed", ENTRY);
    memory_write(CODE, code, code_size);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, BELL, 0x1000, port, 1);
    trap(ZX_GUEST_TRAP_IO, PORT, 1, ZX_HANDLE_INVALID, 2);
    trap(ZX_GUEST_TRAP_MEM, TRAPPED, 0x1000, ZX_HANDLE_INVALID, 3);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zirconia_guest_observe(guest, observe, NULL), ZX_OK);
    set_budget(BUDGET_LARGE);
}

static void end(void) {
    ck_assert_int_eq(zx_handle_close(port), ZX_OK);
    guest_close();
}

// --- Disturbing it ---

enum disturbance {
    STEPS,
    BREAKPOINTS,
    WATCHPOINTS,
    BUDGET,
    KICK,
    STOP,
    STORE,
    SNAPSHOT,
    GO_BACK,
    BY_FILE,
    ELSEWHERE,
    DISTURBANCES,
};

static void no_breakpoints(void) {
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, NULL, 0), ZX_OK);
    ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, NULL, 0), ZX_OK);
    ck_assert_int_eq(zirconia_vcpu_set_stepping(vcpu, 0), ZX_OK);
}

static void set_breakpoints(uint64_t *random) {
    uint64_t addresses[20];
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        addresses[i] = CODE + below(random, code_size);
    }
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, addresses, COUNT_OF(addresses)), ZX_OK);
}

static void set_watchpoint(uint64_t *random) {
    const zirconia_watchpoint_t place = {
        .address = LOG + 8 * below(random, 40), .size = 8, .kind = (uint32_t)below(random, 3)};
    ck_assert_int_eq(zirconia_guest_set_watchpoints(guest, &place, 1), ZX_OK);
}

// What was translated must be once more.
static void store_code(void) {
    uint8_t bytes[CODE_SIZE];
    ck_assert_int_eq(zx_vmo_read(memory, bytes, CODE, code_size), ZX_OK);
    memory_write(CODE, bytes, code_size);
}

static bool call(void);

static void go_back(uint64_t *random) {
    const zx_handle_t snapshot = snapshot_of(guest);
    const size_t count = under_way->count;
    bool goes_on = true;
    for (uint64_t i = 1 + below(random, 4); i > 0 && goes_on; i--) {
        goes_on = call();
    }
    restore(snapshot);
    under_way->count = count;
    ck_assert_int_eq(zx_handle_close(snapshot), ZX_OK);
}

static void go_on_from_file(bool elsewhere) {
    const zx_handle_t snapshot = snapshot_of(guest);
    save_snapshot(snapshot);
    ck_assert_int_eq(zx_handle_close(snapshot), ZX_OK);
    if (elsewhere) {
        end();
        start();
    }
    const zx_handle_t loaded = load_snapshot();
    restore(loaded);
    ck_assert_int_eq(zx_handle_close(loaded), ZX_OK);
}

static void disturb(enum disturbance disturbance, uint64_t *random) {
    switch (disturbance) {
    case STEPS:
        ck_assert_int_eq(zirconia_vcpu_set_stepping(vcpu, 1), ZX_OK);
        break;
    case BREAKPOINTS:
        set_breakpoints(random);
        break;
    case WATCHPOINTS:
        set_watchpoint(random);
        break;
    case BUDGET:
        set_budget(below(random, 20));
        break;
    case KICK:
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
        break;
    case STOP:
        ck_assert_int_eq(zirconia_vcpu_stop(vcpu), ZX_OK);
        break;
    case STORE:
        store_code();
        break;
    case SNAPSHOT:
        ck_assert_int_eq(zx_handle_close(snapshot_of(guest)), ZX_OK);
        break;
    case GO_BACK:
        go_back(random);
        break;
    case BY_FILE:
        go_on_from_file(false);
        break;
    case ELSEWHERE:
        go_on_from_file(true);
        break;
    case DISTURBANCES:
        break;
    }
}

// A run call that returns to a breakpoint would end there again.
static void disturb_any(uint64_t *random, unsigned kinds) {
    no_breakpoints();
    set_budget(BUDGET_LARGE);
    for (uint64_t i = below(random, 8); i > 0; i--) {
        const unsigned disturbance = (unsigned)below(random, DISTURBANCES);
        if ((kinds >> disturbance & 1) != 0) {
            disturb(disturbance, random);
        }
    }
}

// --- Living ---

static uint64_t work_done(void) {
    zirconia_stop_t stop;
    ck_assert_int_eq(zirconia_vcpu_read_stop(vcpu, &stop), ZX_OK);
    return stop.work;
}

static uint64_t rip(void) {
    zirconia_registers_t registers;
    ck_assert_int_eq(zirconia_vcpu_read_registers(vcpu, &registers), ZX_OK);
    return registers.rip;
}

// False at the program's end.
static bool answer(const zx_port_packet_t *packet) {
    note(OF_CALL, packet->type, rip(), work_done());
    if (packet->type == ZX_PKT_TYPE_GUEST_VCPU) {
        ck_assert_int_eq(zx_vcpu_interrupt(vcpu, packet->guest_vcpu.interrupt.vector), ZX_OK);
    }
    return packet->type != ZX_PKT_TYPE_GUEST_MEM || packet->guest_mem.addr != EXIT_PAGE;
}

static bool call(void) {
    zx_port_packet_t packet;
    const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
    switch (status) {
    case ZX_OK:
        return answer(&packet);
    case ZX_ERR_TIMED_OUT: // A guest in HLT is woken by nothing else.
        set_budget(BUDGET_LARGE);
        return true;
    case ZX_ERR_CANCELED:
    case ZX_ERR_STOP:
        return true;
    default:
        ck_abort_msg("%d at 0x%llx", status, (unsigned long long)rip());
        return false;
    }
}

// What comes before is the same in all guests, and long for who steps over it. The run call ends at
// the breakpoint.
static bool reach_code(void) {
    const uint64_t address = CODE;
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, &address, 1), ZX_OK);
    return call();
}

static void live(struct life *life, uint64_t *random, unsigned kinds) {
    memset(life, 0, sizeof *life);
    under_way = life;
    start();
    bool goes_on = random == NULL || reach_code();
    for (unsigned calls = 0; goes_on && calls < MOST_EVENTS; calls++) {
        if (random != NULL) {
            disturb_any(random, kinds);
        }
        goes_on = call();
    }
    ck_assert_int_eq(zirconia_vcpu_read_registers(vcpu, &life->registers), ZX_OK);
    ck_assert_int_eq(zx_vmo_read(memory, life->log, LOG, LOG_SIZE), ZX_OK);
    zx_port_packet_t packet;
    while (zx_port_wait(port, 0, &packet) == ZX_OK) {
        life->bells++;
    }
    end();
}

// --- Comparing ---

static const char *name_of(uint64_t kind) {
    return kind == OF_CALL ? "packet" : zirconia_exit_kind_name((zirconia_exit_kind_t)kind);
}

static void show(const char *what, const struct life *life, size_t at) {
    for (size_t i = at > 6 ? at - 6 : 0; i < at + 3 && i < life->count; i++) {
        const struct event *event = &life->events[i];
        printf("%s %zu: %s 0x%llx at 0x%llx, %llu\n", what, i, name_of(event->kind),
               (unsigned long long)event->what, (unsigned long long)event->rip,
               (unsigned long long)event->time);
    }
}

static void compare(uint64_t seed, unsigned number) {
    size_t at = 0;
    while (at < expected.count && at < found.count &&
           memcmp(&expected.events[at], &found.events[at], sizeof found.events[at]) == 0) {
        at++;
    }
    if (at < expected.count || at < found.count) {
        show("undisturbed", &expected, at);
        show("disturbed", &found, at);
    }
    ck_assert_msg(at == expected.count && at == found.count, "guest %llu, life %u: event %zu",
                  (unsigned long long)seed, number, at);
    ck_assert_msg(memcmp(&expected.registers, &found.registers, sizeof found.registers) == 0,
                  "guest %llu, life %u: registers", (unsigned long long)seed, number);
    ck_assert_msg(memcmp(expected.log, found.log, LOG_SIZE) == 0, "guest %llu, life %u: log",
                  (unsigned long long)seed, number);
    ck_assert_uint_eq(found.bells, expected.bells);
}

// One that has run calls end, and any other.
static unsigned kinds_of(uint64_t *random) {
    const char *kinds = getenv("ZIRCONIA_TEST_DISTURBANCES");
    if (kinds != NULL) {
        return (unsigned)strtoul(kinds, NULL, 0);
    }
    const unsigned stops = 1u << below(random, STOP + 1);
    return stops | 1u << below(random, DISTURBANCES);
}

static void try_guest(uint64_t seed) {
    make_code(seed);
    live(&expected, NULL, 0);
    ck_assert_uint_lt(expected.count, MOST_EVENTS);
    for (unsigned i = 0; i < LIVES; i++) {
        uint64_t random = seed * LIVES + i;
        const unsigned kinds = kinds_of(&random);
        live(&found, &random, kinds);
        compare(seed, i);
    }
}

START_TEST(a_guest_notices_nothing_of_its_host) {
    const char *seed = getenv("ZIRCONIA_TEST_SEED");
    const char *seconds = getenv("ZIRCONIA_STRESS_SECONDS");
    if (seed != NULL) {
        try_guest(strtoull(seed, NULL, 0));
        return;
    }
    const zx_time_t last =
        zx_deadline_after(seconds != NULL ? ZX_SEC((int64_t)strtoull(seconds, NULL, 10)) : 0);
    uint64_t next = 1;
    while (next <= GUESTS || zx_clock_get_monotonic() < last) {
        try_guest(next++);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("disturbed guests");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, getenv("ZIRCONIA_STRESS_SECONDS") != NULL ? 0 : 60);
    tcase_add_test(tcase, a_guest_notices_nothing_of_its_host);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
