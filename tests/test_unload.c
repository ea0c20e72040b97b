// SPDX-License-Identifier: MIT
//
// A program that loads the library itself may close it while its timer thread runs, while a thread
// that it has adopted lives, and while its handlers of signals are in place.

#define _DEFAULT_SOURCE

#include "run_tests.h"

#include <check.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

static void *library;

// ISO C has no cast from an object's address to a function's.
#define FIND(function)                                                                             \
    do {                                                                                           \
        void *address = dlsym(library, #function);                                                 \
        ck_assert_ptr_nonnull(address);                                                            \
        memcpy(&call.function, &address, sizeof address);                                          \
    } while (0)

static struct {
    zx_status_t (*zx_timer_create)(uint32_t, zx_clock_t, zx_handle_t *);
    zx_status_t (*zx_timer_set)(zx_handle_t, zx_time_t, zx_duration_t);
    zx_time_t (*zx_deadline_after)(zx_duration_t);
    zx_status_t (*zx_object_wait_one)(zx_handle_t, zx_signals_t, zx_time_t, zx_signals_t *);
} call;

static void *use_and_close(void *unused) {
    zx_handle_t timer = ZX_HANDLE_INVALID;
    library = dlopen(ZIRCONIA_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(library != NULL, "%s", dlerror());
    FIND(zx_timer_create);
    FIND(zx_timer_set);
    FIND(zx_deadline_after);
    FIND(zx_object_wait_one);
    ck_assert_int_eq(call.zx_timer_create(0, ZX_CLOCK_MONOTONIC, &timer), ZX_OK);
    ck_assert_int_eq(call.zx_timer_set(timer, call.zx_deadline_after(ZX_MSEC(50)), 0), ZX_OK);
    ck_assert_int_eq(dlclose(library), 0);
    ck_assert_int_eq(call.zx_object_wait_one(timer, ZX_TIMER_SIGNALED, ZX_TIME_INFINITE, NULL),
                     ZX_OK);
    return unused;
}

START_TEST(the_library_works_on_after_it_was_closed) {
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, use_and_close, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("unload");
    TCase *tcase = tcase_create("unload");
    tcase_add_test(tcase, the_library_works_on_after_it_was_closed);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
