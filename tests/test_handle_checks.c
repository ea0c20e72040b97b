// SPDX-License-Identifier: MIT
//
// What every call makes of a bad handle, of one to another type of object and of one without
// rights, in each era's order (objects ABI 0.3): for all rows of the table of calls that have a
// handle, with zeros and a page of memory for the other arguments. Beside these, calls that take
// several handles or look at something else first are in the tests of their families.

#include "guest_fixture.h"
#include "handles.h"
#include "objects/era.h"
#include "syscalls/table.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls/exception.h>
#include <zirconia/coverage.h>
#include <zirconia/debug.h>
#include <zirconia/decode.h>
#include <zirconia/observe.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

#define ZX_RIGHT_BY_OPTION UINT32_MAX // What right it is depends on another argument.
// A parameter: whether it is a handle, and what the call wants of it.
struct wanted {
    bool is_handle;
    zx_obj_type_t type;
    zx_rights_t right;
};

#define WANTED(parameter) WANTED_##parameter
#define WANTED_HANDLE(name, type, right)                                                           \
    { true, ZX_OBJ_TYPE_##type, ZX_RIGHT_##right }
#define WANTED_OBJECT WANTED_HANDLE
#define WANTED_HELD WANTED_HANDLE
#define WANTED_OTHER                                                                               \
    { false, 0, 0 }
#define WANTED_OPTIONAL_HANDLE(name, type, right) WANTED_OTHER
#define WANTED_OPTIONAL_OBJECT(name, type, right) WANTED_OTHER
#define WANTED_VALUE(type, name) WANTED_OTHER
#define WANTED_NAMED(type, name, set) WANTED_OTHER
#define WANTED_READS(type, name) WANTED_OTHER
#define WANTED_WRITES(type, name) WANTED_OTHER
#define WANTED_MAY_WRITE(type, name) WANTED_OTHER
#define WANTED_READS_ARRAY(type, name, count) WANTED_OTHER
#define WANTED_WRITES_ARRAY(type, name, count) WANTED_OTHER
#define WANTED_CHANGES_ARRAY(type, name, count) WANTED_OTHER
#define WANTED_IGNORES(type, name) WANTED_OTHER

static _Alignas(16) uint8_t page[4096];

#define GIVE(parameter) GIVE_##parameter
#define GIVE_HANDLE(name, type, right) handle
#define GIVE_OBJECT GIVE_HANDLE
#define GIVE_HELD GIVE_HANDLE
#define GIVE_OPTIONAL_HANDLE(name, type, right) ZX_HANDLE_INVALID
#define GIVE_OPTIONAL_OBJECT GIVE_OPTIONAL_HANDLE
#define GIVE_VALUE(type, name) 0
#define GIVE_NAMED(type, name, set) 0
#define GIVE_READS(type, name) (const type *)page
#define GIVE_WRITES(type, name) (type *)page
#define GIVE_MAY_WRITE(type, name) (type *)page
#define GIVE_READS_ARRAY(type, name, count) (const type *)page
#define GIVE_WRITES_ARRAY(type, name, count) (type *)page
#define GIVE_CHANGES_ARRAY(type, name, count) (type *)page
#define GIVE_IGNORES(type, name) (type *)page

#define ROW(name, parameters)                                                                      \
    static const struct wanted wanted_##name[] = {EACH(WANTED, parameters)};                       \
    static zx_status_t call_##name(zx_handle_t handle) {                                           \
        (void)handle;                                                                              \
        return name(EACH(GIVE, parameters));                                                       \
    }
#include "each_call.inc"

static const struct call {
    const char *name;
    zx_status_t (*call)(zx_handle_t handle);
    const struct wanted *wanted;
    size_t count;
    const struct era *era;
    bool refused;
} calls[] = {
#define LISTED(name, refused) LISTED_IN(name, ERA_DEFAULT, refused)
#define LISTED_OF_ERA(prefix, era, name, refused) LISTED_IN(prefix##name, ERA_##era, refused)
#define LISTED_IN(name, era, refused) LISTED_NAMED(name, era, refused)
#define LISTED_NAMED(name, era, refused)                                                           \
    {#name,      call_##name, wanted_##name, sizeof wanted_##name / sizeof(struct wanted),         \
     &eras[era], refused},
#define CALL(eras, name, body, blocks, section, parameters, errors)                                \
    ERAS_##eras(LISTED, LISTED_OF_ERA, name, false)
#define REFUSED(eras, name, parameters) ERAS_##eras(LISTED, LISTED_OF_ERA, name, true)
#include "syscalls/calls.inc"
};

enum { CALL_COUNT = sizeof calls / sizeof calls[0] };

