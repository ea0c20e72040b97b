// SPDX-License-Identifier: MIT
//
// What tests of waits share: seeing how many waits an object has, so that a test can act when
// another thread really waits and needs no sleep. Private headers are used for that alone.

#ifndef TESTS_OBJECT_FIXTURE_H
#define TESTS_OBJECT_FIXTURE_H

#include "handles.h"
#include "objects/handle_table.h"
#include "objects/signal_observer.h"

enum { SOME_KEY = 77 };

// To compare with later: the first call of a thread makes an object for the thread itself.
static inline uint64_t objects_so_far(void) {
    zx_nanosleep(0);
    return object_count();
}

// A thread lets go of its object a little after it is TERMINATED. One that is never let go of makes
// the test run out of its time.
static inline void until_objects(uint64_t count) {
    while (object_count() > count) {
        zx_nanosleep(0);
    }
    ck_assert_uint_eq(object_count(), count);
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
    for (struct signal_observer *observer = object->observers; observer != NULL;
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

// Closes three handles in one of the six orders, 0 to 5.
static inline void close_in_order(const zx_handle_t handles[3], int order) {
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int step = 0; step < 3; step++) {
        ck_assert_int_eq(zx_handle_close(handles[orders[order][step]]), ZX_OK);
    }
}

#endif // TESTS_OBJECT_FIXTURE_H
