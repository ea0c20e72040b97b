// SPDX-License-Identifier: MIT
//
// Waits whose result is a packet, and cancelling them (objects ABI 4.2, 4.5, 4.7, 9).

#include "object_fixture.h"
#include "run_tests.h"

#include <pthread.h>

static const zx_signals_t A = ZX_USER_SIGNAL_0;
static const zx_signals_t B = ZX_USER_SIGNAL_1;

static void watch(zx_handle_t handle, zx_handle_t port, uint64_t key, zx_signals_t signals,
                  uint32_t options) {
    ck_assert_int_eq(zx_object_wait_async(handle, port, key, signals, options), ZX_OK);
}

static void queue_user_packet(zx_handle_t port, uint64_t key) {
    const zx_port_packet_t packet = {.key = key};
    ck_assert_int_eq(zx_port_queue(port, &packet), ZX_OK);
}

static void assert_signal_packet(zx_handle_t port, uint64_t key, zx_signals_t trigger,
                                 zx_signals_t observed) {
    const zx_port_packet_t packet = next_packet(port);
    ck_assert_uint_eq(packet.key, key);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_SIGNAL_ONE);
    ck_assert_int_eq(packet.status, ZX_OK);
    ck_assert_uint_eq(packet.signal.trigger, trigger);
    ck_assert_uint_eq(packet.signal.observed, observed);
    ck_assert_uint_eq(packet.signal.count, 1);
    ck_assert_int_eq(packet.signal.timestamp, 0);
    ck_assert_uint_eq(packet.signal.reserved1, 0);
}