// Calls whose zeros are found wrong before the handle is looked at, which look at another handle
// first, which take a handle away, or which want a thread in some eras and any task in others.
static bool is_special(const char *name) {
    static const char *const special[] = {
        "handle_close",    "handle_replace",    "vmo_replace_as_executable",
        "object_get_info", "object_wait_async", "task_suspend_token",
    };
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        const char *found = strstr(name, special[i]);
        if (found != NULL && strlen(found) == strlen(special[i])) {
            return true;
        }
    }
    return false;
}

static const struct wanted *first_handle(const struct call *call) {
    for (size_t i = 0; i < call->count; i++) {
        if (call->wanted[i].is_handle) {
            return is_special(call->name) ? NULL : &call->wanted[i];
        }
    }
    return NULL;
}

static void expect(const struct call *call, zx_handle_t handle, zx_status_t status,
                   const char *what) {
    const zx_status_t found = call->call(handle);
    ck_assert_msg(found == status, "%s: %d for %s, not %d", call->name, found, what, status);
}

START_TEST(a_value_that_is_no_handle_is_bad) {
    const struct call *call = &calls[_i];
    if (first_handle(call) != NULL) {
        expect(call, 0x7ffffff3, ZX_ERR_BAD_HANDLE, "no handle");
        expect(call, ZX_HANDLE_INVALID, ZX_ERR_BAD_HANDLE, "zero");
    }
}
END_TEST

START_TEST(another_type_of_object_is_told_from_missing_rights_in_the_order_of_the_era) {
    const struct call *call = &calls[_i];
    const struct wanted *wanted = first_handle(call);
    if (wanted == NULL || wanted->type == ZX_OBJ_TYPE_NONE) {
        return;
    }
    zx_handle_t other = ZX_HANDLE_INVALID;
    zx_handle_t peer = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_eventpair_create(0, &other, &peer), ZX_OK);
    const zx_handle_t mute = with_rights(other, 0);
    const bool rights_count = wanted->right != ZX_RIGHT_NONE && wanted->right != ZX_RIGHT_BY_OPTION;
    const bool rights_first = !call->refused && call->era->rights_before_type && rights_count;
    expect(call, mute, rights_first ? ZX_ERR_ACCESS_DENIED : ZX_ERR_WRONG_TYPE, "another type");
}
END_TEST

// A handle without rights to an object of the type, or to any; ZX_HANDLE_INVALID for types that a
// test makes with more effort.
static zx_handle_t mute_handle(zx_obj_type_t type) {
    switch (type) {
    case ZX_OBJ_TYPE_NONE:
        return with_rights(new_event(), 0);
    case ZX_OBJ_TYPE_VMO:
        return with_rights(new_vmo(4096, 0), 0);
    case ZX_OBJ_TYPE_PORT:
        return with_rights(new_port(), 0);
    case ZX_OBJ_TYPE_THREAD:
        return with_rights(zx_thread_self(), 0);
    case ZX_OBJ_TYPE_PROCESS:
        return with_rights(zx_process_self(), 0);
    case ZX_OBJ_TYPE_TIMER: {
        zx_handle_t timer = ZX_HANDLE_INVALID;
        ck_assert_int_eq(zx_timer_create(0, ZX_CLOCK_MONOTONIC, &timer), ZX_OK);
        return with_rights(timer, 0);
    }
    case ZX_OBJ_TYPE_GUEST:
        guest_open();
        return with_rights(guest, 0);
    case ZX_OBJ_TYPE_VCPU:
        guest_open();
        ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
        return with_rights(vcpu, 0);
    case ZX_OBJ_TYPE_SNAPSHOT: {
        zx_handle_t snapshot = ZX_HANDLE_INVALID;
        guest_open();
        ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &snapshot), ZX_OK);
        return with_rights(snapshot, 0);
    }
    default:
        return ZX_HANDLE_INVALID;
    }
}

START_TEST(a_handle_without_the_right_is_denied) {
    const struct call *call = &calls[_i];
    const struct wanted *wanted = first_handle(call);
    if (wanted == NULL || wanted->right == ZX_RIGHT_NONE || wanted->right == ZX_RIGHT_BY_OPTION) {
        return;
    }
    const zx_handle_t mute = mute_handle(wanted->type);
    if (mute != ZX_HANDLE_INVALID) {
        expect(call, mute, ZX_ERR_ACCESS_DENIED, "a handle without rights");
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("handle checks");
    TCase *tcase = tcase_create("handle checks");
    tcase_add_loop_test(tcase, a_value_that_is_no_handle_is_bad, 0, CALL_COUNT);
    tcase_add_loop_test(tcase,
                        another_type_of_object_is_told_from_missing_rights_in_the_order_of_the_era,
                        0, CALL_COUNT);
    tcase_add_loop_test(tcase, a_handle_without_the_right_is_denied, 0, CALL_COUNT);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
