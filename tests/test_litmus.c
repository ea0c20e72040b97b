// SPDX-License-Identifier: MIT
//
// Litmus tests of memory that a guest shares with a thread of the host, or with another guest: in
// which order each sees the other's stores (docs/caveats.md). What is printed tells of the host it
// runs on; x86-64 keeps what is asserted for it.

#include "guest_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>

#define SHARED 0x4000000u // In the guests.
#define SHARED_SIZE 0x400000u

enum {
    MESSAGES = 20000000,
    ROUNDS = 8000, // Each is a store and a load.
    ROWS = 4,      // ZIRCONIA_LITMUS_ROWS in the environment says more.
    STRIDE = 64,
    ROW = ROUNDS * STRIDE,
};

// The cases of guests/litmus.asm.
enum { TELL, HEAR, STORE_LOAD, STORE_FENCE_LOAD };

#if defined(__x86_64__)
static const bool keeps_order = true;
#else
static const bool keeps_order = false;
#endif

// Places in the shared memory, which no two lines of a cache share.
enum {
    DATA = 0,
    FLAG = 0x1000,
    READY = 0x2000, // Each side has one.
    STORED = 0x10000,
    LOADED = STORED + 2 * ROW,
};
_Static_assert(LOADED + 2 * ROW <= SHARED_SIZE, "there is room");

static zx_handle_t shared;
static uint8_t *here;

// What takes part: a guest, or a thread of the host where it has none.
struct side {
    zx_handle_t guest;
    zx_handle_t vmar;
    zx_handle_t memory;
    unsigned number;
    uint64_t what;
    uint64_t behind; // HEAR: how often the data was behind the flag.
    uint64_t heard;  // HEAR: how many flags were seen.
};

static struct side make_guest(void) {
    zx_vaddr_t address = 0;
    guest_open();
    guest_load("litmus", ENTRY);
    ck_assert_int_eq(zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, SHARED,
                                 shared, 0, SHARED_SIZE, &address),
                     ZX_OK);
    return (struct side){.guest = guest, .vmar = vmar, .memory = memory};
}

static void close_guest(const struct side *side) {
    const zx_handle_t handles[] = {side->guest, side->vmar, side->memory};
    ck_assert_int_eq(zx_handle_close_many(handles, sizeof handles / sizeof handles[0]), ZX_OK);
}

// --- A guest's part ---

static uint64_t own_row(const struct side *side, uint64_t rows) {
    return rows + side->number * (uint64_t)ROW;
}

static void run_guest(struct side *side) {
    const bool messages = side->what <= HEAR;
    const zx_vcpu_state_t state = {
        .rdx = side->what,
        .rcx = messages ? MESSAGES : ROUNDS,
        .rsi = SHARED + (messages ? (uint64_t)DATA : own_row(side, STORED)),
        .rdi = SHARED + (messages ? (uint64_t)FLAG : STORED + (1 - side->number) * (uint64_t)ROW),
        .r8 = SHARED + own_row(side, LOADED),
        .r10 = SHARED + READY + STRIDE * side->number,
        .r11 = SHARED + READY + STRIDE * (1 - side->number),
    };
    zx_vcpu_state_t after;
    zx_port_packet_t packet;
    zx_handle_t own = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vcpu_create(side->guest, 0, ENTRY, &own), ZX_OK);
    ck_assert_int_eq(zx_vcpu_write_state(own, ZX_VCPU_STATE, &state, sizeof state), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_int_eq(zx_vcpu_read_state(own, ZX_VCPU_STATE, &after, sizeof after), ZX_OK);
    ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    side->behind = after.rbx;
    side->heard = after.rbp;
}

// --- The host's part, whose own order is the strongest ---

static _Atomic uint64_t *word(uint64_t place) {
    return (_Atomic uint64_t *)(void *)(here + place);
}

static void meet(const struct side *side) {
    atomic_store(word(READY + STRIDE * side->number), 1);
    while (atomic_load(word(READY + STRIDE * (1 - side->number))) == 0) {
        sched_yield();
    }
}

static void tell(void) {
    for (uint64_t i = 1; i <= MESSAGES; i++) {
        atomic_store_explicit(word(DATA), i, memory_order_relaxed);
        atomic_store_explicit(word(FLAG), i, memory_order_release);
    }
}

static void hear(struct side *side) {
    uint64_t last = 0;
    while (last < MESSAGES) {
        const uint64_t flag = atomic_load_explicit(word(FLAG), memory_order_acquire);
        const uint64_t data = atomic_load_explicit(word(DATA), memory_order_relaxed);
        side->behind += data < flag;
        side->heard += flag != last;
        last = flag;
    }
}

