// SPDX-License-Identifier: MIT
//
// What tests of waits share: making objects, and seeing how many waits an object has, so that a
// test can act when another thread really waits and needs no sleep. Private headers are used for
// that alone.

#ifndef TESTS_OBJECT_FIXTURE_H
#define TESTS_OBJECT_FIXTURE_H

#include "objects/handle_table.h"
#include "objects/observer.h"

#include <check.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>

enum { SOME_KEY = 77 };

// To compare with later: the first call of a thread makes an object for the thread itself.
static inline uint64_t objects_so_far(void) {
    zx_nanosleep(0);
    return object_count();
}

static inline zx_handle_t new_event(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_event_create(0, &handle), ZX_OK);
    return handle;
}

static inline zx_handle_t new_port(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(0, &handle), ZX_OK);
    return handle;
}

static inline zx_handle_t with_rights(zx_handle_t handle, zx_rights_t rights) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_duplicate(handle, rights, &out), ZX_OK);
    return out;
}

// A handle with rights that no call gives to this type.
static inline zx_handle_t with_any_rights(zx_handle_t handle, zx_rights_t rights) {
    struct object *object = NULL;
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(handle_lookup(handle, ZX_OBJ_TYPE_NONE, 0, &object), ZX_OK);
    ck_assert_int_eq(handle_create(object, rights, &out), ZX_OK);
    object_unref(object);
    return out;
}

static inline int count_observers(zx_handle_t handle) {
    struct object *object = NULL;
    ck_assert_int_eq(handle_lookup(handle, ZX_OBJ_TYPE_NONE, 0, &object), ZX_OK);
    int count = 0;
    platform_mutex_lock(&object->lock);
    for (struct observer *observer = object->observers; observer != NULL;
         observer = observer->next) {
        count++;
    }
    platform_mutex_unlock(&object->lock);
    object_unref(object);
    return count;
}

static inline void until_observers(zx_handle_t handle, int count) {
    while (count_observers(handle) != count) {
        zx_nanosleep(0);
    }
}

static inline void set_signals(zx_handle_t handle, zx_signals_t signals) {
    ck_assert_int_eq(zx_object_signal(handle, 0, signals), ZX_OK);
}

static inline void clear_signals(zx_handle_t handle, zx_signals_t signals) {
    ck_assert_int_eq(zx_object_signal(handle, signals, 0), ZX_OK);
}

static inline zx_signals_t signals_of(zx_handle_t handle) {
    zx_signals_t observed = 0x55;
    ck_assert_int_eq(zx_object_wait_one(handle, 0, 0, &observed), ZX_ERR_TIMED_OUT);
    return observed;
}

// The next packet, which must be there already.
static inline zx_port_packet_t next_packet(zx_handle_t port) {
    zx_port_packet_t packet = {0};
    ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE_PAST, &packet), ZX_OK);
    return packet;
}

static inline bool is_empty(zx_handle_t port) {
    zx_port_packet_t packet;
    return zx_port_wait(port, ZX_TIME_INFINITE_PAST, &packet) == ZX_ERR_TIMED_OUT;
}

#endif // TESTS_OBJECT_FIXTURE_H
