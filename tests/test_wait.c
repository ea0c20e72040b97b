// SPDX-License-Identifier: MIT
//
// Blocking waits for signals: checks, what is observed, deadlines, and what wakes a waiting thread
// (objects ABI 2.5, 3.3, 3.4, 3.6).

#include "bad_memory.h"
#include "blocked_thread.h"
#include "run_tests.h"

static const zx_signals_t A = ZX_USER_SIGNAL_0;
static const zx_signals_t B = ZX_USER_SIGNAL_1;

START_TEST(wait_one_checks_in_order) {
    const zx_handle_t event = new_event();
    const zx_handle_t blind = with_rights(event, ZX_RIGHT_SIGNAL);
    const zx_handle_t port = new_port();
    const zx_handle_t waitable_port = with_any_rights(port, ZX_RIGHT_WAIT);
    zx_signals_t observed = 42;
    ck_assert_int_eq(zx_object_wait_one(7, A, 0, &observed), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_wait_one(blind, A, 0, &observed), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_wait_one(port, A, 0, &observed), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_wait_one(waitable_port, A, 0, &observed), ZX_ERR_NOT_SUPPORTED);
    ck_assert_uint_eq(observed, 42);
    ck_assert_int_eq(zx_object_wait_one(event, A, 0, NULL), ZX_ERR_TIMED_OUT);
    for (int i = 1; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_object_wait_one(event, A, 0, bad_pointer(i)), ZX_ERR_INVALID_ARGS);
    }
    const zx_handle_t all[] = {event, blind, port, waitable_port};
    zx_handle_close_many(all, 4);
}
END_TEST

START_TEST(what_is_there_is_found_whatever_the_deadline) {
    const zx_handle_t event = new_event();
    zx_signals_t observed = 42;
    set_signals(event, A | B);
    ck_assert_int_eq(zx_object_wait_one(event, A, ZX_TIME_INFINITE_PAST, &observed), ZX_OK);
    ck_assert_uint_eq(observed, A | B);
    ck_assert_int_eq(zx_object_wait_one(event, A, ZX_TIME_INFINITE, &observed), ZX_OK);
    clear_signals(event, A);
    ck_assert_int_eq(zx_object_wait_one(event, A, 0, &observed), ZX_ERR_TIMED_OUT);
    ck_assert_uint_eq(observed, B);
    ck_assert_int_eq(zx_object_wait_one(event, 0, 0, &observed), ZX_ERR_TIMED_OUT);
    zx_handle_close(event);
}
END_TEST

START_TEST(timeout_comes_at_the_deadline_and_leaves_no_wait) {
    const zx_handle_t event = new_event();
    zx_signals_t observed = 42;
    set_signals(event, A);
    clear_signals(event, A);
    const zx_time_t deadline = zx_deadline_after(ZX_MSEC(5));
    ck_assert_int_eq(zx_object_wait_one(event, A, deadline, &observed), ZX_ERR_TIMED_OUT);
    ck_assert_int_ge(zx_clock_get_monotonic(), deadline);
    ck_assert_uint_eq(observed, 0);
    ck_assert_int_eq(count_observers(event), 0);
    zx_handle_close(event);
}
END_TEST

// --- Another thread waits ---

START_TEST(signal_wakes_and_a_pulse_is_seen) {
    const zx_handle_t event = new_event();
    struct blocked blocked;
    block(&blocked, event, A, 1);
    set_signals(event, B); // Not what it waits for.
    ck_assert_int_eq(count_observers(event), 1);
    set_signals(event, A);
    clear_signals(event, A | B);
    pthread_join(blocked.thread, NULL);
    ck_assert_int_eq(blocked.status, ZX_OK);
    ck_assert_uint_eq(blocked.observed, A | B); // As it was at the match.
    zx_handle_close(event);
}
END_TEST

START_TEST(one_signal_wakes_all) {
    enum { COUNT = 5 };
    const zx_handle_t event = new_event();
    struct blocked blocked[COUNT];
    for (int i = 0; i < COUNT; i++) {
        block(&blocked[i], event, A, i + 1);
    }
    set_signals(event, A);
    for (int i = 0; i < COUNT; i++) {
        pthread_join(blocked[i].thread, NULL);
        ck_assert_int_eq(blocked[i].status, ZX_OK);
    }
    zx_handle_close(event);
}
END_TEST

