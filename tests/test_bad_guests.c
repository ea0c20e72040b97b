// SPDX-License-Identifier: MIT
//
// Guests whose code is random bytes, in every mode: each ends in an exit, an error, or a kick when
// its time is over, and never harms the host. ZIRCONIA_TEST_SEEDS says how many (a soak has a
// million), ZIRCONIA_TEST_SEED the first one.

#include "guest_fixture.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CHAOS 0x20000u
#define REAL_MODE 5u

static uint64_t random_state;

static uint64_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

// What the instruction set has of the unusual, to make it usual.
static size_t unusual(uint8_t *out) {
    static const uint8_t starts[][3] = {
        {0xf0, 0x0f, 0xab}, {0xf0, 0x0f, 0xba}, {0x0f, 0x01, 0xf9}, {0x0f, 0xc7, 0xf0},
        {0x0f, 0xae, 0x00}, {0x0f, 0x00, 0xd8}, {0x0f, 0x20, 0xc0}, {0x0f, 0x22, 0xc0},
        {0x0f, 0x23, 0xf8}, {0x0f, 0x21, 0xf8}, {0x0f, 0x30, 0x90}, {0x0f, 0x32, 0x90},
        {0xc4, 0xe2, 0x79}, {0xc5, 0xf8, 0x77}, {0x62, 0xf1, 0x7c}, {0xf3, 0xa4, 0x90},
        {0xf2, 0xaf, 0x90}, {0x0f, 0x05, 0x90}, {0x0f, 0x07, 0x90}, {0x0f, 0x34, 0x90},
        {0x0f, 0x35, 0x90}, {0xe4, 0x10, 0x90}, {0xee, 0xec, 0x90}, {0x6c, 0x6e, 0x90},
        {0x0f, 0x01, 0xd1}, {0x0f, 0x01, 0xd8}, {0x0f, 0x01, 0xda}, {0x0f, 0x01, 0xdf},
        {0x0f, 0xa2, 0x90}, {0xf4, 0x90, 0x90}, {0x8e, 0xd0, 0x90}, {0x8e, 0xd8, 0x90},
        {0xcb, 0x90, 0x90}, {0xcf, 0x90, 0x90}, {0x9d, 0x90, 0x90}, {0xfb, 0x90, 0x90},
        {0xcc, 0xcd, 0x80}, {0xf1, 0x90, 0x90}, {0x0f, 0x38, 0xf0}, {0x0f, 0x3a, 0x63},
        {0x0f, 0x01, 0x38}, {0x0f, 0x08, 0x09}, {0xd9, 0xf4, 0x90}, {0xdf, 0xe0, 0x9b},
        {0x0f, 0xaa, 0x90}, {0x0f, 0x01, 0xc1}, {0xea, 0x00, 0x00}, {0xff, 0x2c, 0x24},
        {0xc8, 0x10, 0x1f}, {0x0f, 0xc7, 0x0c}, {0x48, 0x0f, 0xc7}, {0x0f, 0x0f, 0xc0},
    };
    const uint8_t *start = starts[random_word() % (sizeof starts / sizeof starts[0])];
    for (size_t i = 0; i < 3; i++) {
        out[i] = start[i];
    }
    return 1 + random_word() % 3;
}

static void write_chaos(void) {
    uint8_t bytes[512];
    for (size_t i = 0; i < sizeof bytes - 3;) {
        if (random_word() % 4 == 0) {
            i += unusual(bytes + i);
        } else {
            bytes[i++] = (uint8_t)random_word();
        }
    }
    memory_write(CHAOS, bytes, sizeof bytes - 3);
}

static void start_in_real_mode(void) {
    uint8_t vectors[1024];
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK); // The boot processor; others are in real mode.
    for (size_t i = 0; i < sizeof vectors; i += 4) {
        vectors[i] = (uint8_t)(random_word() & 0x1ff);
        vectors[i + 1] = 0;
        vectors[i + 2] = 0;
        vectors[i + 3] = CHAOS >> 12;
    }
    memory_write(0, vectors, sizeof vectors);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, CHAOS, &vcpu), ZX_OK);
}

static void set_registers(unsigned mode) {
    zx_vcpu_state_t state = read_state();
    uint64_t *const registers[] = {&state.rax, &state.rcx, &state.rdx, &state.rbx, &state.rbp,
                                   &state.rdi, &state.r8,  &state.r9,  &state.r10, &state.r11};
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        const uint64_t word = random_word();
        *registers[i] = word % 3 == 0 ? word : word % 3 == 1 ? word % MEMORY_SIZE : word % 0x1000;
    }
    state.rsi = mode;
    state.rsp = 0x60000;
    write_state(&state);
}

// Kicks a run that lasts too long.
static atomic_bool over;
static atomic_uint runs;
static _Atomic zx_handle_t watched;

static void *watch(void *nothing) {
    unsigned last = 0;
    while (!atomic_load(&over)) {
        const struct timespec time = {.tv_nsec = 2000000};
        nanosleep(&time, NULL);
        const unsigned now = atomic_load(&runs);
        if (now == last) {
            zx_vcpu_kick(atomic_load(&watched));
        }
        last = now;
    }
    return nothing;
}

static void run_seed(uint64_t seed) {
    zx_port_packet_t packet;
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
    const unsigned mode = (unsigned)(seed % (REAL_MODE + 1));
    guest_start("chaos");
    trap(ZX_GUEST_TRAP_IO, 0, 0x1000, ZX_HANDLE_INVALID, 0);
    write_chaos();
    if (mode == REAL_MODE) {
        start_in_real_mode();
    }
    set_registers(mode);
    atomic_store(&watched, vcpu);
    zx_status_t status = ZX_OK;
    for (unsigned i = 0; i < 50 && status == ZX_OK; i++) {
        atomic_fetch_add(&runs, 1);
        status = zx_vcpu_enter(vcpu, &packet);
    }
    guest_close();
}

static uint64_t from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

START_TEST(random_code_never_harms_the_host) {
    const uint64_t first = from_environment("ZIRCONIA_TEST_SEED", 1);
    const uint64_t count = from_environment("ZIRCONIA_TEST_SEEDS", 10000);
    const bool tell = getenv("ZIRCONIA_TEST_TELL") != NULL;
    pthread_t watcher;
    ck_assert_int_eq(pthread_create(&watcher, NULL, watch, NULL), 0);
    for (uint64_t seed = first; seed < first + count; seed++) {
        if (tell) {
            fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
        }
        run_seed(seed);
    }
    atomic_store(&over, true);
    ck_assert_int_eq(pthread_join(watcher, NULL), 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {random_code_never_harms_the_host};
    return run_tests("bad guests", tests, sizeof tests / sizeof tests[0]);
}