static void store_and_load(const struct side *side) {
    for (uint64_t i = 0; i < ROUNDS; i++) {
        atomic_store(word(own_row(side, STORED) + i * STRIDE), 1);
        const uint64_t other = STORED + (1 - side->number) * (uint64_t)ROW;
        atomic_store(word(own_row(side, LOADED) + i * STRIDE),
                     atomic_load(word(other + i * STRIDE)));
    }
}

static void *run_side(void *argument) {
    struct side *side = argument;
    if (side->guest != ZX_HANDLE_INVALID) {
        run_guest(side);
        return NULL;
    }
    meet(side);
    if (side->what == TELL) {
        tell();
    } else if (side->what == HEAR) {
        hear(side);
    } else {
        store_and_load(side);
    }
    return NULL;
}

// --- Both ---

static void run_both(struct side *sides, uint64_t first, uint64_t second) {
    pthread_t thread;
    sides[0].what = first;
    sides[1].what = second;
    sides[1].number = 1;
    memset(here, 0, SHARED_SIZE);
    ck_assert_int_eq(pthread_create(&thread, NULL, run_side, &sides[1]), 0);
    run_side(&sides[0]);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

static void make_sides(struct side *sides, bool first_is_guest, bool second_is_guest) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmo_create(SHARED_SIZE, 0, &shared), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, shared,
                                 0, SHARED_SIZE, &address),
                     ZX_OK);
    here = (uint8_t *)address;
    sides[0] = first_is_guest ? make_guest() : (struct side){0};
    sides[1] = second_is_guest ? make_guest() : (struct side){0};
}

static void close_sides(const struct side *sides) {
    for (int i = 0; i < 2; i++) {
        if (sides[i].guest != ZX_HANDLE_INVALID) {
            close_guest(&sides[i]);
        }
    }
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)here, SHARED_SIZE), ZX_OK);
    ck_assert_int_eq(zx_handle_close(shared), ZX_OK);
}

static const struct {
    const char *name;
    bool first_is_guest;
    bool second_is_guest;
} pairs[] = {
    {"from a guest to the host", true, false},
    {"from the host to a guest", false, true},
    {"from a guest to another", true, true},
};

START_TEST(a_message_is_there_when_its_flag_is) {
    struct side sides[2];
    make_sides(sides, pairs[_i].first_is_guest, pairs[_i].second_is_guest);
    run_both(sides, TELL, HEAR);
    printf("messages %s: %llu of %llu flags that were seen came before their data\n",
           pairs[_i].name, (unsigned long long)sides[1].behind, (unsigned long long)sides[1].heard);
    ck_assert_uint_eq(atomic_load(word(DATA)), MESSAGES);
    ck_assert_uint_ge(sides[1].heard, 1);
    ck_assert(!keeps_order || sides[1].behind == 0);
    close_sides(sides);
}
END_TEST

// In how many rounds neither saw the other's store.
static unsigned count_missed(void) {
    unsigned missed = 0;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        missed += atomic_load(word(LOADED + i * STRIDE)) == 0 &&
                  atomic_load(word(LOADED + ROW + i * STRIDE)) == 0;
    }
    return missed;
}

// It happens on x86-64 too, whose processors have stores wait; a processor's MFENCE forbids it, and
// a guest's MFENCE is nothing.
static void store_and_load_on_both(int pair, uint64_t what, const char *with) {
    struct side sides[2];
    const char *text = getenv("ZIRCONIA_LITMUS_ROWS");
    const unsigned rows = text != NULL ? (unsigned)strtoul(text, NULL, 10) : ROWS;
    unsigned missed = 0;
    for (unsigned row = 0; row < rows; row++) { // Only a guest's first VCPU begins in long mode.
        make_sides(sides, pairs[pair].first_is_guest, pairs[pair].second_is_guest);
        run_both(sides, what, what);
        missed += count_missed();
        close_sides(sides);
    }
    printf("stores, then loads%s, %s: in %u of %u rounds neither saw the other's store\n", with,
           pairs[pair].name, missed, rows * ROUNDS);
}

START_TEST(a_load_may_come_before_an_earlier_store) {
    store_and_load_on_both(_i, STORE_LOAD, "");
}
END_TEST

START_TEST(a_load_may_come_before_a_store_that_is_fenced) {
    store_and_load_on_both(_i, STORE_FENCE_LOAD, " behind MFENCE");
}
END_TEST

int main(void) {
    const int count = sizeof pairs / sizeof pairs[0];
    Suite *suite = suite_create("litmus");
    TCase *tcase = tcase_create("order");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_message_is_there_when_its_flag_is, 0, count);
    tcase_add_loop_test(tcase, a_load_may_come_before_an_earlier_store, 0, count);
    tcase_add_loop_test(tcase, a_load_may_come_before_a_store_that_is_fenced, 0, count);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