START_TEST(closing_the_handle_cancels_though_a_copy_exists) {
    const zx_handle_t event = new_event();
    const zx_handle_t copy = with_rights(event, ZX_RIGHT_SAME_RIGHTS);
    struct blocked through_event;
    struct blocked through_copy;
    block(&through_event, event, A, 1);
    block(&through_copy, copy, A, 2);
    set_signals(copy, B);
    ck_assert_int_eq(zx_handle_close(event), ZX_OK);
    pthread_join(through_event.thread, NULL);
    ck_assert_int_eq(through_event.status, ZX_ERR_CANCELED);
    ck_assert_uint_eq(through_event.observed, B | ZX_SIGNAL_HANDLE_CLOSED);
    ck_assert_int_eq(count_observers(copy), 1);
    set_signals(copy, A);
    pthread_join(through_copy.thread, NULL);
    ck_assert_int_eq(through_copy.status, ZX_OK);
    zx_handle_close(copy);
}
END_TEST

START_TEST(replacing_the_handle_cancels) {
    const zx_handle_t event = new_event();
    const zx_handle_t copy = with_rights(event, ZX_RIGHT_SAME_RIGHTS);
    zx_handle_t replaced = ZX_HANDLE_INVALID;
    struct blocked blocked;
    block(&blocked, event, A, 1);
    ck_assert_int_eq(zx_handle_replace(event, ZX_RIGHT_SAME_RIGHTS, &replaced), ZX_OK);
    pthread_join(blocked.thread, NULL);
    ck_assert_int_eq(blocked.status, ZX_ERR_CANCELED);
    zx_handle_close(replaced);
    zx_handle_close(copy);
}
END_TEST

// Whichever comes first, the wait ends.
START_TEST(close_and_wait_may_race) {
    for (int i = 0; i < 2000; i++) {
        struct blocked blocked = {.handle = new_event(), .wanted = A, .deadline = ZX_TIME_INFINITE};
        const zx_handle_t copy = with_rights(blocked.handle, ZX_RIGHT_SAME_RIGHTS);
        ck_assert_int_eq(pthread_create(&blocked.thread, NULL, wait_one, &blocked), 0);
        for (int turn = 0; turn < i % 4; turn++) {
            zx_nanosleep(0);
        }
        zx_handle_close(blocked.handle);
        pthread_join(blocked.thread, NULL);
        ck_assert(blocked.status == ZX_ERR_CANCELED || blocked.status == ZX_ERR_BAD_HANDLE);
        ck_assert_int_eq(count_observers(copy), 0);
        zx_handle_close(copy);
    }
}
END_TEST

// --- wait_many ---

START_TEST(wait_many_checks_in_order) {
    const zx_handle_t event = new_event();
    const zx_handle_t blind = with_rights(event, ZX_RIGHT_SIGNAL);
    const zx_handle_t waitable_port = with_any_rights(new_port(), ZX_RIGHT_WAIT);
    zx_wait_item_t items[65] = {{event, A, 42}, {event, B, 42}, {event, A, 42}};
    ck_assert_int_eq(zx_object_wait_many(NULL, 65, 0), ZX_ERR_OUT_OF_RANGE);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_object_wait_many(bad_pointer(i), 1, 0), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zx_object_wait_many((void *)before_bad_memory(20), 2, 0), ZX_ERR_INVALID_ARGS);
    const struct {
        zx_handle_t handle;
        zx_status_t status;
    } wrong[] = {{7, ZX_ERR_BAD_HANDLE},
                 {ZX_HANDLE_INVALID, ZX_ERR_BAD_HANDLE},
                 {blind, ZX_ERR_ACCESS_DENIED},
                 {waitable_port, ZX_ERR_NOT_SUPPORTED}};
    set_signals(event, A);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        items[1].handle = wrong[i].handle;
        ck_assert_int_eq(zx_object_wait_many(items, 3, ZX_TIME_INFINITE), wrong[i].status);
        ck_assert_uint_eq(items[0].pending, 42); // Nothing is written back.
    }
    for (int i = 0; i < 64; i++) {
        items[i] = (zx_wait_item_t){event, B, 42};
    }
    ck_assert_int_eq(zx_object_wait_many(items, 64, 0), ZX_ERR_TIMED_OUT);
    ck_assert_uint_eq(items[63].pending, A);
    const zx_handle_t all[] = {event, blind, waitable_port};
    zx_handle_close_many(all, 3);
}
END_TEST

START_TEST(wait_many_result_that_cannot_be_written_is_an_error) {
    const zx_handle_t event = new_event();
    zx_wait_item_t *items = (void *)before_bad_memory(sizeof(*items));
    *items = (zx_wait_item_t){event, A, 0};
    uint8_t *page = (uint8_t *)items + sizeof(*items) - platform_page_size();
    ck_assert(platform_protect(page, platform_page_size(), PLATFORM_READ));
    ck_assert_int_eq(zx_object_wait_many(items, 1, 0), ZX_ERR_INVALID_ARGS);
    zx_handle_close(event);
}
END_TEST