START_TEST(wait_async_checks_in_order) {
    const zx_handle_t event = new_event();
    const zx_handle_t blind = with_rights(event, ZX_RIGHT_SIGNAL);
    const zx_handle_t port = new_port();
    const zx_handle_t reader = with_rights(port, ZX_RIGHT_READ);
    const zx_handle_t waitable_port = with_any_rights(port, ZX_RIGHT_WAIT);
    const uint32_t boot = ZX_WAIT_ASYNC_BOOT_TIMESTAMP;
    ck_assert_int_eq(zx_object_wait_async(7, 7, 0, A, 8), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_wait_async(7, 7, 0, A, boot), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_wait_async(7, 7, 0, A, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_wait_async(7, blind, 0, A, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_object_wait_async(7, reader, 0, A, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_wait_async(7, port, 0, A, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_wait_async(blind, port, 0, A, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_wait_async(port, port, 0, A, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_wait_async(waitable_port, port, 0, A, 0), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(count_observers(event), 0);
    const zx_handle_t all[] = {event, blind, port, reader, waitable_port};
    zx_handle_close_many(all, 5);
}
END_TEST

START_TEST(signal_becomes_one_packet) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    set_signals(event, B);
    watch(event, port, SOME_KEY, A, 0);
    ck_assert(is_empty(port));
    set_signals(event, A);
    clear_signals(event, A | B); // Does not change the packet.
    set_signals(event, A);
    assert_signal_packet(port, SOME_KEY, A, A | B);
    ck_assert(is_empty(port));
    ck_assert_int_eq(count_observers(event), 0);
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(what_is_asserted_already_gives_a_packet_at_once) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    set_signals(event, A | B);
    watch(event, port, 1, A | ZX_USER_SIGNAL_5, 0);
    watch(event, port, 2, A, 0);
    assert_signal_packet(port, 1, A | ZX_USER_SIGNAL_5, A | B);
    assert_signal_packet(port, 2, A, A | B);
    watch(event, port, 3, 0, 0); // Never fires.
    clear_signals(event, A);
    ck_assert(is_empty(port));
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(newest_wait_fires_first) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    for (uint64_t key = 0; key < 7; key++) {
        watch(event, port, key, ZX_EVENT_SIGNALED, 0);
    }
    set_signals(event, ZX_EVENT_SIGNALED);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 5; i++) {
        const uint64_t key = next_packet(port).key;
        ck_assert_uint_eq(key, 6 - i);
        sum += key;
    }
    ck_assert_uint_eq(sum, 20);
    zx_handle_close(event); // Two packets stay.
    ck_assert_uint_eq(next_packet(port).key, 1);
    zx_handle_close(port);
}
END_TEST

START_TEST(timestamp_is_the_time_of_the_match) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    watch(event, port, 1, A, ZX_WAIT_ASYNC_TIMESTAMP);
    const zx_time_t before = zx_clock_get_monotonic();
    set_signals(event, A);
    const zx_time_t after = zx_clock_get_monotonic();
    const zx_port_packet_t packet = next_packet(port);
    ck_assert_int_ge(packet.signal.timestamp, before);
    ck_assert_int_le(packet.signal.timestamp, after);
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(edge_counts_only_what_rises) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    set_signals(event, A);
    watch(event, port, 1, A, ZX_WAIT_ASYNC_EDGE);
    ck_assert(is_empty(port));
    set_signals(event, B); // A stays, which is no edge of A.
    ck_assert(is_empty(port));
    clear_signals(event, A);
    ck_assert(is_empty(port));
    set_signals(event, A);
    assert_signal_packet(port, 1, A, A | B);
    ck_assert(is_empty(port));
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(signal_packets_have_no_limit) {
    enum { COUNT = 16 * 1024 + 1 };
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    for (uint64_t key = 0; key < COUNT; key++) {
        watch(event, port, key, A, 0);
    }
    set_signals(event, A);
    queue_user_packet(port, COUNT); // Waits do not count for packets of others.
    for (uint64_t key = COUNT; key-- > 0;) {
        ck_assert_uint_eq(next_packet(port).key, key);
    }
    ck_assert_uint_eq(next_packet(port).key, COUNT);
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(closing_a_handle_ends_its_waits_alone) {
    const zx_handle_t event = new_event();
    const zx_handle_t copy = with_rights(event, ZX_RIGHT_SAME_RIGHTS);
    const zx_handle_t port = new_port();
    watch(event, port, 1, A, 0);
    watch(copy, port, 2, A, 0);
    watch(event, port, 3, B, 0);
    set_signals(event, B);
    zx_handle_close(event);
    set_signals(copy, A);
    assert_signal_packet(port, 3, B, B); // The packet was queued before.
    assert_signal_packet(port, 2, A, A | B);
    ck_assert(is_empty(port));
    zx_handle_close(copy);
    zx_handle_close(port);
}
END_TEST

START_TEST(peer_close_reaches_a_port) {
    zx_handle_t ends[2];
    const zx_handle_t port = new_port();
    ck_assert_int_eq(zx_eventpair_create(0, &ends[0], &ends[1]), ZX_OK);
    watch(ends[0], port, 1, ZX_EVENTPAIR_PEER_CLOSED, 0);
    zx_handle_close(ends[1]);
    assert_signal_packet(port, 1, ZX_EVENTPAIR_PEER_CLOSED, ZX_EVENTPAIR_PEER_CLOSED);
    zx_handle_close(ends[0]);
    zx_handle_close(port);
}
END_TEST

START_TEST(any_order_of_closing_is_safe) {
    const uint64_t objects = objects_so_far();
    for (int i = 0; i < 6; i++) {
        zx_handle_t handles[3];
        ck_assert_int_eq(zx_eventpair_create(0, &handles[0], &handles[1]), ZX_OK);
        handles[2] = new_port();
        watch(handles[0], handles[2], 1, ZX_EVENTPAIR_PEER_CLOSED, 0);
        watch(handles[0], handles[2], 2, A, 0);
        watch(handles[1], handles[2], 3, A, 0);
        set_signals(handles[0], A);
        close_in_order(handles, i);
        ck_assert_uint_eq(object_count(), objects);
    }
}
END_TEST

START_TEST(closing_the_port_ends_its_waits) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    const zx_handle_t other = new_port();
    watch(event, port, 1, A, 0);
    watch(event, other, 2, A, 0);
    watch(event, port, 3, A, 0);
    zx_handle_close(port);
    ck_assert_int_eq(count_observers(event), 1);
    set_signals(event, A);
    assert_signal_packet(other, 2, A, A);
    zx_handle_close(event);
    zx_handle_close(other);
}
END_TEST

// --- Cancelling ---

START_TEST(cancel_ends_all_waits_with_the_key) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    watch(event, port, 1, A, 0);
    watch(event, port, 1, B, 0);
    watch(event, port, 2, A, 0);
    ck_assert_int_eq(zx_port_cancel(port, event, 1), ZX_OK);
    ck_assert_int_eq(zx_port_cancel(port, event, 1), ZX_ERR_NOT_FOUND);
    set_signals(event, A | B);
    assert_signal_packet(port, 2, A, A | B);
    ck_assert(is_empty(port));
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(cancel_takes_queued_packets_back) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    watch(event, port, 1, A, 0); // Will be queued.
    watch(event, port, 2, B, 0); // Will not.
    watch(event, port, 3, A, 0);
    queue_user_packet(port, 1);
    set_signals(event, A);
    ck_assert_int_eq(zx_port_cancel(port, event, 1), ZX_OK);
    ck_assert_int_eq(zx_port_cancel(port, event, 2), ZX_OK);
    ck_assert_uint_eq(next_packet(port).type, ZX_PKT_TYPE_USER); // User packets are not touched.
    assert_signal_packet(port, 3, A, A);
    ck_assert_int_eq(zx_port_cancel(port, event, 3), ZX_ERR_NOT_FOUND); // The packet was read.
    ck_assert(is_empty(port));
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(cancel_goes_by_handle_and_port) {
    const zx_handle_t event = new_event();
    const zx_handle_t copy = with_rights(event, ZX_RIGHT_SAME_RIGHTS);
    const zx_handle_t port = new_port();
    const zx_handle_t other = new_port();
    watch(event, port, 1, A, 0);
    ck_assert_int_eq(zx_port_cancel(port, copy, 1), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_port_cancel(other, event, 1), ZX_ERR_NOT_FOUND);
    set_signals(event, A);
    ck_assert_int_eq(zx_port_cancel(port, copy, 1), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_port_cancel(other, event, 1), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_port_cancel(port, event, 1), ZX_OK);
    const zx_handle_t all[] = {event, copy, port, other};
    zx_handle_close_many(all, 4);
}
END_TEST

START_TEST(cancel_key_goes_by_key_alone) {
    const zx_handle_t first = new_event();
    const zx_handle_t second = new_event();
    const zx_handle_t port = new_port();
    const zx_handle_t reader = with_rights(port, ZX_RIGHT_READ);
    ck_assert_int_eq(zx_port_cancel_key(7, 1, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_port_cancel_key(7, 0, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_port_cancel_key(first, 0, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_port_cancel_key(reader, 0, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_port_cancel_key(port, 0, 1), ZX_ERR_NOT_FOUND);
    watch(first, port, 1, A, 0);
    watch(second, port, 1, A, 0);
    watch(second, port, 2, A, 0);
    set_signals(first, A);
    queue_user_packet(port, 1);
    ck_assert_int_eq(zx_port_cancel_key(port, 0, 1), ZX_OK);
    set_signals(second, A);
    ck_assert_uint_eq(next_packet(port).type, ZX_PKT_TYPE_USER);
    assert_signal_packet(port, 2, A, A);
    ck_assert(is_empty(port));
    const zx_handle_t all[] = {first, second, port, reader};
    zx_handle_close_many(all, 4);
}
END_TEST

// --- Threads ---

enum { ARMINGS = 3000 };

// Signals that come and go while another thread arms, waits and cancels: a cancel right after the
// wait is seen to match finds its packet always.
static void *pulse(void *argument) {
    const zx_handle_t event = *(const zx_handle_t *)argument;
    while (zx_object_signal(event, 0, A) == ZX_OK && zx_object_signal(event, A, 0) == ZX_OK) {
        zx_nanosleep(0);
    }
    return NULL;
}

START_TEST(armed_wait_can_always_be_cancelled) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    zx_handle_t signaller = with_rights(event, ZX_RIGHT_SIGNAL);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, pulse, &signaller), 0);
    for (uint64_t key = 0; key < ARMINGS; key++) {
        watch(event, port, key, A, 0);
        if (key % 2 == 0) {
            ck_assert_int_eq(zx_object_wait_one(event, A, ZX_TIME_INFINITE, NULL), ZX_OK);
        }
        ck_assert_int_eq(zx_port_cancel(port, event, key), ZX_OK);
    }
    ck_assert(is_empty(port));
    zx_handle_close(signaller);
    pthread_join(thread, NULL);
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

static void *read_one(void *argument) {
    zx_port_packet_t *packet = argument;
    const zx_handle_t port = (zx_handle_t)packet->key;
    packet->status = zx_port_wait(port, ZX_TIME_INFINITE, packet);
    return NULL;
}

START_TEST(each_of_three_threads_gets_one_packet) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    pthread_t threads[3];
    zx_port_packet_t packets[3];
    uint64_t keys = 0;
    for (int i = 0; i < 3; i++) {
        watch(event, port, (uint64_t)1 << i, A, 0);
        packets[i] = (zx_port_packet_t){.key = port};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_one, &packets[i]), 0);
    }
    set_signals(event, A);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(packets[i].status, ZX_OK);
        keys |= packets[i].key;
    }
    ck_assert_uint_eq(keys, 7);
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        wait_async_checks_in_order,
        signal_becomes_one_packet,
        what_is_asserted_already_gives_a_packet_at_once,
        newest_wait_fires_first,
        timestamp_is_the_time_of_the_match,
        edge_counts_only_what_rises,
        signal_packets_have_no_limit,
        closing_a_handle_ends_its_waits_alone,
        peer_close_reaches_a_port,
        any_order_of_closing_is_safe,
        closing_the_port_ends_its_waits,
        cancel_ends_all_waits_with_the_key,
        cancel_takes_queued_packets_back,
        cancel_goes_by_handle_and_port,
        cancel_key_goes_by_key_alone,
        armed_wait_can_always_be_cancelled,
        each_of_three_threads_gets_one_packet,
    };
    return run_tests("wait_async", tests, sizeof tests / sizeof tests[0]);
}
