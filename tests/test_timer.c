// SPDX-License-Identifier: MIT
//
// Timer objects (objects ABI 1.5, 1.7, 3.6).

#include "bad_memory.h"
#include "object_fixture.h"
#include "run_tests.h"

static zx_handle_t new_timer(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_timer_create(ZX_TIMER_SLACK_LATE, ZX_CLOCK_MONOTONIC, &handle), ZX_OK);
    return handle;
}

START_TEST(create_checks_its_arguments) {
    zx_handle_t timer = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_timer_create(3, ZX_CLOCK_MONOTONIC, &timer), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_timer_create(0, 1, &timer), ZX_ERR_INVALID_ARGS);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_timer_create(0, ZX_CLOCK_MONOTONIC, bad_pointer(i)),
                         ZX_ERR_INVALID_ARGS);
    }
    for (uint32_t slack = ZX_TIMER_SLACK_CENTER; slack <= ZX_TIMER_SLACK_LATE; slack++) {
        ck_assert_int_eq(zx_timer_create(slack, ZX_CLOCK_MONOTONIC, &timer), ZX_OK);
        const zx_info_handle_basic_t info = basic_info(timer);
        ck_assert_uint_eq(info.rights, 0xd00b);
        ck_assert_uint_eq(info.type, ZX_OBJ_TYPE_TIMER);
        ck_assert_uint_eq(signals_of(timer), 0);
        zx_handle_close(timer);
    }
}
END_TEST

START_TEST(set_and_cancel_check_in_order) {
    const zx_handle_t timer = new_timer();
    const zx_handle_t watcher = with_rights(timer, ZX_RIGHT_WAIT);
    const zx_handle_t event = new_event();
    ck_assert_int_eq(zx_timer_set(7, 0, -1), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_timer_set(7, 0, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_timer_set(event, 0, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_timer_set(watcher, 0, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_timer_cancel(7), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_timer_cancel(event), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_timer_cancel(watcher), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_signal(timer, 0, ZX_TIMER_SIGNALED), ZX_ERR_INVALID_ARGS);
    const zx_handle_t all[] = {timer, watcher, event};
    zx_handle_close_many(all, 3);
}
END_TEST

START_TEST(timer_fires_and_never_early) {
    const zx_handle_t timer = new_timer();
    for (int i = 0; i < 20; i++) {
        const zx_time_t deadline = zx_deadline_after(ZX_USEC(200));
        ck_assert_int_eq(zx_timer_set(timer, deadline, ZX_SEC(1)), ZX_OK);
        zx_signals_t observed = 0;
        ck_assert_int_eq(zx_object_wait_one(timer, ZX_TIMER_SIGNALED, ZX_TIME_INFINITE, &observed),
                         ZX_OK);
        ck_assert_int_ge(zx_clock_get_monotonic(), deadline);
        ck_assert_uint_eq(observed, ZX_TIMER_SIGNALED);
    }
    zx_handle_close(timer);
}
END_TEST

START_TEST(past_deadline_signals_at_once_and_set_takes_back) {
    const zx_handle_t timer = new_timer();
    const zx_time_t past[] = {0, 1, ZX_TIME_INFINITE_PAST, zx_clock_get_monotonic()};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(zx_timer_set(timer, past[i], 0), ZX_OK);
        ck_assert_uint_eq(signals_of(timer), ZX_TIMER_SIGNALED);
        ck_assert_int_eq(zx_timer_set(timer, ZX_TIME_INFINITE, 0), ZX_OK);
        ck_assert_uint_eq(signals_of(timer), 0);
    }
    zx_handle_close(timer);
}
END_TEST

// The signal goes 1, 0, 1, and each rise is an edge.
START_TEST(setting_a_signalled_timer_clears_before_it_signals) {
    const zx_handle_t timer = new_timer();
    const zx_handle_t port = new_port();
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_timer_set(timer, 0, 0), ZX_OK);
    ck_assert_int_eq(
        zx_object_wait_async(timer, port, SOME_KEY, ZX_TIMER_SIGNALED, ZX_WAIT_ASYNC_EDGE), ZX_OK);
    ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE_PAST, &packet), ZX_ERR_TIMED_OUT);
    ck_assert_int_eq(zx_timer_set(timer, 0, 0), ZX_OK);
    ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE_PAST, &packet), ZX_OK);
    ck_assert_uint_eq(packet.signal.observed, ZX_TIMER_SIGNALED);

    ck_assert_int_eq(zirconia_2018_object_wait_async(timer, port, SOME_KEY, ZX_TIMER_SIGNALED,
                                                     ZIRCONIA_2018_WAIT_ASYNC_REPEATING),
                     ZX_OK);
    ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE_PAST, &packet), ZX_OK);
    ck_assert_int_eq(zx_timer_set(timer, 0, 0), ZX_OK);
    ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE_PAST, &packet), ZX_OK);
    zx_handle_close(timer);
    zx_handle_close(port);
}
END_TEST