START_TEST(wait_many_without_items_is_a_sleep) {
    const zx_time_t deadline = zx_deadline_after(ZX_MSEC(5));
    ck_assert_int_eq(zx_object_wait_many(NULL, 0, deadline), ZX_ERR_TIMED_OUT);
    ck_assert_int_ge(zx_clock_get_monotonic(), deadline);
    ck_assert_int_eq(zx_object_wait_many(NULL, 0, 0), ZX_ERR_TIMED_OUT);
}
END_TEST

struct blocked_many {
    zx_wait_item_t items[3];
    zx_status_t status;
    pthread_t thread;
};

static void *wait_many(void *argument) {
    struct blocked_many *blocked = argument;
    blocked->status = zx_object_wait_many(blocked->items, 3, ZX_TIME_INFINITE);
    return NULL;
}

static void block_many(struct blocked_many *blocked, zx_handle_t first, zx_handle_t second,
                       zx_handle_t third) {
    *blocked = (struct blocked_many){.items = {{first, A, 42}, {second, A, 42}, {third, B, 42}}};
    ck_assert_int_eq(pthread_create(&blocked->thread, NULL, wait_many, blocked), 0);
}

START_TEST(wait_many_wakes_for_any_and_fills_all) {
    const zx_handle_t first = new_event();
    const zx_handle_t second = new_event();
    struct blocked_many blocked;
    block_many(&blocked, first, second, second); // One handle twice.
    until_observers(second, 2);
    set_signals(first, B);
    set_signals(second, A);
    pthread_join(blocked.thread, NULL);
    ck_assert_int_eq(blocked.status, ZX_OK);
    ck_assert_uint_eq(blocked.items[0].pending, B);
    ck_assert_uint_eq(blocked.items[1].pending, A);
    ck_assert_uint_eq(blocked.items[2].pending, A);
    ck_assert_int_eq(count_observers(first) + count_observers(second), 0);
    zx_handle_close(first);
    zx_handle_close(second);
}
END_TEST

START_TEST(wait_many_is_cancelled_by_any_close) {
    const zx_handle_t first = new_event();
    const zx_handle_t second = new_event();
    const zx_handle_t third = new_event();
    struct blocked_many blocked;
    block_many(&blocked, first, second, third);
    until_observers(third, 1);
    zx_handle_close(second);
    pthread_join(blocked.thread, NULL);
    ck_assert_int_eq(blocked.status, ZX_ERR_CANCELED);
    ck_assert_uint_eq(blocked.items[0].pending, 0);
    ck_assert_uint_eq(blocked.items[1].pending, ZX_SIGNAL_HANDLE_CLOSED);
    ck_assert_uint_eq(blocked.items[2].pending, 0);
    zx_handle_close(first);
    zx_handle_close(third);
}
END_TEST

// Two threads hand a signal back and forth: a lost wake-up ends in the test's time limit.
enum { ROUNDS = 20000 };

static void *answer(void *argument) {
    const zx_handle_t event = *(const zx_handle_t *)argument;
    for (int i = 0; i < ROUNDS; i++) {
        if (zx_object_wait_one(event, A, ZX_TIME_INFINITE, NULL) != ZX_OK ||
            zx_object_signal(event, A, B) != ZX_OK) {
            return argument;
        }
    }
    return NULL;
}

START_TEST(no_wake_up_is_lost) {
    zx_handle_t event = new_event();
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, answer, &event), 0);
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert_int_eq(zx_object_signal(event, B, A), ZX_OK);
        ck_assert_int_eq(zx_object_wait_one(event, B, ZX_TIME_INFINITE, NULL), ZX_OK);
    }
    void *failed = NULL;
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
    zx_handle_close(event);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        wait_one_checks_in_order,
        what_is_there_is_found_whatever_the_deadline,
        timeout_comes_at_the_deadline_and_leaves_no_wait,
        signal_wakes_and_a_pulse_is_seen,
        one_signal_wakes_all,
        closing_the_handle_cancels_though_a_copy_exists,
        replacing_the_handle_cancels,
        close_and_wait_may_race,
        wait_many_checks_in_order,
        wait_many_result_that_cannot_be_written_is_an_error,
        wait_many_without_items_is_a_sleep,
        wait_many_wakes_for_any_and_fills_all,
        wait_many_is_cancelled_by_any_close,
        no_wake_up_is_lost,
    };
    return run_tests("wait", tests, sizeof tests / sizeof tests[0]);
}
