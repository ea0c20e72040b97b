// SPDX-License-Identifier: MIT
//
// Waits, ports and properties as the 2018 era has them, where that differs (objects ABI 1.9, 3.3 to
// 3.5, 3.7, 4.4, 4.5).

#define ZIRCONIA_ABI_2018

#include "blocked_thread.h"
#include "run_tests.h"

static const zx_signals_t A = ZX_USER_SIGNAL_0;
static const zx_signals_t B = ZX_USER_SIGNAL_1;

static void watch(zx_handle_t handle, zx_handle_t port, uint64_t key, uint32_t options) {
    ck_assert_int_eq(zx_object_wait_async(handle, port, key, A, options), ZX_OK);
}

START_TEST(handle_checks_look_at_rights_first) {
    const zx_handle_t event = new_event();
    const zx_handle_t bare = with_rights(event, ZX_RIGHT_NONE);
    const zx_handle_t strong = with_any_rights(event, ZX_RIGHTS_IO | ZX_RIGHT_WAIT);
    const zx_handle_t port = new_port();
    zx_port_packet_t packet = {0};
    ck_assert_int_eq(zx_port_queue(bare, &packet), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_port_wait(bare, 0, &packet), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_port_cancel(bare, event, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_port_queue(strong, &packet), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_port_wait(strong, 0, &packet), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_port_cancel(strong, event, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_object_get_info(bare, ZX_INFO_VMAR, NULL, 0, NULL, NULL),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_get_info(event, ZX_INFO_VMAR, NULL, 0, NULL, NULL),
                     ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_object_get_info(bare, ZX_INFO_PROCESS, NULL, 0, NULL, NULL),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_get_info(bare, ZX_INFO_PROCESS_THREADS, NULL, 0, NULL, NULL),
                     ZX_ERR_ACCESS_DENIED);
    zx_vaddr_t address = 0;
    zx_handle_t child = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_set_size(bare, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vmo_set_size(strong, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vmar_allocate(bare, ZX_VM_CAN_MAP_READ, 0, 4096, &child, &address),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vmar_allocate(strong, ZX_VM_CAN_MAP_READ, 0, 4096, &child, &address),
                     ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_object_wait_async(7, 7, 0, A, 2), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_wait_async(7, bare, 0, A, 2), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_wait_async(7, strong, 0, A, 2), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_object_wait_async(7, port, 0, A, 2), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_wait_async(bare, port, 0, A, 2), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_wait_async(event, port, 0, A, 2), ZX_ERR_INVALID_ARGS);
    const zx_handle_t all[] = {event, bare, strong, port};
    zx_handle_close_many(all, 4);
}
END_TEST

START_TEST(props_tell_what_can_be_waited_for) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    ck_assert_uint_eq(basic_info(event).props, ZX_OBJ_PROP_WAITABLE);
    ck_assert_uint_eq(basic_info(port).props, ZX_OBJ_PROP_NONE);
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(unknown_property_is_a_bad_argument) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    char name[ZX_MAX_NAME_LEN] = "some";
    ck_assert_int_eq(zx_vmo_create(4096, 0, &vmo), ZX_OK);
    ck_assert_int_eq(zx_object_get_property(vmo, 999, name, 32), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_set_property(vmo, 999, name, 32), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_NAME, name, 32), ZX_OK);
    ck_assert_int_eq(zx_object_get_property(vmo, ZX_PROP_NAME, name, 32), ZX_OK);
    ck_assert_str_eq(name, "some");
    zx_handle_close(vmo);
}
END_TEST

START_TEST(wait_many_takes_sixteen) {
    const zx_handle_t event = new_event();
    zx_wait_item_t items[17];
    for (int i = 0; i < 17; i++) {
        items[i] = (zx_wait_item_t){event, A, 0};
    }
    ck_assert_int_eq(zx_object_wait_many(items, 17, 0), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_object_wait_many(items, 16, 0), ZX_ERR_TIMED_OUT);
    zx_handle_close(event);
}
END_TEST

START_TEST(observed_collects_the_whole_wait) {
    const zx_handle_t event = new_event();
    struct blocked blocked;
    set_signals(event, ZX_USER_SIGNAL_7);
    block(&blocked, event, A, 1);
    clear_signals(event, ZX_USER_SIGNAL_7);
    set_signals(event, B);
    clear_signals(event, B);
    set_signals(event, A);
    pthread_join(blocked.thread, NULL);
    ck_assert_int_eq(blocked.status, ZX_OK);
    ck_assert_uint_eq(blocked.observed, ZX_USER_SIGNAL_7 | A | B);
    zx_handle_close(event);
}
END_TEST

START_TEST(cancelled_wait_has_collected_too) {
    const zx_handle_t event = new_event();
    const zx_handle_t copy = with_rights(event, ZX_RIGHT_SAME_RIGHTS);
    struct blocked blocked;
    block(&blocked, event, A, 1);
    set_signals(event, B);
    clear_signals(event, B);
    zx_handle_close(event);
    pthread_join(blocked.thread, NULL);
    ck_assert_int_eq(blocked.status, ZX_ERR_CANCELED);
    ck_assert_uint_eq(blocked.observed, B | ZX_SIGNAL_HANDLE_CLOSED);
    zx_handle_close(copy);
}
END_TEST

// --- Repeating waits ---

static void assert_rep_packet(zx_handle_t port, zx_signals_t observed) {
    const zx_port_packet_t packet = next_packet(port);
    ck_assert_uint_eq(packet.key, SOME_KEY);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_SIGNAL_REP);
    ck_assert_uint_eq(packet.signal.trigger, A);
    ck_assert_uint_eq(packet.signal.observed, observed);
    ck_assert_uint_eq(packet.signal.count, 1);
}

