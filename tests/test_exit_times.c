// SPDX-License-Identifier: MIT
//
// The times that an observer is told (zirconia/observe.h): when an exit began, and when the one
// before it ended.

#include "execute.h"

#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

enum { MOST = 64 };

static zirconia_exit_t told[MOST];
static size_t told_count;

static void tell(void *context, const zirconia_exit_t *exit) {
    (void)context;
    ck_assert_uint_lt(told_count, MOST);
    told[told_count++] = *exit;
}

static void observe(void) {
    told_count = 0;
    ck_assert_int_eq(zirconia_guest_observe(guest, tell, NULL), ZX_OK);
}

// An exit that the library answers, a general protection fault, which the fixture reports, and the
// store that ends the run.
static void run_some(void) {
    zx_vcpu_state_t state = {.rsp = EXECUTE_STACK, .r10 = NO_VECTOR, .rcx = 0xffffffff};
    put_code(CPUID CPUID RDMSR);
    write_state(&state);
    enter_to_end();
    ck_assert_uint_eq(read_state().r10, 13);
}

static uint64_t nanoseconds_of_all(void) {
    zirconia_exit_statistics_t figures[ZIRCONIA_EXIT_KIND_COUNT];
    uint64_t sum = 0;
    ck_assert_int_eq(zirconia_guest_statistics(guest, figures, ZIRCONIA_EXIT_KIND_COUNT), ZX_OK);
    for (size_t i = 0; i < ZIRCONIA_EXIT_KIND_COUNT; i++) {
        sum += figures[i].nanoseconds;
    }
    return sum;
}

// What the exits that have ended took.
static uint64_t nanoseconds_told(void) {
    int64_t begun = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < told_count; i++) {
        sum += i > 0 && told[i].resumed != 0 ? told[i].resumed - begun : 0;
        begun = told[i].kind == ZIRCONIA_EXIT_EXCEPTION ? begun : told[i].time;
    }
    return (uint64_t)sum;
}

static void expect_order(void) {
    for (size_t i = 1; i < told_count; i++) {
        ck_assert_int_ge(told[i].time, told[i - 1].time);
        ck_assert_int_le(told[i].resumed, told[i].time);
        const bool in_exit = told[i].kind == ZIRCONIA_EXIT_EXCEPTION;
        ck_assert_int_eq(told[i].resumed == 0, in_exit);
    }
}

START_TEST(times_are_the_hosts_and_add_up_to_the_statistics) {
    execute_start();
    observe();
    const zx_time_t before = zx_clock_get_monotonic();
    run_some();
    run_some();
    ck_assert_int_ge(told[0].time, before);
    ck_assert_int_le(told[told_count - 1].time, zx_clock_get_monotonic());
    expect_order();
    ck_assert_uint_eq(nanoseconds_told(), nanoseconds_of_all());
}
END_TEST

static void start_in_virtual_time(void) {
    guest_open();
    guest_load("execute", ENTRY);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    enter_to_end();
}

START_TEST(times_are_virtual_and_repeat) {
    zirconia_exit_t first[MOST];
    size_t count = 0;
    for (unsigned round = 0; round < 2; round++) {
        start_in_virtual_time();
        observe();
        run_some();
        expect_order();
        ck_assert_int_lt(told[told_count - 1].time, 1000000);
        for (size_t i = 0; i < told_count && round == 1; i++) {
            ck_assert_int_eq(told[i].time, first[i].time);
            ck_assert_int_eq(told[i].resumed, first[i].resumed);
        }
        ck_assert(round == 0 || count == told_count);
        count = told_count;
        memcpy(first, told, sizeof first);
        guest_close();
    }
    ck_assert_int_eq(first[1].resumed - first[0].time, 4); // What an exit takes.
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        times_are_the_hosts_and_add_up_to_the_statistics,
        times_are_virtual_and_repeat,
    };
    return run_tests("exit times", tests, sizeof tests / sizeof tests[0]);
}
