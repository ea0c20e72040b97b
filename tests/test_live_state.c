// SPDX-License-Identifier: MIT
//
// The state in the engine, in place, and the copy where it is not found: the library's look at
// memory is replaced here by one that refuses or that sees what is not there. Private headers: a
// guest does not notice where its state is.

#define _POSIX_C_SOURCE 200809L // setenv()

#include "guest_fixture.h"
#include "other_thread.h"

#include "engine/cpu/unicorn/layout.h"
#include "platform/peek.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zirconia/zirconia.h>

bool __real_platform_peek(uintptr_t address, void *out, size_t size);
bool __wrap_platform_peek(uintptr_t address, void *out, size_t size);

static bool refuses;
static size_t differs_in; // A look at this many bytes or more sees another last byte. 0: none does.
static unsigned looks;

bool __wrap_platform_peek(uintptr_t address, void *out, size_t size) {
    looks++;
    if (refuses || !__real_platform_peek(address, out, size)) {
        return false;
    }
    if (differs_in != 0 && size >= differs_in) {
        ((uint8_t *)out)[size - 1] ^= 1;
    }
    return true;
}

static unsigned lines;
static char last_line[1000];

static void count_line(void *context, zirconia_log_level_t level, const char *line) {
    (void)context;
    (void)level;
    lines++;
    strncpy(last_line, line, sizeof last_line - 1);
}

static void watch_log(void) {
    zirconia_set_log(count_line, NULL, ZIRCONIA_LOG_WARNING);
}

static bool note_says_copied(void) {
    return strstr(zirconia_engine_note(), "copied") != NULL;
}

// Two guests, one after the other, of which each goes through exits inside and to the caller.
static void run_guests(void) {
    for (unsigned i = 0; i < 2; i++) {
        guest_start("cpuid");
        for (unsigned round = 0; round < 3; round++) {
            zx_vcpu_state_t state = read_state();
            state.rax = 0x40000000;
            write_state(&state);
            enter_to_end();
            ck_assert_uint_eq(read_state().rbx, 0x4b4d564b);
        }
        guest_close();
    }
}

START_TEST(the_state_is_read_and_written_in_place) {
    const struct layout *layout = NULL;
    watch_log();
    run_guests();
    ck_assert_int_eq(layout_get(&layout), ZX_OK);
    ck_assert_ptr_null(layout->copied);
    ck_assert(!note_says_copied());
    ck_assert_uint_gt(looks, 0);
}
END_TEST

START_TEST(a_host_that_shows_no_memory_has_it_copied) {
    watch_log();
    refuses = true;
    run_guests();
    ck_assert(note_says_copied());
    ck_assert_uint_eq(lines, 1);
    ck_assert_ptr_nonnull(strstr(last_line, zirconia_engine_note()));
}
END_TEST

// All but the last byte of all is as a saved context has it.
START_TEST(a_state_that_is_not_the_whole_context_is_copied) {
    watch_log();
    differs_in = 8u * GENERAL_REGISTER_COUNT + 1;
    run_guests();
    ck_assert(note_says_copied());
    ck_assert_uint_eq(lines, 1);
}
END_TEST

// The first engine showed its state, and the next one's is not there.
START_TEST(an_engine_that_is_unlike_the_first_has_it_copied) {
    const struct layout *layout = NULL;
    ck_assert_int_eq(layout_get(&layout), ZX_OK);
    watch_log();
    differs_in = 1;
    run_guests();
    ck_assert(!note_says_copied());
    ck_assert_uint_eq(lines, 1);
    ck_assert_ptr_nonnull(strstr(last_line, "copied"));
}
END_TEST

START_TEST(a_wish_has_it_copied) {
    watch_log();
    setenv("ZIRCONIA_STATE", "copied", true);
    run_guests();
    ck_assert(note_says_copied());
    ck_assert_uint_eq(looks, 0);
    ck_assert_uint_eq(lines, 1);
}
END_TEST

// --- A VCPU that is with its caller does not have the turn, but its state may be in the engine ---

#define OTHER_ENTRY 0x11000u // The second entry of application_processor.asm.
#define OTHER_PORT 0x11u
#define ROUNDS 300u

static void start_two_programs(void) {
    guest_open();
    guest_load("application_processor", ENTRY);
    guest_load("cpuid", ENTRY);
    trap(ZX_GUEST_TRAP_IO, OTHER_PORT, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
}

// In each round the other thread does something once, while this one uses the state.
static atomic_uint round_begun;
static atomic_uint round_done;

static void wait_for_round(unsigned round) {
    while (atomic_load(&round_begun) < round) {
        sched_yield();
    }
}

// After a store to code its run begins with dropping what was translated of it, which needs the
// engine before that has the VCPU's own state.
static void *run_another_vcpu(void *stores) {
    const uint64_t first = memory_u64(ENTRY);
    zx_handle_t own = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, OTHER_ENTRY, &own), ZX_OK);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        wait_for_round(round);
        if (*(const bool *)stores) {
            memory_write(ENTRY, &first, sizeof first);
        }
        ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
        ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
        atomic_store(&round_done, round);
    }
    ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    return NULL;
}

static void fill(zx_vcpu_state_t *state, uint64_t value) {
    uint64_t registers[GENERAL_REGISTER_COUNT];
    for (unsigned i = 0; i < GENERAL_REGISTER_COUNT; i++) {
        registers[i] = value * 0x9e3779b97f4a7c15u + i;
    }
    memcpy(state, registers, sizeof registers);
    state->rflags = 2 | (value & 1); // To be taken, with CF.
}

static void write_and_read_states_until(unsigned round) {
    zx_vcpu_state_t state;
    memset(&state, 0, sizeof state);
    for (uint64_t value = 1; atomic_load(&round_done) < round; value++) {
        fill(&state, value);
        write_state(&state);
        zx_vcpu_state_t found = read_state();
        found.rflags |= 2;
        ck_assert_mem_eq(&found, &state, sizeof found);
    }
}

static void use_state_beside_another_vcpu(bool stores) {
    start_two_programs();
    const pthread_t thread = start_thread(run_another_vcpu, &stores);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        zx_vcpu_state_t state = read_state();
        state.rax = 0x40000000;
        write_state(&state);
        enter_to_end();
        ck_assert_uint_eq(read_state().rbx, 0x4b4d564b);
        atomic_store(&round_begun, round);
        write_and_read_states_until(round);
    }
    join_thread(thread);
    guest_close();
}

START_TEST(another_vcpu_runs_while_a_caller_uses_its_own_ones_state) {
    use_state_beside_another_vcpu(false);
}
END_TEST

START_TEST(code_is_dropped_while_a_caller_uses_its_vcpus_state) {
    use_state_beside_another_vcpu(true);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_state_is_read_and_written_in_place,
        a_host_that_shows_no_memory_has_it_copied,
        a_state_that_is_not_the_whole_context_is_copied,
        an_engine_that_is_unlike_the_first_has_it_copied,
        a_wish_has_it_copied,
        another_vcpu_runs_while_a_caller_uses_its_own_ones_state,
        code_is_dropped_while_a_caller_uses_its_vcpus_state,
    };
    unsetenv("ZIRCONIA_STATE");
    return run_tests("live state", tests, sizeof tests / sizeof tests[0]);
}
