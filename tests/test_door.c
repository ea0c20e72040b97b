// SPDX-License-Identifier: MIT
//
// Every exported call but the pure ones and those that are made of others goes through the door,
// where a thread that is wanted stops. The linker puts a function of ours in the place of the stop
// (--wrap), so that it can be counted.

#include "run_tests.h"

#include "tasks/door.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

// The real prototypes do not matter: every argument is 0.
#define PURE(name) void name(void);
#define CLIENT(name) void name(void);
#define ENTERS(name) void name(void);
#define REFUSED_CALL(name, looks) void name(void);
#include "exports.inc"
#undef PURE
#undef CLIENT
#undef ENTERS
#undef REFUSED_CALL

static const struct call {
    const char *name;
    void (*function)(void);
    bool enters;
} calls[] = {
#define PURE(name) {#name, name, false},
#define CLIENT(name) PURE(name)
#define ENTERS(name) {#name, name, true},
#define REFUSED_CALL(name, looks) {#name, name, looks},
#include "exports.inc"
#undef PURE
#undef CLIENT
#undef ENTERS
#undef REFUSED_CALL
};

enum { CALL_COUNT = sizeof calls / sizeof calls[0] };

typedef uint64_t any_call(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                          uint64_t, uint64_t, uint64_t);

static void make(void (*function)(void)) {
    ((any_call *)function)(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

static int stops;
static bool interrupted; // The client's own handler comes before the stop, and kicks a VCPU.

void __wrap_platform_stop_here(void);

void __wrap_platform_stop_here(void) {
    if (interrupted) {
        interrupted = false;
        make(zx_vcpu_kick);
    }
    ck_assert(door_in_call()); // By that others know whose registers they are.
    atomic_store(&door.thread->blocking.stop_requested, false);
    stops++;
}

START_TEST(every_call_that_is_not_pure_stops_a_thread_that_is_wanted) {
    const struct call *call = &calls[_i];
    if (!call->enters || strcmp(call->name, "zx_thread_exit") == 0) {
        return; // zx_thread_exit() does not come back.
    }
    ck_assert_ptr_nonnull(thread_current());
    atomic_store(&door.thread->blocking.stop_requested, true);
    make(call->function);
    ck_assert_msg(stops == 1, "%s goes through no door", call->name);
    ck_assert_uint_eq(door.depth, 0);
}
END_TEST

START_TEST(a_call_in_a_handler_leaves_a_thread_on_its_way_out) {
    ck_assert_ptr_nonnull(thread_current());
    atomic_store(&door.thread->blocking.stop_requested, true);
    interrupted = true;
    make(zx_handle_close);
    ck_assert_int_eq(stops, 2);
    ck_assert(!door_in_call());
    ck_assert_uint_eq(door.depth, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("door");
    TCase *tcase = tcase_create("door");
    tcase_add_loop_test(tcase, every_call_that_is_not_pure_stops_a_thread_that_is_wanted, 0,
                        CALL_COUNT);
    tcase_add_test(tcase, a_call_in_a_handler_leaves_a_thread_on_its_way_out);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