START_TEST(repeating_wait_gives_a_packet_each_time) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    watch(event, port, SOME_KEY, ZX_WAIT_ASYNC_REPEATING);
    for (zx_signals_t i = 0; i < 24; i++) {
        const zx_signals_t other = i % 2 == 0 ? B : 0;
        set_signals(event, A | other);
        assert_rep_packet(port, A | other);
        clear_signals(event, A | B);
        ck_assert(is_empty(port));
    }
    ck_assert_int_eq(zx_port_cancel(port, event, SOME_KEY), ZX_OK);
    ck_assert_int_eq(count_observers(event), 0);
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(queued_packet_of_a_repeating_wait_collects) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    set_signals(event, A);
    watch(event, port, SOME_KEY, ZX_WAIT_ASYNC_REPEATING);
    set_signals(event, B);
    clear_signals(event, A); // A change to a state without the trigger queues nothing.
    set_signals(event, ZX_USER_SIGNAL_4);
    assert_rep_packet(port, A | B);
    ck_assert(is_empty(port));
    ck_assert_int_eq(zx_object_signal(event, B, A), ZX_OK);
    assert_rep_packet(port, A | ZX_USER_SIGNAL_4);
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(cancel_ends_a_repeating_wait_and_its_packet) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    watch(event, port, SOME_KEY, ZX_WAIT_ASYNC_REPEATING);
    set_signals(event, A);
    ck_assert_int_eq(zx_port_cancel(port, event, SOME_KEY), ZX_OK);
    ck_assert(is_empty(port));
    ck_assert_int_eq(zx_port_cancel(port, event, SOME_KEY), ZX_ERR_NOT_FOUND);
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

START_TEST(packet_of_a_repeating_wait_outlives_the_handle) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    watch(event, port, SOME_KEY, ZX_WAIT_ASYNC_REPEATING);
    set_signals(event, A);
    zx_handle_close(event);
    assert_rep_packet(port, A);
    ck_assert(is_empty(port));
    zx_handle_close(port);
}
END_TEST

START_TEST(any_order_of_closing_is_safe) {
    const uint64_t objects = objects_so_far();
    for (int i = 0; i < 12; i++) {
        zx_handle_t handles[3];
        ck_assert_int_eq(zx_eventpair_create(0, &handles[0], &handles[1]), ZX_OK);
        handles[2] = new_port();
        watch(handles[0], handles[2], 1, ZX_WAIT_ASYNC_REPEATING);
        watch(handles[1], handles[2], 2, ZX_WAIT_ASYNC_REPEATING);
        if (i >= 6) {
            set_signals(handles[0], A);
        }
        close_in_order(handles, i % 6);
        ck_assert_uint_eq(object_count(), objects);
    }
}
END_TEST

START_TEST(port_takes_2049_packets) {
    const zx_handle_t port = new_port();
    const zx_port_packet_t packet = {0};
    for (int i = 0; i < 2049; i++) {
        ck_assert_int_eq(zx_port_queue(port, &packet), ZX_OK);
    }
    ck_assert_int_eq(zx_port_queue(port, &packet), ZX_ERR_SHOULD_WAIT);
    next_packet(port);
    ck_assert_int_eq(zx_port_queue(port, &packet), ZX_OK);
    zx_handle_close(port);
}
END_TEST

START_TEST(full_port_loses_a_wait) {
    const zx_handle_t event = new_event();
    const zx_handle_t port = new_port();
    const zx_port_packet_t packet = {0};
    for (int i = 0; i < 2048; i++) {
        ck_assert_int_eq(zx_port_queue(port, &packet), ZX_OK);
    }
    watch(event, port, 1, ZX_WAIT_ASYNC_REPEATING);
    watch(event, port, 2, ZX_WAIT_ASYNC_ONCE);
    watch(event, port, 3, ZX_WAIT_ASYNC_ONCE);
    set_signals(event, A); // There is room for one packet, of the newest wait.
    ck_assert_int_eq(zx_port_queue(port, &packet), ZX_ERR_SHOULD_WAIT);
    ck_assert_int_eq(count_observers(event), 0);
    for (int i = 0; i < 2048; i++) {
        ck_assert_uint_eq(next_packet(port).type, ZX_PKT_TYPE_USER);
    }
    ck_assert_uint_eq(next_packet(port).key, 3);
    ck_assert(is_empty(port));
    zx_handle_close(event);
    zx_handle_close(port);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        handle_checks_look_at_rights_first,
        props_tell_what_can_be_waited_for,
        unknown_property_is_a_bad_argument,
        wait_many_takes_sixteen,
        observed_collects_the_whole_wait,
        cancelled_wait_has_collected_too,
        repeating_wait_gives_a_packet_each_time,
        queued_packet_of_a_repeating_wait_collects,
        cancel_ends_a_repeating_wait_and_its_packet,
        packet_of_a_repeating_wait_outlives_the_handle,
        any_order_of_closing_is_safe,
        port_takes_2049_packets,
        full_port_loses_a_wait,
    };
    return run_tests("wait_2018", tests, sizeof tests / sizeof tests[0]);
}
