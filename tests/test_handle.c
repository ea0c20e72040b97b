// SPDX-License-Identifier: MIT
//
// Handles: their values, the rights they carry, and what closing does (objects ABI 1.2 and 2).

#include "bad_memory.h"
#include "handles.h"
#include "objects/handle_table.h"
#include "run_tests.h"

#include <pthread.h>
#include <stdlib.h>
#include <zircon/syscalls/resource.h>
#include <zirconia/zirconia.h>

static zx_status_t valid(zx_handle_t handle) {
    return zx_object_get_info(handle, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL);
}

START_TEST(values_follow_the_rules) {
    zx_handle_t handles[200];
    for (int i = 0; i < 200; i++) {
        handles[i] = new_port();
        ck_assert_uint_eq(handles[i] & 3u, 3u);
        ck_assert_uint_eq(handles[i] >> 31, 0u);
        for (int j = 0; j < i; j++) {
            ck_assert_uint_ne(handles[i], handles[j]);
        }
    }
    ck_assert_int_eq(zx_handle_close_many(handles, 200), ZX_OK);
}
END_TEST

START_TEST(altered_values_fail) {
    const zx_handle_t handle = new_port();
    ck_assert_int_eq(valid(handle), ZX_OK);
    for (unsigned bit = 0; bit < 32; bit++) {
        ck_assert_int_eq(valid(handle ^ (1u << bit)), ZX_ERR_BAD_HANDLE);
    }
    ck_assert_int_eq(valid(ZX_HANDLE_INVALID), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(valid(UINT32_MAX), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_handle_close(handle), ZX_OK);
}
END_TEST

START_TEST(stale_values_stay_stale) {
    const zx_handle_t stale = new_port();
    ck_assert_int_eq(zx_handle_close(stale), ZX_OK);
    for (int i = 0; i < 100000; i++) {
        const zx_handle_t handle = new_port();
        ck_assert_uint_ne(handle, stale);
        ck_assert_int_eq(valid(stale), ZX_ERR_BAD_HANDLE);
        ck_assert_int_eq(zx_handle_close(handle), ZX_OK);
    }
}
END_TEST

START_TEST(close_ends_one_handle) {
    const zx_handle_t first = new_port();
    const zx_handle_t second = with_rights(first, ZX_RIGHT_SAME_RIGHTS);
    ck_assert_int_eq(zx_handle_close(ZX_HANDLE_INVALID), ZX_OK);
    ck_assert_int_eq(zx_handle_close(first), ZX_OK);
    ck_assert_int_eq(zx_handle_close(first), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(valid(second), ZX_OK);
    ck_assert_int_eq(zx_handle_close(second), ZX_OK);
    ck_assert_int_eq(zx_handle_close(second), ZX_ERR_BAD_HANDLE);
}
END_TEST

START_TEST(close_many_closes_all) {
    zx_handle_t handles[150] = {0};
    for (int i = 0; i < 150; i += 2) {
        handles[i] = new_port();
    }
    ck_assert_int_eq(zx_handle_close_many(handles, 150), ZX_OK);
    ck_assert_int_eq(zx_handle_close_many(handles, 150), ZX_ERR_BAD_HANDLE);

    // A value that occurs twice is a bad handle the second time; what follows is closed too.
    const zx_handle_t first = new_port();
    const zx_handle_t second = new_port();
    const zx_handle_t twice[] = {first, ZX_HANDLE_INVALID, first, second};
    ck_assert_int_eq(zx_handle_close_many(twice, 4), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(valid(second), ZX_ERR_BAD_HANDLE);

    ck_assert_int_eq(zx_handle_close_many(NULL, 0), ZX_OK);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_handle_close_many(bad_pointer(i), 1), ZX_ERR_INVALID_ARGS);
    }
}
END_TEST

START_TEST(duplicate_checks_in_order) {
    const zx_handle_t port = new_port();
    const zx_handle_t fixed = with_rights(port, ZX_RIGHT_READ | ZX_RIGHT_WRITE);
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_duplicate(7, ZX_RIGHT_EXECUTE, NULL), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_handle_duplicate(fixed, ZX_RIGHT_EXECUTE, NULL), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_handle_duplicate(port, ZX_RIGHT_EXECUTE, NULL), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_handle_duplicate(port, ZX_RIGHT_SAME_RIGHTS | ZX_RIGHT_READ, &out),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(out, ZX_HANDLE_INVALID);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_handle_duplicate(port, ZX_RIGHT_SAME_RIGHTS, bad_pointer(i)),
                         ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zx_handle_duplicate(port, ZX_RIGHT_SAME_RIGHTS, read_only_page()),
                     ZX_ERR_INVALID_ARGS);
    zx_handle_close(fixed);
    zx_handle_close(port);
}
END_TEST

