// SPDX-License-Identifier: MIT
//
// Events, eventpairs, the signalling calls, and names as a property (objects ABI 1.5, 1.7, 3.1,
// 3.2, 3.7).

#include "bad_memory.h"
#include "object_fixture.h"
#include "run_tests.h"

#include <string.h>
#include <zirconia/zirconia.h>

static void new_pair(zx_handle_t *first, zx_handle_t *second) {
    ck_assert_int_eq(zx_eventpair_create(0, first, second), ZX_OK);
}

START_TEST(new_event_is_clear_and_has_its_rights) {
    zx_handle_t event = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_event_create(1, NULL), ZX_ERR_INVALID_ARGS);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_event_create(0, bad_pointer(i)), ZX_ERR_INVALID_ARGS);
    }
    const uint64_t objects = objects_so_far();
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    ck_assert_uint_eq(signals_of(event), 0);
    const zx_info_handle_basic_t info = basic_info(event);
    ck_assert_uint_eq(info.rights, 0xd003);
    ck_assert_uint_eq(info.type, ZX_OBJ_TYPE_EVENT);
    ck_assert_uint_eq(info.related_koid, 0);
    ck_assert_uint_gt(info.koid, 0);
    zx_handle_close(event);
    ck_assert_uint_eq(object_count(), objects);
}
END_TEST

START_TEST(signals_start_as_the_type_says) {
    const zx_handle_t vmo = new_vmo(4096, 0);
    ck_assert_uint_eq(signals_of(vmo), ZX_VMO_ZERO_CHILDREN);
    set_signals(vmo, ZX_USER_SIGNAL_3);
    ck_assert_uint_eq(signals_of(vmo), ZX_VMO_ZERO_CHILDREN | ZX_USER_SIGNAL_3);
    ck_assert_int_eq(zx_object_signal(vmo, ZX_VMO_ZERO_CHILDREN, 0), ZX_ERR_INVALID_ARGS);
    zx_handle_close(vmo);
}
END_TEST

