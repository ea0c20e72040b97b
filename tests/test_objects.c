// SPDX-License-Identifier: MIT
//
// What is told about objects (objects ABI 1.9), resources, adopted threads, and the log.

#include "bad_memory.h"
#include "handles.h"
#include "objects/handle_table.h"
#include "objects/log.h"
#include "run_tests.h"
#include "tasks/process.h"
#include "tasks/thread.h"

#include <pthread.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls/resource.h>
#include <zirconia/zirconia.h>

static zx_info_handle_basic_t basic(zx_handle_t handle) {
    zx_info_handle_basic_t info;
    size_t actual = 7;
    size_t avail = 7;
    ck_assert_int_eq(
        zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &info, sizeof(info), &actual, &avail),
        ZX_OK);
    ck_assert_uint_eq(actual, 1);
    ck_assert_uint_eq(avail, 1);
    return info;
}

START_TEST(basic_info_describes_the_handle) {
    const zx_handle_t first = new_port();
    const zx_handle_t second = new_port();
    zx_handle_t copy = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_duplicate(first, ZX_RIGHT_READ, &copy), ZX_OK);
    const zx_info_handle_basic_t info = basic(first);
    ck_assert_uint_ge(info.koid, ZX_KOID_FIRST);
    ck_assert_uint_eq(info.rights, ZX_DEFAULT_PORT_RIGHTS);
    ck_assert_uint_eq(info.type, ZX_OBJ_TYPE_PORT);
    ck_assert_uint_eq(info.related_koid, ZX_KOID_INVALID);
    ck_assert_uint_gt(basic(second).koid, info.koid);
    ck_assert_uint_eq(basic(copy).koid, info.koid);
    ck_assert_uint_eq(basic(copy).rights, ZX_RIGHT_READ);
    const zx_handle_t all[] = {first, second, copy};
    zx_handle_close_many(all, 3);
}
END_TEST

START_TEST(record_buffers_are_checked) {
    const zx_handle_t port = new_port();
    const uint32_t topic = ZX_INFO_HANDLE_BASIC;
    uint8_t buffer[64];
    size_t actual = 7;
    size_t avail = 7;
    ck_assert_int_eq(zx_object_get_info(port, topic, buffer, 31, &actual, &avail),
                     ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(actual, 0);
    ck_assert_uint_eq(avail, 1);
    ck_assert_int_eq(zx_object_get_info(port, topic, NULL, 0, NULL, NULL), ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(zx_object_get_info(port, topic, buffer, 64, NULL, NULL), ZX_OK);
    ck_assert_int_eq(zx_object_get_info(port, topic, before_bad_memory(32), 64, NULL, NULL), ZX_OK);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_object_get_info(port, topic, bad_pointer(i), 32, &actual, &avail),
                         ZX_ERR_INVALID_ARGS);
        if (bad_pointer(i) != NULL) {
            ck_assert_int_eq(zx_object_get_info(port, topic, buffer, 32, bad_pointer(i), NULL),
                             ZX_ERR_INVALID_ARGS);
            ck_assert_int_eq(zx_object_get_info(port, topic, buffer, 32, NULL, bad_pointer(i)),
                             ZX_ERR_INVALID_ARGS);
        }
    }
    zx_handle_close(port);
}
END_TEST

START_TEST(topics_check_in_order) {
    const zx_handle_t port = new_port();
    uint8_t buffer[128];
    const size_t size = sizeof(buffer);
    ck_assert_int_eq(zx_object_get_info(7, 999, buffer, size, NULL, NULL), ZX_ERR_NOT_SUPPORTED);
    const uint32_t topics[] = {ZX_INFO_VMAR, ZX_INFO_RESOURCE, ZX_INFO_VCPU};
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        ck_assert_int_eq(zx_object_get_info(7, topics[i], buffer, size, NULL, NULL),
                         ZX_ERR_BAD_HANDLE);
        ck_assert_int_eq(zx_object_get_info(port, topics[i], buffer, size, NULL, NULL),
                         ZX_ERR_WRONG_TYPE);
    }
    zx_handle_t bare = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_duplicate(zx_vmar_root_self(), ZX_RIGHT_READ, &bare), ZX_OK);
    ck_assert_int_eq(zx_object_get_info(bare, ZX_INFO_VMAR, buffer, size, NULL, NULL),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_uint_eq(basic(bare).type, ZX_OBJ_TYPE_VMAR);
    zx_handle_close(bare);
    zx_handle_close(port);
}
END_TEST