START_TEST(duplicate_grants_what_is_asked) {
    const zx_handle_t port = new_port();
    ck_assert_uint_eq(rights_of(port), 0x800fu);
    const zx_handle_t same = with_rights(port, ZX_RIGHT_SAME_RIGHTS);
    const zx_handle_t equal = with_rights(port, 0x800f);
    const zx_handle_t none = with_rights(port, ZX_RIGHT_NONE);
    ck_assert_uint_eq(rights_of(same), 0x800fu);
    ck_assert_uint_eq(rights_of(equal), 0x800fu);
    ck_assert_uint_eq(rights_of(none), 0u);
    const zx_handle_t all[] = {port, same, equal, none};
    ck_assert_int_eq(zx_handle_close_many(all, 4), ZX_OK);
}
END_TEST

START_TEST(replace_ends_the_source) {
    const zx_handle_t port = new_port();
    zx_handle_t replaced = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_replace(7, ZX_RIGHT_NONE, &replaced), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_handle_replace(port, ZX_RIGHT_READ, &replaced), ZX_OK);
    ck_assert_uint_ne(replaced, port);
    ck_assert_int_eq(valid(port), ZX_ERR_BAD_HANDLE);
    ck_assert_uint_eq(rights_of(replaced), ZX_RIGHT_READ);

    // No right is needed, but none can be gained, and the source is gone even then.
    zx_handle_t again = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_replace(replaced, ZX_RIGHT_READ | ZX_RIGHT_WRITE, &again),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(again, ZX_HANDLE_INVALID);
    ck_assert_int_eq(valid(replaced), ZX_ERR_BAD_HANDLE);

    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        const zx_handle_t other = new_port();
        ck_assert_int_eq(zx_handle_replace(other, ZX_RIGHT_SAME_RIGHTS, bad_pointer(i)),
                         ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(valid(other), ZX_ERR_BAD_HANDLE);
    }
}
END_TEST

