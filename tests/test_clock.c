// SPDX-License-Identifier: MIT
//
// Time: the monotonic clock, deadlines and sleeping (objects ABI 3.6).

#include "run_tests.h"

#include <check.h>
#include <zircon/syscalls.h>

START_TEST(clock_never_goes_back) {
    zx_time_t last = zx_clock_get_monotonic();
    ck_assert_int_gt(last, 0);
    for (int i = 0; i < 10000; i++) {
        const zx_time_t now = zx_clock_get_monotonic();
        ck_assert_int_ge(now, last);
        last = now;
    }
}
END_TEST

START_TEST(deadline_saturates) {
    const zx_time_t before = zx_clock_get_monotonic();
    const zx_time_t deadline = zx_deadline_after(ZX_SEC(1));
    const zx_time_t after = zx_clock_get_monotonic();
    ck_assert_int_ge(deadline, before + ZX_SEC(1));
    ck_assert_int_le(deadline, after + ZX_SEC(1));
    ck_assert_int_eq(zx_deadline_after(ZX_TIME_INFINITE), ZX_TIME_INFINITE);
    ck_assert_int_eq(zx_deadline_after(ZX_TIME_INFINITE - 1), ZX_TIME_INFINITE);
    ck_assert_int_lt(zx_deadline_after(ZX_TIME_INFINITE_PAST), 0);
    ck_assert_int_lt(zx_deadline_after(-ZX_SEC(1)), after);
}
END_TEST

START_TEST(sleep_is_never_short) {
    const zx_time_t deadline = zx_deadline_after(ZX_MSEC(10));
    ck_assert_int_eq(zx_nanosleep(deadline), ZX_OK);
    ck_assert_int_ge(zx_clock_get_monotonic(), deadline);
}
END_TEST

START_TEST(past_deadlines_return_at_once) {
    ck_assert_int_eq(zx_nanosleep(0), ZX_OK);
    ck_assert_int_eq(zx_nanosleep(-1), ZX_OK);
    ck_assert_int_eq(zx_nanosleep(ZX_TIME_INFINITE_PAST), ZX_OK);
    ck_assert_int_eq(zx_nanosleep(1), ZX_OK);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        clock_never_goes_back,
        deadline_saturates,
        sleep_is_never_short,
        past_deadlines_return_at_once,
    };
    return run_tests("clock", tests, sizeof tests / sizeof tests[0]);
}
