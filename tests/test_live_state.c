// SPDX-License-Identifier: MIT
//
// The state in the engine, in place, and the copy where it is not found: the library's look at
// memory is replaced here by one that refuses or that sees what is not there. Private headers: a
// guest does not notice where its state is.

#define _POSIX_C_SOURCE 200809L // setenv()

#include "guest_fixture.h"

#include "engine/cpu/unicorn/layout.h"
#include "platform/peek.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zirconia/zirconia.h>

bool __real_platform_peek(uintptr_t address, void *out, size_t size);
bool __wrap_platform_peek(uintptr_t address, void *out, size_t size);

static bool refuses;
static size_t differs_in; // Of what is at least so long, the last byte. 0: nothing.
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

int main(void) {
    const TTest *const tests[] = {
        the_state_is_read_and_written_in_place,
        a_host_that_shows_no_memory_has_it_copied,
        a_state_that_is_not_the_whole_context_is_copied,
        an_engine_that_is_unlike_the_first_has_it_copied,
        a_wish_has_it_copied,
    };
    unsetenv("ZIRCONIA_STATE");
    return run_tests("live state", tests, sizeof tests / sizeof tests[0]);
}