START_TEST(lookups_check_in_order) {
    const zx_handle_t port = new_port();
    const zx_handle_t bare = with_rights(port, ZX_RIGHT_NONE);
    uint64_t size = 0;
    // Wrong type and missing right: the type is tested first, and rights first in 2018.
    ck_assert_int_eq(zx_vmo_read(7, &size, 0, 1), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmo_read(bare, &size, 0, 1), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_port_queue(bare, NULL), ZX_ERR_ACCESS_DENIED);

    struct object *object = NULL;
    const zx_rights_t read = ZX_RIGHT_READ;
    ck_assert_int_eq(handle_lookup_rights_first(7, ZX_OBJ_TYPE_VMO, read, &object),
                     ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(handle_lookup_rights_first(bare, ZX_OBJ_TYPE_VMO, read, &object),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(handle_lookup_rights_first(port, ZX_OBJ_TYPE_VMO, read, &object),
                     ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(handle_lookup_rights_first(bare, ZX_OBJ_TYPE_PORT, read, &object),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_ptr_null(object);
    ck_assert_int_eq(handle_lookup_rights_first(port, ZX_OBJ_TYPE_PORT, read, &object), ZX_OK);
    object_unref(object);
    zx_handle_close(bare);
    zx_handle_close(port);
}
END_TEST

START_TEST(table_fills_and_empties) {
    enum { LIMIT = 256 * 1024 };
    zx_handle_t *handles = malloc((LIMIT + 1) * sizeof(*handles));
    ck_assert_ptr_nonnull(handles);
    handles[0] = new_port();
    size_t count = 1;
    zx_status_t status = ZX_OK;
    while (status == ZX_OK && count <= LIMIT) {
        status = zx_handle_duplicate(handles[0], ZX_RIGHT_SAME_RIGHTS, &handles[count]);
        count += status == ZX_OK;
    }
    ck_assert_int_eq(status, ZX_ERR_NO_MEMORY);
    ck_assert_uint_eq(count, LIMIT);
    zx_handle_t extra = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(0, &extra), ZX_ERR_NO_MEMORY);

    ck_assert_int_eq(zx_handle_close(handles[--count]), ZX_OK);
    ck_assert_int_eq(zx_port_create(0, &extra), ZX_OK);
    ck_assert_int_eq(zx_handle_close(extra), ZX_OK);
    ck_assert_int_eq(zx_handle_close_many(handles, count), ZX_OK);
    free(handles);
}
END_TEST

// An object that counts what happens to it.

struct probe {
    struct object object;
    atomic_int zero_handles;
    atomic_int destroyed;
};

static void probe_zero_handles(struct object *object) {
    atomic_fetch_add(&((struct probe *)object)->zero_handles, 1);
}

static void probe_destroy(struct object *object) {
    atomic_fetch_add(&((struct probe *)object)->destroyed, 1);
}

static const struct object_ops probe_ops = {
    .type = ZX_OBJ_TYPE_EVENT,
    .on_zero_handles = probe_zero_handles,
    .destroy = probe_destroy,
};

enum { COPIES = 20000 };

static void *copy_and_close(void *argument) {
    const zx_handle_t source = *(const zx_handle_t *)argument;
    for (int i = 0; i < COPIES; i++) {
        zx_handle_t copy = ZX_HANDLE_INVALID;
        if (zx_handle_duplicate(source, ZX_RIGHT_SAME_RIGHTS, &copy) != ZX_OK ||
            zx_handle_close(copy) != ZX_OK) {
            return argument;
        }
    }
    return NULL;
}

START_TEST(threads_share_one_handle) {
    struct probe probe = {0};
    object_init(&probe.object, &probe_ops, 0);
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(handle_create(&probe.object, ZX_RIGHT_DUPLICATE, &handle), ZX_OK);
    object_unref(&probe.object);

    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, copy_and_close, &handle), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert_int_eq(atomic_load(&probe.zero_handles), 0);
    ck_assert_int_eq(zx_handle_close(handle), ZX_OK);
    ck_assert_int_eq(atomic_load(&probe.zero_handles), 1);
    ck_assert_int_eq(atomic_load(&probe.destroyed), 1);
}
END_TEST

// Copies until its source is gone, and closes what it has made.
static void *copy_until_gone(void *argument) {
    const zx_handle_t source = *(const zx_handle_t *)argument;
    zx_handle_t copy = ZX_HANDLE_INVALID;
    while (zx_handle_duplicate(source, ZX_RIGHT_SAME_RIGHTS, &copy) == ZX_OK) {
        zx_handle_close(copy);
    }
    return NULL;
}

START_TEST(last_close_is_seen_once) {
    for (int i = 0; i < 500; i++) {
        struct probe probe = {0};
        object_init(&probe.object, &probe_ops, 0);
        zx_handle_t handle = ZX_HANDLE_INVALID;
        ck_assert_int_eq(handle_create(&probe.object, ZX_RIGHT_DUPLICATE, &handle), ZX_OK);
        object_unref(&probe.object);
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, copy_until_gone, &handle), 0);
        ck_assert_int_eq(zx_handle_close(handle), ZX_OK);
        pthread_join(thread, NULL);
        ck_assert_int_eq(atomic_load(&probe.zero_handles), 1);
        ck_assert_int_eq(atomic_load(&probe.destroyed), 1);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        values_follow_the_rules,        altered_values_fail,      stale_values_stay_stale,
        close_ends_one_handle,          close_many_closes_all,    duplicate_checks_in_order,
        duplicate_grants_what_is_asked, replace_ends_the_source,  lookups_check_in_order,
        table_fills_and_empties,        threads_share_one_handle, last_close_is_seen_once,
    };
    return run_tests("handle", tests, sizeof tests / sizeof tests[0]);
}
