// SPDX-License-Identifier: MIT
//
// The handles of threads that the host's library started (zircon/threads.h).

#include "barrier.h"
#include "run_tests.h"

#include <check.h>
#include <pthread.h>
#include <zircon/threads.h>

#ifdef ZIRCON_THREADS_ARE_THERE

static zx_koid_t koid_of(zx_handle_t handle) {
    zx_info_handle_basic_t info;
    ck_assert_int_eq(
        zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &info, sizeof info, NULL, NULL), ZX_OK);
    ck_assert_uint_eq(info.type, ZX_OBJ_TYPE_THREAD);
    ck_assert_uint_eq(info.rights, ZX_DEFAULT_THREAD_RIGHTS);
    return info.koid;
}

// Two events, between which the thread lives for the test to look at, and what it found.
struct meeting {
    zx_handle_t begun;
    zx_handle_t may_end;
    zx_handle_t self;
};

static struct meeting meet(void) {
    struct meeting meeting = {ZX_HANDLE_INVALID, ZX_HANDLE_INVALID, ZX_HANDLE_INVALID};
    ck_assert_int_eq(zx_event_create(0, &meeting.begun), ZX_OK);
    ck_assert_int_eq(zx_event_create(0, &meeting.may_end), ZX_OK);
    return meeting;
}

static void part(struct meeting *meeting, thrd_t thread, int expected) {
    int result = -1;
    ck_assert_int_eq(zx_object_signal(meeting->may_end, 0, ZX_EVENT_SIGNALED), ZX_OK);
    ck_assert_int_eq(thrd_join(thread, &result), thrd_success);
    ck_assert_int_eq(result, expected);
    zx_handle_close(meeting->begun);
    zx_handle_close(meeting->may_end);
}

static int wait_for_the_end(void *argument) {
    struct meeting *meeting = argument;
    zx_object_wait_one(meeting->may_end, ZX_EVENT_SIGNALED, ZX_TIME_INFINITE, NULL);
    return 7;
}

static int tell_self_and_wait(void *argument) {
    struct meeting *meeting = argument;
    meeting->self = zx_thread_self();
    zx_object_signal(meeting->begun, 0, ZX_EVENT_SIGNALED);
    return wait_for_the_end(meeting);
}

START_TEST(a_named_thread_has_a_handle_and_its_name_at_once) {
    struct meeting meeting = meet();
    thrd_t thread;
    char name[ZX_MAX_NAME_LEN];
    ck_assert_int_eq(thrd_create_with_name(&thread, wait_for_the_end, &meeting,
                                           "a name that is longer than a thread's may be"),
                     thrd_success);
    const zx_handle_t handle = thrd_get_zx_handle(thread);
    ck_assert_uint_ne(koid_of(handle), koid_of(zx_thread_self()));
    ck_assert_int_eq(zx_object_get_property(handle, ZX_PROP_NAME, name, sizeof name), ZX_OK);
    ck_assert_str_eq(name, "a name that is longer than a th");
    part(&meeting, thread, 7);
    ck_assert_uint_eq(thrd_get_zx_handle(thread), ZX_HANDLE_INVALID);
}
END_TEST

START_TEST(the_handle_is_the_one_that_the_thread_knows) {
    struct meeting meeting = meet();
    thrd_t thread;
    ck_assert_int_eq(thrd_create(&thread, tell_self_and_wait, &meeting), thrd_success);
    ck_assert_int_eq(zx_object_wait_one(meeting.begun, ZX_EVENT_SIGNALED, ZX_TIME_INFINITE, NULL),
                     ZX_OK);
    ck_assert_uint_ne(meeting.self, ZX_HANDLE_INVALID);
    ck_assert_uint_eq(thrd_get_zx_handle(thread), meeting.self);
    ck_assert_uint_eq(thrd_get_zx_handle(thread), meeting.self);
    part(&meeting, thread, 7);
}
END_TEST

// The first to ask for a handle is another thread; later the thread finds the same one.
static int hold_then_tell_self(void *argument) {
    struct meeting *meeting = argument;
    wait_for_the_end(meeting);
    meeting->self = zx_thread_self();
    return 9;
}

START_TEST(who_asks_first_makes_the_handle) {
    struct meeting meeting = meet();
    thrd_t thread;
    ck_assert_int_eq(thrd_create_with_name(&thread, hold_then_tell_self, &meeting, NULL),
                     thrd_success);
    const zx_handle_t handle = thrd_get_zx_handle(thread);
    ck_assert_uint_ne(handle, ZX_HANDLE_INVALID);
    part(&meeting, thread, 9);
    ck_assert_uint_eq(meeting.self, handle);
    ck_assert_int_eq(zx_object_get_info(handle, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL),
                     ZX_ERR_BAD_HANDLE);
}
END_TEST

// Barriers of the tests', because a thread that waits by means of the library has made a call.
struct silence {
    struct barrier begun;
    struct barrier may_end;
};

static int make_no_call(void *argument) {
    struct silence *silence = argument;
    barrier_wait(&silence->begun);
    barrier_wait(&silence->may_end);
    return 0;
}

START_TEST(a_thread_without_a_call_has_no_handle) {
    struct silence silence;
    thrd_t thread;
    barrier_init(&silence.begun, 2);
    barrier_init(&silence.may_end, 2);
    ck_assert_int_eq(thrd_create(&thread, make_no_call, &silence), thrd_success);
    barrier_wait(&silence.begun);
    ck_assert_uint_eq(thrd_get_zx_handle(thread), ZX_HANDLE_INVALID);
    barrier_wait(&silence.may_end);
    ck_assert_int_eq(thrd_join(thread, NULL), thrd_success);
}
END_TEST

START_TEST(statuses_of_threads_have_their_counterparts) {
    ck_assert_int_eq(thrd_status_to_zx_status(thrd_success), ZX_OK);
    ck_assert_int_eq(thrd_status_to_zx_status(thrd_nomem), ZX_ERR_NO_MEMORY);
    ck_assert_int_eq(thrd_status_to_zx_status(thrd_timedout), ZX_ERR_TIMED_OUT);
    ck_assert_int_eq(thrd_status_to_zx_status(thrd_busy), ZX_ERR_SHOULD_WAIT);
    ck_assert_int_eq(thrd_status_to_zx_status(thrd_error), ZX_ERR_INTERNAL);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_named_thread_has_a_handle_and_its_name_at_once,
        the_handle_is_the_one_that_the_thread_knows,
        who_asks_first_makes_the_handle,
        a_thread_without_a_call_has_no_handle,
        statuses_of_threads_have_their_counterparts,
    };
    return run_tests("host_threads", tests, sizeof tests / sizeof tests[0]);
}

#else

int main(void) {
    return 77; // No <threads.h> on this host.
}

#endif