START_TEST(signal_checks_in_order) {
    const zx_handle_t event = new_event();
    const zx_handle_t mute = with_rights(event, ZX_RIGHT_WAIT);
    const zx_handle_t port = new_port();
    const zx_handle_t loud_port = with_any_rights(port, ZX_RIGHT_SIGNAL);
    const zx_signals_t bad = ZX_USER_SIGNAL_0 | ZX_EVENTPAIR_PEER_CLOSED;
    ck_assert_int_eq(zx_object_signal(7, bad, bad), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_signal(mute, bad, bad), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_signal(port, bad, bad), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_signal(loud_port, bad, bad), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_object_signal(event, bad, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_signal(event, 0, bad), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_signal(event, ZX_SIGNAL_HANDLE_CLOSED, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(signals_of(event), 0);
    ck_assert_int_eq(zx_object_signal(event, 0, 0xff000008), ZX_OK);
    const zx_handle_t all[] = {event, mute, port, loud_port};
    zx_handle_close_many(all, 4);
}
END_TEST

START_TEST(clear_comes_before_set) {
    const zx_handle_t event = new_event();
    set_signals(event, ZX_USER_SIGNAL_0 | ZX_USER_SIGNAL_1);
    ck_assert_int_eq(zx_object_signal(event, ZX_USER_SIGNAL_0 | ZX_USER_SIGNAL_1,
                                      ZX_USER_SIGNAL_1 | ZX_EVENT_SIGNALED),
                     ZX_OK);
    ck_assert_uint_eq(signals_of(event), ZX_USER_SIGNAL_1 | ZX_EVENT_SIGNALED);
    zx_handle_close(event);
}
END_TEST

START_TEST(pair_ends_know_each_other) {
    zx_handle_t first = ZX_HANDLE_INVALID;
    zx_handle_t second = ZX_HANDLE_INVALID;
    const uint64_t objects = objects_so_far();
    ck_assert_int_eq(zx_eventpair_create(1, &first, &second), ZX_ERR_NOT_SUPPORTED);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_eventpair_create(0, bad_pointer(i), &second), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_eventpair_create(0, &first, bad_pointer(i)), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_uint_eq(object_count(), objects);
    new_pair(&first, &second);
    ck_assert_uint_eq(basic_info(first).related_koid, basic_info(second).koid);
    ck_assert_uint_eq(basic_info(second).related_koid, basic_info(first).koid);
    ck_assert_uint_eq(basic_info(first).rights, 0xf003);
    ck_assert_uint_eq(basic_info(first).type, ZX_OBJ_TYPE_EVENTPAIR);
    zx_handle_close(first);
    zx_handle_close(second);
    ck_assert_uint_eq(object_count(), objects);
}
END_TEST

START_TEST(peer_is_signalled_and_not_oneself) {
    zx_handle_t first = ZX_HANDLE_INVALID;
    zx_handle_t second = ZX_HANDLE_INVALID;
    new_pair(&first, &second);
    ck_assert_int_eq(zx_object_signal_peer(first, 0, ZX_EVENTPAIR_SIGNALED | ZX_USER_SIGNAL_7),
                     ZX_OK);
    ck_assert_uint_eq(signals_of(first), 0);
    ck_assert_uint_eq(signals_of(second), ZX_EVENTPAIR_SIGNALED | ZX_USER_SIGNAL_7);
    ck_assert_int_eq(zx_object_signal_peer(first, ZX_EVENTPAIR_SIGNALED, 0), ZX_OK);
    ck_assert_uint_eq(signals_of(second), ZX_USER_SIGNAL_7);
    set_signals(first, ZX_USER_SIGNAL_0);
    ck_assert_uint_eq(signals_of(second), ZX_USER_SIGNAL_7);
    zx_handle_close(first);
    zx_handle_close(second);
}
END_TEST

START_TEST(signal_peer_checks_in_order) {
    zx_handle_t first = ZX_HANDLE_INVALID;
    zx_handle_t second = ZX_HANDLE_INVALID;
    new_pair(&first, &second);
    const zx_handle_t mute = with_rights(first, ZX_RIGHT_SIGNAL);
    const zx_handle_t event = new_event();
    const zx_handle_t peerless = with_any_rights(event, ZX_RIGHT_SIGNAL_PEER);
    const zx_signals_t bad = ZX_EVENTPAIR_PEER_CLOSED;
    zx_handle_close(second);
    ck_assert_int_eq(zx_object_signal_peer(7, 0, bad), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_signal_peer(mute, 0, bad), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_signal_peer(event, 0, bad), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_signal_peer(peerless, 0, bad), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_object_signal_peer(first, 0, bad), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_signal_peer(first, 0, ZX_USER_SIGNAL_0), ZX_ERR_PEER_CLOSED);
    const zx_handle_t all[] = {first, mute, event, peerless};
    zx_handle_close_many(all, 4);
}
END_TEST

START_TEST(last_close_of_an_end_is_told_to_the_other) {
    zx_handle_t first = ZX_HANDLE_INVALID;
    zx_handle_t second = ZX_HANDLE_INVALID;
    new_pair(&first, &second);
    const zx_handle_t copy = with_rights(second, ZX_RIGHT_SAME_RIGHTS);
    zx_handle_close(second);
    ck_assert_uint_eq(signals_of(first), 0);
    zx_handle_close(copy);
    ck_assert_uint_eq(signals_of(first), ZX_EVENTPAIR_PEER_CLOSED);
    ck_assert_int_eq(zx_object_signal(first, ZX_EVENTPAIR_PEER_CLOSED, 0), ZX_ERR_INVALID_ARGS);
    set_signals(first, ZX_EVENTPAIR_SIGNALED);
    zx_handle_close(first);
}
END_TEST

// --- Names ---

static void assert_name(zx_handle_t handle, const char *expected) {
    char name[40];
    char padded[40] = {0};
    memset(name, 'x', sizeof(name));
    memset(padded, 'x', sizeof(padded));
    memset(padded, 0, ZX_MAX_NAME_LEN);
    memcpy(padded, expected, strlen(expected));
    ck_assert_int_eq(zx_object_get_property(handle, ZX_PROP_NAME, name, sizeof(name)), ZX_OK);
    ck_assert_mem_eq(name, padded, sizeof(name)); // Exactly 32 bytes are written.
}

START_TEST(names_are_cut_and_padded) {
    const zx_handle_t vmo = new_vmo(4096, 0);
    const char longer[] = "0123456789abcdef0123456789abcdefXYZ";
    assert_name(vmo, "");
    ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_NAME, longer, 35), ZX_OK);
    assert_name(vmo, "0123456789abcdef0123456789abcde");
    ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_NAME, "ab\0cd", 5), ZX_OK);
    assert_name(vmo, "ab");
    ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_NAME, "wxyz", 3), ZX_OK);
    assert_name(vmo, "wxy");
    ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_NAME, before_bad_memory(31), 99), ZX_OK);
    ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_NAME, longer, 0), ZX_OK);
    assert_name(vmo, "");
    zx_handle_close(vmo);
}
END_TEST