START_TEST(resources_say_what_they_are) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_resource_create(99, 0, 1, &handle), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_resource_create(ZX_RSRC_KIND_MMIO, UINT64_MAX, 2, &handle),
                     ZX_ERR_INVALID_ARGS);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zirconia_hypervisor_resource(bad_pointer(i)), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_uint_eq(handle, ZX_HANDLE_INVALID);
    ck_assert_int_eq(zirconia_resource_create(ZX_RSRC_KIND_MMIO, UINT64_MAX, 1, &handle), ZX_OK);
    zx_handle_close(handle);

    ck_assert_int_eq(zirconia_hypervisor_resource(&handle), ZX_OK);
    ck_assert_uint_eq(basic(handle).rights, 0x800bu);
    zx_info_resource_t info;
    ck_assert_int_eq(zx_object_get_info(handle, ZX_INFO_RESOURCE, &info, sizeof(info), NULL, NULL),
                     ZX_OK);
    ck_assert_uint_eq(info.kind, ZX_RSRC_KIND_SYSTEM);
    ck_assert_uint_eq(info.base, ZX_RSRC_SYSTEM_HYPERVISOR_BASE);
    ck_assert_uint_eq(info.size, 1);
    zx_handle_close(handle);
}
END_TEST

static void *adopt_and_keep(void *argument) {
    (void)argument;
    struct thread *thread = thread_current();
    if (thread != NULL && thread == thread_current() && !atomic_load(&thread->exited)) {
        object_ref(&thread->object);
        return thread;
    }
    return NULL;
}

START_TEST(host_threads_are_objects) {
    struct thread *self = thread_current();
    ck_assert_ptr_nonnull(self);
    ck_assert_ptr_eq(self, thread_current());
    pthread_t host_thread;
    void *result = NULL;
    ck_assert_int_eq(pthread_create(&host_thread, NULL, adopt_and_keep, NULL), 0);
    pthread_join(host_thread, &result);
    ck_assert_ptr_nonnull(result);
    struct thread *other = result;
    ck_assert_ptr_ne(other, self);
    ck_assert_uint_ne(other->object.koid, self->object.koid);
    ck_assert(atomic_load(&other->exited));
    ck_assert(!atomic_load(&self->exited));

    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(handle_create(&other->object, ZX_DEFAULT_THREAD_RIGHTS, &handle), ZX_OK);
    ck_assert_uint_eq(basic(handle).related_koid, process_koid());
    object_unref(&other->object);
    zx_handle_close(handle);
}
END_TEST

struct lines {
    int count;
    zirconia_log_level_t level;
    char last[64];
};

static void keep_line(void *context, zirconia_log_level_t level, const char *line) {
    struct lines *lines = context;
    lines->count++;
    lines->level = level;
    strncpy(lines->last, line, sizeof(lines->last) - 1);
}

START_TEST(log_lines_reach_the_callback) {
    struct lines lines = {0};
    log_line(ZIRCONIA_LOG_ERROR, "nobody listens");
    zirconia_set_log(keep_line, &lines, ZIRCONIA_LOG_WARNING);
    log_line(ZIRCONIA_LOG_INFO, "below the minimum");
    ck_assert_int_eq(lines.count, 0);
    log_line(ZIRCONIA_LOG_WARNING, "seen %d", 1);
    ck_assert_int_eq(lines.count, 1);
    ck_assert_int_eq((int)lines.level, ZIRCONIA_LOG_WARNING);
    ck_assert_str_eq(lines.last, "seen 1");
    zirconia_set_log(NULL, NULL, ZIRCONIA_LOG_DEBUG);
    log_line(ZIRCONIA_LOG_ERROR, "nobody listens");
    ck_assert_int_eq(lines.count, 1);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        basic_info_describes_the_handle, record_buffers_are_checked, topics_check_in_order,
        resources_say_what_they_are,     host_threads_are_objects,   log_lines_reach_the_callback,
    };
    return run_tests("objects", tests, sizeof tests / sizeof tests[0]);
}
