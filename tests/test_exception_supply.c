// SPDX-License-Identifier: MIT
//
// What is put aside for exceptions, which cannot allocate, is used again: a client that binds
// exception ports and makes exception channels over and over does not grow. Asks the allocator, so
// it needs one that tells; a sanitizer's does not.

#include "run_tests.h"

#include <check.h>
#include <stdlib.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/exception.h>

#if defined(__GLIBC__)
#include <malloc.h>
#if __GLIBC_PREREQ(2, 33)
#define ALLOCATOR_TELLS 1
#endif
#endif

#ifdef ALLOCATOR_TELLS
static size_t allocated(void) {
    return mallinfo2().uordblks;
}
#else
static size_t allocated(void) {
    return 0;
}
#endif

enum { TIMES = 1000, MOST_GROWTH = 0x10000 };

static void bind_port(void) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    ck_assert_int_eq(zx_task_bind_exception_port(zx_process_self(), port, 1, 0), ZX_OK);
    ck_assert_int_eq(zx_task_bind_exception_port(zx_process_self(), 0, 1, 0), ZX_OK);
    ck_assert_int_eq(zx_handle_close(port), ZX_OK);
}

static void make_channel(void) {
    zx_handle_t channel = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_create_exception_channel(zx_process_self(), 0, &channel), ZX_OK);
    ck_assert_int_eq(zx_handle_close(channel), ZX_OK);
}

// The first time is what later ones use again.
static size_t growth(void (*function)(void)) {
    function();
    const size_t before = allocated();
    for (int i = 0; i < TIMES; i++) {
        function();
    }
    const size_t after = allocated();
    return after > before ? after - before : 0;
}

START_TEST(exception_ports_that_are_bound_over_and_over_take_no_more_memory) {
    ck_assert_uint_lt(growth(bind_port), MOST_GROWTH);
}
END_TEST

START_TEST(exception_channels_that_are_made_over_and_over_take_no_more_memory) {
    ck_assert_uint_lt(growth(make_channel), MOST_GROWTH);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("exception_supply");
    TCase *tcase = tcase_create("supply");
    tcase_add_test(tcase, exception_ports_that_are_bound_over_and_over_take_no_more_memory);
    tcase_add_test(tcase, exception_channels_that_are_made_over_and_over_take_no_more_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
