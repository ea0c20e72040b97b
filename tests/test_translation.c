// SPDX-License-Identifier: MIT
//
// Code that Unicorn alone would translate wrongly, or would not survive.

#include "guest_fixture.h"
#include "sanitized.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <zircon/process.h>

START_TEST(locked_bit_tests_of_registers_are_invalid_opcodes) {
    guest_start("locked_bit_test");
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rbx, 5);
    ck_assert_uint_eq(state.rcx, 0xf9);
}
END_TEST

START_TEST(code_that_patches_itself_runs_what_it_wrote) {
    guest_start("patch_itself");
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 10000u * 10001u / 2);
}
END_TEST

START_TEST(straight_code_may_keep_more_values_than_the_translator_has_room_for) {
    guest_start("long_block");
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rbx, 500);
    ck_assert_uint_eq(state.rcx, 500u * 0x46); // ZF, PF and the bit that is always set.
    ck_assert_uint_eq(state.rdx, 0x15f4d65du);
}
END_TEST

// Unicorn's buffer for translations is filled several times over. In the environment, for longer
// runs: how often the counter counts, and how often 2 MiB are written in short blocks, and in long
// instructions, of which 2,048 times make 4 GiB of code that is nowhere the same.
static uint32_t from_environment(const char *name, uint32_t otherwise) {
    const char *value = getenv(name);
    return value != NULL ? (uint32_t)strtoul(value, NULL, 10) : otherwise;
}

static long resident_pages(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%*d %ld", &pages) != 1) { // NOLINT(cert-err34-c)
            pages = 0;
        }
        fclose(file);
    }
    return pages;
}

// What this thread has run for. Other programs that run meanwhile are not counted, although they
// slow it down by what they take of the caches.
static zx_duration_t thread_time(void) {
    zx_info_thread_stats_t stats;
    ck_assert_int_eq(zx_object_get_info(zx_thread_self(), ZX_INFO_THREAD_STATS, &stats,
                                        sizeof stats, NULL, NULL),
                     ZX_OK);
    return stats.total_runtime;
}

static void rewrite_code(const uint32_t counts[4]) {
    enum { WORDS = 0x1ffff8 / 8, LONG = 0x1ffff0 / 13 };
    guest_start("rewrite_code");
    memory_write(0x30000, counts, 4 * sizeof counts[0]);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rbx, counts[0]);
    const uint64_t sum = (uint64_t)counts[1] * (counts[1] + 1) / 2 * WORDS;
    ck_assert_uint_eq((uint32_t)state.rcx, (uint32_t)sum);
    const uint64_t numbers = (uint64_t)counts[2] * LONG;
    ck_assert_uint_eq(state.rdi, numbers * (numbers + 1) / 2);
}

// Closing takes 4 to 12 ms, under ThreadSanitizer 28, and by QEMU as an emulator 73. A guest that
// took too long because of what else the host had to do is followed by another one.
START_TEST(a_guest_may_rewrite_its_code_without_end) {
    enum { SPARE_PAGES = (128 << 20) / 4096, GUESTS = 5 };
    const uint32_t counts[] = {from_environment("ZIRCONIA_CODE_COUNTS", 20000),
                               from_environment("ZIRCONIA_CODE_REGIONS", 2),
                               from_environment("ZIRCONIA_LONG_CODE_REGIONS", 2), 0};
    const bool slow = SANITIZED || getenv("ZIRCONIA_TEST_WITH") != NULL; // run_tests.h
    const zx_duration_t limit = ZX_MSEC(50) * (slow ? 4 : 1);
    const long before = resident_pages();
    zx_duration_t closing = limit;
    for (int i = 0; i < GUESTS && closing >= limit; i++) {
        rewrite_code(counts);
        const long growth = resident_pages() - before;
        const zx_duration_t start = thread_time();
        guest_close();
        closing = thread_time() - start;
        printf("%u rewrites, %u and %u regions: %ld pages more, %.1f ms to close\n", counts[0],
               counts[1], counts[2], growth, (double)closing / 1e6);
        if (!SANITIZED) { // A sanitizer keeps what is freed.
            ck_assert_int_lt(growth, SPARE_PAGES);
        }
    }
    ck_assert_int_lt(closing, limit);
}
END_TEST

// Once a guest has made many exits, what was translated of it is dropped, and nothing else drops it
// until the buffer is full.
START_TEST(a_guest_that_makes_many_exits_may_rewrite_its_code) {
    static const uint32_t counts[] = {20000, 2, 2, 300};
    rewrite_code(counts);
    guest_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        locked_bit_tests_of_registers_are_invalid_opcodes,
        code_that_patches_itself_runs_what_it_wrote,
        straight_code_may_keep_more_values_than_the_translator_has_room_for,
        a_guest_may_rewrite_its_code_without_end,
        a_guest_that_makes_many_exits_may_rewrite_its_code,
    };
    return run_tests("translation", tests, sizeof tests / sizeof tests[0]);
}
