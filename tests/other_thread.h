// SPDX-License-Identifier: MIT
//
// What tests of who may call need: a call made on another thread, and a handle with fewer rights.

#ifndef TESTS_OTHER_THREAD_H
#define TESTS_OTHER_THREAD_H

#include <check.h>
#include <pthread.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

struct other_call {
    zx_status_t (*call)(void);
    zx_status_t result;
};

static inline void *make_other_call(void *context) {
    struct other_call *other = context;
    other->result = other->call();
    return NULL;
}

static inline pthread_t start_thread(void *(*function)(void *), void *context) {
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, function, context), 0);
    return thread;
}

static inline void join_thread(pthread_t thread) {
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

// The result of a call that a thread of its own makes.
static inline zx_status_t on_other_thread(zx_status_t (*call)(void)) {
    struct other_call other = {.call = call, .result = ZX_ERR_INTERNAL};
    join_thread(start_thread(make_other_call, &other));
    return other.result;
}

// A second handle to the object, with all rights of the first but `rights`.
static inline zx_handle_t without(zx_rights_t rights, zx_handle_t handle) {
    zx_info_handle_basic_t info;
    zx_handle_t fewer = ZX_HANDLE_INVALID;
    ck_assert_int_eq(
        zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &info, sizeof info, NULL, NULL), ZX_OK);
    ck_assert_uint_eq(info.rights & rights, rights);
    ck_assert_int_eq(zx_handle_duplicate(handle, info.rights & ~rights, &fewer), ZX_OK);
    return fewer;
}

#endif // TESTS_OTHER_THREAD_H