START_TEST(cancel_stops_it_and_takes_the_signal_back) {
    const zx_handle_t timer = new_timer();
    const zx_handle_t later = new_timer();
    ck_assert_int_eq(zx_timer_set(timer, 0, 0), ZX_OK);
    ck_assert_int_eq(zx_timer_cancel(timer), ZX_OK);
    ck_assert_uint_eq(signals_of(timer), 0);
    const zx_time_t deadline = zx_deadline_after(ZX_MSEC(2));
    ck_assert_int_eq(zx_timer_set(timer, deadline, 0), ZX_OK);
    ck_assert_int_eq(zx_timer_set(later, deadline + 1, 0), ZX_OK);
    ck_assert_int_eq(zx_timer_cancel(timer), ZX_OK);
    ck_assert_int_eq(zx_object_wait_one(later, ZX_TIMER_SIGNALED, ZX_TIME_INFINITE, NULL), ZX_OK);
    ck_assert_uint_eq(signals_of(timer), 0); // A later timer has fired, and this one has not.
    zx_handle_close(timer);
    zx_handle_close(later);
}
END_TEST

// A later timer tells that the first deadline is past.
START_TEST(setting_an_armed_timer_puts_it_off_and_a_refused_set_does_nothing) {
    const zx_handle_t timer = new_timer();
    const zx_handle_t later = new_timer();
    const zx_time_t deadline = zx_deadline_after(ZX_MSEC(2));
    const zx_time_t far_off = zx_deadline_after(ZX_SEC(1000));
    ck_assert_int_eq(zx_timer_set(timer, deadline, 0), ZX_OK);
    ck_assert_int_eq(zx_timer_set(later, deadline + 1, 0), ZX_OK);
    ck_assert_int_eq(zx_timer_set(timer, far_off, 5), ZX_OK);
    ck_assert_int_eq(zx_timer_set(timer, 0, -1), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_object_wait_one(later, ZX_TIMER_SIGNALED, ZX_TIME_INFINITE, NULL), ZX_OK);
    ck_assert_uint_eq(signals_of(timer), 0);
    zx_info_timer_t info;
    ck_assert_int_eq(zx_object_get_info(timer, ZX_INFO_TIMER, &info, sizeof info, NULL, NULL),
                     ZX_OK);
    ck_assert_int_eq(info.deadline, far_off);
    ck_assert_int_eq(info.slack, 5);
    zx_handle_close(timer);
    zx_handle_close(later);
}
END_TEST

START_TEST(timer_fires_into_a_port) {
    const zx_handle_t timer = new_timer();
    const zx_handle_t port = new_port();
    const zx_time_t deadline = zx_deadline_after(ZX_MSEC(1));
    ck_assert_int_eq(
        zx_object_wait_async(timer, port, SOME_KEY, ZX_TIMER_SIGNALED, ZX_WAIT_ASYNC_TIMESTAMP),
        ZX_OK);
    ck_assert_int_eq(zx_timer_set(timer, deadline, 0), ZX_OK);
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE, &packet), ZX_OK);
    ck_assert_uint_eq(packet.key, SOME_KEY);
    ck_assert_uint_eq(packet.signal.observed, ZX_TIMER_SIGNALED);
    ck_assert_int_ge(packet.signal.timestamp, deadline);
    zx_handle_close(timer);
    zx_handle_close(port);
}
END_TEST

START_TEST(closing_an_armed_timer_is_safe) {
    const uint64_t objects = objects_so_far();
    for (int i = 0; i < 500; i++) {
        const zx_handle_t timer = new_timer();
        ck_assert_int_eq(zx_timer_set(timer, zx_deadline_after(ZX_USEC(i % 20)), 0), ZX_OK);
        zx_handle_close(timer);
    }
    ck_assert_uint_eq(object_count(), objects);
}
END_TEST

START_TEST(ticks_run_at_their_frequency) {
    ck_assert_int_gt(zx_ticks_per_second(), 0);
    const zx_ticks_t before = zx_ticks_get();
    const zx_time_t start = zx_clock_get_monotonic();
    zx_nanosleep(zx_deadline_after(ZX_MSEC(5)));
    const zx_time_t end = zx_clock_get_monotonic();
    const zx_ticks_t after = zx_ticks_get();
    const double seconds = (double)(after - before) / (double)zx_ticks_per_second();
    ck_assert_double_ge(seconds, 0.999 * (double)(end - start) / 1e9);
    ck_assert_double_ge(seconds, 0.005);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        create_checks_its_arguments,
        set_and_cancel_check_in_order,
        timer_fires_and_never_early,
        past_deadline_signals_at_once_and_set_takes_back,
        setting_a_signalled_timer_clears_before_it_signals,
        cancel_stops_it_and_takes_the_signal_back,
        setting_an_armed_timer_puts_it_off_and_a_refused_set_does_nothing,
        timer_fires_into_a_port,
        closing_an_armed_timer_is_safe,
        ticks_run_at_their_frequency,
    };
    return run_tests("timer", tests, sizeof tests / sizeof tests[0]);
}