START_TEST(properties_check_in_order) {
    const zx_handle_t vmo = new_vmo(4096, 0);
    const zx_handle_t bare = with_rights(vmo, ZX_RIGHT_WAIT);
    const zx_handle_t event = new_event();
    const zx_handle_t nameless = with_any_rights(event, ZX_RIGHTS_PROPERTY);
    char name[ZX_MAX_NAME_LEN] = {0};
    ck_assert_int_eq(zx_object_get_property(7, 999, NULL, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_get_property(7, 999, name, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_get_property(bare, 999, name, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_get_property(vmo, 999, name, 0), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_object_get_property(vmo, ZX_PROP_NAME, name, 31), ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(zx_object_set_property(7, 999, NULL, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_set_property(7, 999, name, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_set_property(bare, 999, name, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_set_property(vmo, 999, name, 0), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_object_set_property(nameless, ZX_PROP_NAME, name, 3), ZX_ERR_NOT_SUPPORTED);
    assert_name(nameless, "");
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_object_get_property(vmo, ZX_PROP_NAME, bad_pointer(i), 32),
                         ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_NAME, bad_pointer(i), 4),
                         ZX_ERR_INVALID_ARGS);
    }
    const zx_handle_t all[] = {vmo, bare, event, nameless};
    zx_handle_close_many(all, 4);
}
END_TEST

START_TEST(handles_of_an_object_are_counted) {
    const zx_handle_t event = new_event();
    const zx_handle_t copy = with_rights(event, ZX_RIGHT_WAIT);
    zx_info_handle_count_t info = {0};
    const uint32_t topic = ZX_INFO_HANDLE_COUNT;
    ck_assert_int_eq(zx_object_get_info(event, topic, &info, sizeof(info), NULL, NULL), ZX_OK);
    ck_assert_uint_eq(info.handle_count, 2);
    ck_assert_int_eq(zx_object_get_info(copy, topic, &info, sizeof(info), NULL, NULL),
                     ZX_ERR_ACCESS_DENIED);
    zx_handle_close(copy);
    ck_assert_int_eq(zx_object_get_info(event, topic, &info, sizeof(info), NULL, NULL), ZX_OK);
    ck_assert_uint_eq(info.handle_count, 1);
    zx_handle_close(event);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        new_event_is_clear_and_has_its_rights,
        signals_start_as_the_type_says,
        signal_checks_in_order,
        clear_comes_before_set,
        pair_ends_know_each_other,
        peer_is_signalled_and_not_oneself,
        signal_peer_checks_in_order,
        last_close_of_an_end_is_told_to_the_other,
        names_are_cut_and_padded,
        properties_check_in_order,
        handles_of_an_object_are_counted,
    };
    return run_tests("signals", tests, sizeof tests / sizeof tests[0]);
}
