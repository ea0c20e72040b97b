// SPDX-License-Identifier: MIT
//
// The topics of zx_object_get_info() (objects ABI 1.9): what is the same for all of them, and the
// records that no other test is about.

#include "bad_memory.h"
#include "handles.h"
#include "memory_guest.h"
#include "platform/platform.h"
#include "run_tests.h"
#include "thread_fixture.h"

#include <check.h>
#include <string.h>
#include <zircon/syscalls/resource.h>
#include <zirconia/zirconia.h>

enum { ROOM = 4096 };

static zx_handle_t new_thread(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_thread_create(zx_process_self(), "new", 3, 0, &handle), ZX_OK);
    return handle;
}

static zx_handle_t new_timer(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_timer_create(ZX_TIMER_SLACK_EARLY, ZX_CLOCK_MONOTONIC, &handle), ZX_OK);
    return handle;
}

static zx_handle_t system_resource(uint64_t base) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_resource_create(ZX_RSRC_KIND_SYSTEM, base, 1, &handle), ZX_OK);
    return handle;
}

static zx_status_t get(zx_handle_t handle, uint32_t topic, void *record, size_t size) {
    return zx_object_get_info(handle, topic, record, size, NULL, NULL);
}

static zx_status_t get_2018(zx_handle_t handle, uint32_t topic, void *record, size_t size) {
    return zirconia_2018_object_get_info(handle, topic, record, size, NULL, NULL);
}

// --- All topics with one record ---

enum { OF_VMO, OF_THREAD, OF_TIMER, OF_VMAR, OF_PROCESS, OF_JOB, OF_RESOURCE, KINDS };

static const struct topic {
    uint32_t topic;
    int of;           // KINDS: every object
    size_t size;      // of the record
    size_t size_2018; // 0: not known then
    bool free;        // of a demand on rights
} topics[] = {
    {ZX_INFO_HANDLE_BASIC, KINDS, 32, 32, true},
    {ZX_INFO_HANDLE_COUNT, KINDS, 4, 4, false},
    {ZX_INFO_VMAR, OF_VMAR, 16, 16, false},
    {ZX_INFO_RESOURCE, OF_RESOURCE, 56, 56, false},
    {ZX_INFO_THREAD, OF_THREAD, 72, 8, false},
    {ZX_INFO_THREAD_STATS, OF_THREAD, 16, 8, false},
    {ZX_INFO_TASK_STATS_V1, OF_PROCESS, 32, 32, false},
    {ZX_INFO_TASK_STATS, OF_PROCESS, 40, 0, false},
    {ZX_INFO_TASK_RUNTIME_V1, OF_PROCESS, 16, 0, false},
    {ZX_INFO_TASK_RUNTIME, OF_THREAD, 32, 0, false},
    {ZX_INFO_PROCESS_HANDLE_STATS, OF_PROCESS, 256, 256, false},
    {ZX_INFO_PROCESS, OF_PROCESS, 24, 0, false},
    {ZX_INFO_JOB, OF_JOB, 16, 0, false},
    {ZX_INFO_TIMER, OF_TIMER, 24, 0, false},
    {ZX_INFO_VMO_V1, OF_VMO, 104, 112, true},
    {ZX_INFO_VMO_V2, OF_VMO, 120, 0, true},
    {ZX_INFO_VMO_V3, OF_VMO, 128, 0, true},
    {ZX_INFO_VMO, OF_VMO, 176, 0, true},
};

static zx_handle_t object_of(int kind) {
    switch (kind) {
    case OF_VMO:
        return new_vmo(8192, 0);
    case OF_THREAD:
        return new_thread();
    case OF_TIMER:
        return new_timer();
    case OF_VMAR:
        return with_rights(zx_vmar_root_self(), ZX_RIGHT_SAME_RIGHTS);
    case OF_PROCESS:
        return with_rights(zx_process_self(), ZX_RIGHT_SAME_RIGHTS);
    case OF_JOB:
        return with_rights(zx_job_default(), ZX_RIGHT_SAME_RIGHTS);
    default:
        return system_resource(ZX_RSRC_SYSTEM_INFO_BASE);
    }
}

// Another type, which has a record of its own; the runtime is of three types.
static int another(int kind) {
    return kind == OF_VMO ? OF_TIMER : OF_VMO;
}

static void check_pointers(zx_handle_t handle, const struct topic *topic) {
    uint8_t record[ROOM];
    size_t actual = 9;
    size_t avail = 9;
    ck_assert_int_eq(get(handle, topic->topic, record, topic->size), ZX_OK);
    ck_assert_int_eq(
        zx_object_get_info(handle, topic->topic, record, sizeof record, &actual, &avail), ZX_OK);
    ck_assert_uint_eq(actual, 1);
    ck_assert_uint_eq(avail, 1);
    ck_assert_int_eq(
        zx_object_get_info(handle, topic->topic, record, topic->size - 1, &actual, &avail),
        ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(actual, 0);
    ck_assert_uint_eq(avail, 1);
    ck_assert_int_eq(get(handle, topic->topic, NULL, 0), ZX_ERR_BUFFER_TOO_SMALL);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(get(handle, topic->topic, bad_pointer(i), topic->size),
                         ZX_ERR_INVALID_ARGS);
        if (bad_pointer(i) != NULL) {
            ck_assert_int_eq(zx_object_get_info(handle, topic->topic, record, sizeof record,
                                                bad_pointer(i), NULL),
                             ZX_ERR_INVALID_ARGS);
            ck_assert_int_eq(zx_object_get_info(handle, topic->topic, record, sizeof record, NULL,
                                                bad_pointer(i)),
                             ZX_ERR_INVALID_ARGS);
        }
    }
}

START_TEST(a_topic_with_one_record_checks_handle_type_right_and_room) {
    uint8_t record[ROOM];
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        const struct topic *topic = &topics[i];
        const zx_handle_t handle = object_of(topic->of == KINDS ? OF_VMO : topic->of);
        const zx_handle_t other = object_of(another(topic->of));
        const zx_handle_t bare = with_rights(handle, ZX_RIGHT_NONE);
        ck_assert_int_eq(get(ZX_HANDLE_INVALID, topic->topic, NULL, 0), ZX_ERR_BAD_HANDLE);
        ck_assert_int_eq(get(other, topic->topic, record, sizeof record),
                         topic->of == KINDS ? ZX_OK : ZX_ERR_WRONG_TYPE);
        ck_assert_int_eq(get(bare, topic->topic, record, sizeof record),
                         topic->free ? ZX_OK : ZX_ERR_ACCESS_DENIED);
        check_pointers(handle, topic);
        if (topic->size_2018 == 0) {
            ck_assert_int_eq(get_2018(handle, topic->topic, record, ROOM), ZX_ERR_NOT_SUPPORTED);
        } else {
            ck_assert_int_eq(get_2018(handle, topic->topic, record, topic->size_2018), ZX_OK);
            ck_assert_int_eq(get_2018(handle, topic->topic, record, topic->size_2018 - 1),
                             ZX_ERR_BUFFER_TOO_SMALL);
        }
        zx_handle_close(handle);
        zx_handle_close(other);
        zx_handle_close(bare);
    }
}
END_TEST

// --- VMOs ---

START_TEST(a_vmo_tells_of_itself) {
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(3 * page, ZX_VMO_RESIZABLE);
    const zx_handle_t part = with_rights(vmo, ZX_RIGHT_READ | ZX_RIGHT_INSPECT);
    zx_info_vmo_t info;
    zx_handle_t child = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_NAME, "some", 4), ZX_OK);
    ck_assert_int_eq(get(part, ZX_INFO_VMO, &info, sizeof info), ZX_OK);
    ck_assert_uint_eq(info.koid, koid_of(vmo));
    ck_assert_str_eq(info.name, "some");
    ck_assert_uint_eq(info.size_bytes, 3 * page);
    ck_assert_uint_eq(info.parent_koid, 0);
    ck_assert_uint_eq(info.num_children + info.num_mappings + info.share_count, 0);
    ck_assert_uint_eq(info.flags,
                      ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_RESIZABLE | ZX_INFO_VMO_VIA_HANDLE);
    ck_assert_uint_eq(info.committed_bytes, 0);
    ck_assert_uint_eq(info.metadata_bytes, 0);
    ck_assert_uint_eq(info.handle_rights, ZX_RIGHT_READ | ZX_RIGHT_INSPECT);
    ck_assert_uint_eq(info.cache_policy, ZX_CACHE_POLICY_CACHED);

    ck_assert_int_eq(zx_vmo_write(vmo, "x", page, 1), ZX_OK);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, page, &child), ZX_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(
            zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, vmo, 0, page, &address), ZX_OK);
    }
    ck_assert_int_eq(get(vmo, ZX_INFO_VMO, &info, sizeof info), ZX_OK);
    ck_assert_uint_eq(info.num_children, 1);
    ck_assert_uint_eq(info.num_mappings, 2);
    ck_assert_uint_eq(info.share_count, 1);
    ck_assert_uint_eq(info.committed_bytes, page);
    ck_assert_uint_eq(info.populated_bytes, page);
    ck_assert_uint_ne(info.metadata_bytes, 0);
    ck_assert_int_eq(get(child, ZX_INFO_VMO, &info, sizeof info), ZX_OK);
    ck_assert_uint_eq(info.parent_koid, koid_of(vmo));
    ck_assert_uint_eq(info.flags,
                      ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_IS_COW_CLONE | ZX_INFO_VMO_VIA_HANDLE);
    zx_handle_close(child);
    ck_assert_int_eq(zx_vmo_set_size(vmo, 0), ZX_OK);
    ck_assert_int_eq(get(vmo, ZX_INFO_VMO, &info, sizeof info), ZX_OK);
    ck_assert_uint_eq(info.size_bytes + info.num_children + info.committed_bytes, 0);
}
END_TEST

START_TEST(a_slice_is_no_clone) {
    const zx_handle_t vmo = new_vmo(8192, 0);
    zx_handle_t slice = ZX_HANDLE_INVALID;
    zx_info_vmo_t info;
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SLICE, 0, 4096, &slice), ZX_OK);
    ck_assert_int_eq(get(slice, ZX_INFO_VMO, &info, sizeof info), ZX_OK);
    ck_assert_uint_eq(info.parent_koid, koid_of(vmo));
    ck_assert_uint_eq(info.flags, ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_VIA_HANDLE);
    ck_assert_uint_eq(info.size_bytes, 4096);
}
END_TEST

START_TEST(a_vmo_tells_2018_of_its_options) {
    zirconia_2018_info_vmo_t info;
    zx_handle_t resizable = ZX_HANDLE_INVALID;
    zx_handle_t clone = ZX_HANDLE_INVALID;
    const zx_handle_t fixed = new_vmo(4096, 0);
    size_t actual = 9;
    size_t avail = 9;
    ck_assert_int_eq(zirconia_2018_vmo_create(8192, 0, &resizable), ZX_OK);
    ck_assert_int_eq(zirconia_2018_vmo_set_cache_policy(resizable, ZX_CACHE_POLICY_UNCACHED),
                     ZX_OK);
    ck_assert_int_eq(
        zirconia_2018_object_get_info(resizable, 23, &info, sizeof info, &actual, &avail), ZX_OK);
    ck_assert_uint_eq(actual, 1);
    ck_assert_uint_eq(avail, 0);
    ck_assert_uint_eq(info.size_bytes, 8192);
    ck_assert_uint_eq(info.create_options, 1);
    ck_assert_uint_eq(info.cache_policy, ZX_CACHE_POLICY_UNCACHED);
    ck_assert_uint_eq(info.flags, ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_VIA_HANDLE);
    ck_assert_int_eq(zx_vmo_clone(fixed, 1, 0, 4096, &clone), ZX_OK);
    ck_assert_int_eq(get_2018(fixed, 23, &info, sizeof info), ZX_OK);
    ck_assert_uint_eq(info.create_options, 0);
    ck_assert_uint_eq(info.num_children, 1);
    ck_assert_int_eq(get_2018(clone, 23, &info, sizeof info), ZX_OK);
    ck_assert_uint_eq(info.parent_koid, koid_of(fixed));
    ck_assert_uint_eq(info.flags,
                      ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_IS_COW_CLONE | ZX_INFO_VMO_VIA_HANDLE);
    ck_assert_uint_eq(info.committed_bytes, 0);
}
END_TEST

START_TEST(the_process_tells_what_it_has_mapped) {
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(4 * page, 0);
    zx_info_task_stats_t before;
    zx_info_task_stats_t after;
    zx_vaddr_t address = 0;
    zx_vaddr_t in_guest = 0;
    guest_open();
    ck_assert_int_eq(get(zx_process_self(), ZX_INFO_TASK_STATS, &before, sizeof before), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, vmo, 0, 4 * page, &address), ZX_OK);
    ck_assert_int_eq(zx_vmo_write(vmo, "x", page, 1), ZX_OK);
    ck_assert_int_eq(get(zx_process_self(), ZX_INFO_TASK_STATS, &after, sizeof after), ZX_OK);
    ck_assert_uint_eq(after.mem_mapped_bytes - before.mem_mapped_bytes, 4 * page);
    ck_assert_uint_eq(after.mem_private_bytes - before.mem_private_bytes, page);
    ck_assert_uint_eq(after.mem_shared_bytes, before.mem_shared_bytes);
    ck_assert_int_eq(zx_vmar_map(vmar, ZX_VM_PERM_READ | ZX_VM_SPECIFIC, 0x40000000, vmo, 0,
                                 4 * page, &in_guest),
                     ZX_OK);
    ck_assert_int_eq(get(zx_process_self(), ZX_INFO_TASK_STATS, &after, sizeof after), ZX_OK);
    ck_assert_uint_eq(after.mem_private_bytes, before.mem_private_bytes);
    ck_assert_uint_eq(after.mem_shared_bytes - before.mem_shared_bytes, page);
    ck_assert_uint_eq(after.mem_scaled_shared_bytes - before.mem_scaled_shared_bytes, page / 2);
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), address, 4 * page), ZX_OK);
    ck_assert_int_eq(get(zx_process_self(), ZX_INFO_TASK_STATS, &after, sizeof after), ZX_OK);
    ck_assert_uint_eq(after.mem_mapped_bytes, before.mem_mapped_bytes);
    guest_close();
}
END_TEST

// --- Tasks ---

static atomic_bool over;

static void spin(uintptr_t unused, uintptr_t unused_too) {
    (void)unused;
    (void)unused_too;
    while (!atomic_load(&over)) {
    }
    zx_thread_exit();
}

START_TEST(a_thread_tells_which_processors_it_may_run_on) {
    static const zx_cpu_set_t any = {.mask = {0xffffffff}};
    static const zx_cpu_set_t none = {.mask = {0}};
    zx_info_thread_t info;
    ck_assert_int_eq(get(new_thread(), ZX_INFO_THREAD, &info, sizeof info), ZX_OK);
    ck_assert_mem_eq(&info.cpu_affinity_mask, &any, sizeof any);
    ck_assert_int_eq(get(zx_thread_self(), ZX_INFO_THREAD, &info, sizeof info), ZX_OK);
    ck_assert_mem_eq(&info.cpu_affinity_mask, &any, sizeof any);

    struct worker worker = worker_run(spin, NULL);
    atomic_store(&over, true);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(get(worker.handle, ZX_INFO_THREAD, &info, sizeof info), ZX_OK);
    ck_assert_uint_eq(info.state, ZX_THREAD_STATE_DEAD);
    ck_assert_mem_eq(&info.cpu_affinity_mask, &none, sizeof none);
    free(worker.stack);
}
END_TEST

START_TEST(a_thread_tells_how_long_it_ran) {
    zx_info_thread_stats_t stats;
    zx_info_task_runtime_t runtime;
    zx_info_task_runtime_t of_process;
    const zx_handle_t unborn = new_thread();
    ck_assert_int_eq(get(unborn, ZX_INFO_THREAD_STATS, &stats, sizeof stats), ZX_OK);
    ck_assert_int_eq(stats.total_runtime, 0);
    ck_assert_uint_eq(stats.last_scheduled_cpu, ZX_INFO_INVALID_CPU);
    ck_assert_int_eq(get(zx_thread_self(), ZX_INFO_THREAD_STATS, &stats, sizeof stats), ZX_OK);
    ck_assert_int_gt(stats.total_runtime, 0);
    ck_assert_uint_ne(stats.last_scheduled_cpu, ZX_INFO_INVALID_CPU);

    struct worker worker = worker_run(spin, NULL);
    zx_duration_t last = 0;
    while (last < ZX_MSEC(1)) {
        ck_assert_int_eq(get(worker.handle, ZX_INFO_THREAD_STATS, &stats, sizeof stats), ZX_OK);
        ck_assert_int_ge(stats.total_runtime, last);
        last = stats.total_runtime;
    }
    ck_assert_uint_ne(stats.last_scheduled_cpu, ZX_INFO_INVALID_CPU);
    atomic_store(&over, true);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(get(worker.handle, ZX_INFO_THREAD_STATS, &stats, sizeof stats),
                     ZX_ERR_BAD_STATE);
    ck_assert_int_eq(get(worker.handle, ZX_INFO_TASK_RUNTIME, &runtime, sizeof runtime), ZX_OK);
    ck_assert_int_ge(runtime.cpu_time, last);
    ck_assert_int_eq(get(zx_process_self(), ZX_INFO_TASK_RUNTIME, &of_process, sizeof of_process),
                     ZX_OK);
    ck_assert_int_ge(of_process.cpu_time, runtime.cpu_time);
    ck_assert_int_eq(get(zx_job_default(), ZX_INFO_TASK_RUNTIME, &runtime, sizeof runtime), ZX_OK);
    ck_assert_int_ge(runtime.cpu_time, of_process.cpu_time);
    free(worker.stack);
}
END_TEST

START_TEST(the_job_lives) {
    zx_info_job_t info;
    memset(&info, 1, sizeof info);
    ck_assert_int_eq(get(zx_job_default(), ZX_INFO_JOB, &info, sizeof info), ZX_OK);
    ck_assert(!info.exited && !info.kill_on_oom && !info.debugger_attached);
}
END_TEST

// --- Timers ---

START_TEST(a_timer_tells_what_it_is_set_to) {
    const zx_handle_t timer = new_timer();
    zx_info_timer_t info;
    ck_assert_int_eq(get(timer, ZX_INFO_TIMER, &info, sizeof info), ZX_OK);
    ck_assert_uint_eq(info.options, ZX_TIMER_SLACK_EARLY);
    ck_assert_int_eq(info.deadline, 0);
    ck_assert_int_eq(info.slack, 0);
    ck_assert_int_eq(zx_timer_set(timer, ZX_TIME_INFINITE, 7), ZX_OK);
    ck_assert_int_eq(get(timer, ZX_INFO_TIMER, &info, sizeof info), ZX_OK);
    ck_assert_int_eq(info.deadline, ZX_TIME_INFINITE);
    ck_assert_int_eq(info.slack, 7);
    ck_assert_int_eq(zx_timer_cancel(timer), ZX_OK);
    ck_assert_int_eq(get(timer, ZX_INFO_TIMER, &info, sizeof info), ZX_OK);
    ck_assert_int_eq(info.deadline, 0);
    ck_assert_int_eq(zx_timer_set(timer, 1, 7), ZX_OK); // Has fired.
    ck_assert_int_eq(get(timer, ZX_INFO_TIMER, &info, sizeof info), ZX_OK);
    ck_assert_int_eq(info.deadline, 0);
    ck_assert_int_eq(info.slack, 0);
}
END_TEST

// --- Handles ---

START_TEST(the_process_counts_its_handles) {
    zx_info_process_handle_stats_t before;
    zx_info_process_handle_stats_t after;
    const uint32_t topic = ZX_INFO_PROCESS_HANDLE_STATS;
    ck_assert_int_eq(get(zx_process_self(), topic, &before, sizeof before), ZX_OK);
    const zx_handle_t event = new_event();
    const zx_handle_t again = with_rights(event, ZX_RIGHT_WAIT);
    const zx_handle_t port = new_port();
    ck_assert_int_eq(get(zx_process_self(), topic, &after, sizeof after), ZX_OK);
    for (uint32_t type = 0; type < 64; type++) {
        const uint32_t more = type == ZX_OBJ_TYPE_EVENT ? 2 : type == ZX_OBJ_TYPE_PORT ? 1 : 0;
        ck_assert_uint_eq(after.handle_count[type], before.handle_count[type] + more);
    }
    const zx_handle_t handles_now[] = {event, again, port};
    zx_handle_close_many(handles_now, 3);
    ck_assert_int_eq(get(zx_process_self(), topic, &after, sizeof after), ZX_OK);
    ck_assert_int_eq(memcmp(&before, &after, sizeof after), 0);
}
END_TEST

START_TEST(the_process_lists_its_handles) {
    enum { MANY = 64 };
    const zx_handle_t process = zx_process_self();
    const zx_handle_t thread = zx_thread_self();
    const zx_handle_t event = with_rights(new_event(), ZX_RIGHT_WAIT);
    zx_info_handle_extended_t records[MANY];
    size_t actual = 0;
    size_t avail = 0;
    bool saw_event = false;
    bool saw_thread = false;
    ck_assert_int_eq(zx_object_get_info(with_rights(process, ZX_RIGHT_INSPECT),
                                        ZX_INFO_HANDLE_TABLE, NULL, 0, &actual, NULL),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_get_info(event, ZX_INFO_HANDLE_TABLE, NULL, 0, &actual, NULL),
                     ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(
        zx_object_get_info(process, ZX_INFO_HANDLE_TABLE, records, sizeof records, &actual, &avail),
        ZX_OK);
    ck_assert_uint_eq(actual, avail);
    ck_assert_uint_le(actual, MANY);
    for (size_t i = 0; i < actual; i++) {
        if (records[i].handle_value == event) {
            saw_event = records[i].type == ZX_OBJ_TYPE_EVENT && records[i].rights == ZX_RIGHT_WAIT;
        }
        if (records[i].handle_value == thread) {
            saw_thread =
                records[i].koid == koid_of(thread) && records[i].related_koid == koid_of(process);
        }
    }
    ck_assert(saw_event && saw_thread);
    const size_t handles_now = avail;
    ck_assert_int_eq(zx_object_get_info(process, ZX_INFO_HANDLE_TABLE, NULL, 0, &actual, NULL),
                     ZX_OK);
    ck_assert_uint_eq(actual, handles_now);
    ck_assert_int_eq(zx_object_get_info(process, ZX_INFO_HANDLE_TABLE, records, sizeof records[0],
                                        &actual, &avail),
                     ZX_OK);
    ck_assert_uint_eq(actual, 1);
    ck_assert_uint_eq(avail, handles_now);
    ck_assert_int_eq(
        zx_object_get_info(process, ZX_INFO_HANDLE_TABLE, NULL, sizeof records, &actual, &avail),
        ZX_ERR_INVALID_ARGS);
}
END_TEST

// --- Guests ---

START_TEST(the_exits_of_all_guests_are_counted) {
    enum { MOST = 512 };
    static zx_info_guest_stats_t before[MOST];
    static zx_info_guest_stats_t after[MOST];
    const zx_handle_t info = system_resource(ZX_RSRC_SYSTEM_INFO_BASE);
    size_t actual = 0;
    size_t avail = 0;
    ck_assert_int_eq(get(ZX_HANDLE_INVALID, ZX_INFO_GUEST_STATS, before, sizeof before),
                     ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(get(new_event(), ZX_INFO_GUEST_STATS, before, sizeof before),
                     ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(
        get(system_resource(ZX_RSRC_SYSTEM_VMEX_BASE), ZX_INFO_GUEST_STATS, before, sizeof before),
        ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(get_2018(info, ZX_INFO_GUEST_STATS, before, sizeof before),
                     ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(
        zx_object_get_info(info, ZX_INFO_GUEST_STATS, before, sizeof before, &actual, &avail),
        ZX_OK);
    ck_assert_uint_eq(actual, zx_system_get_num_cpus());
    ck_assert_uint_eq(avail, actual);
    start(STORE_AND_LOAD, DATA);
    enter_to_end();
    ck_assert_int_eq(get(info, ZX_INFO_GUEST_STATS, after, sizeof after), ZX_OK);
    ck_assert_uint_gt(after[0].vm_exits, before[0].vm_exits);
    ck_assert_uint_gt(after[0].ept_violations, before[0].ept_violations);
    ck_assert_uint_eq(after[0].flags, ZX_INFO_CPU_STATS_FLAG_ONLINE);
    const uint64_t exits = after[0].vm_exits;
    guest_close();
    ck_assert_int_eq(get(info, ZX_INFO_GUEST_STATS, after, sizeof after), ZX_OK);
    ck_assert_uint_eq(after[0].vm_exits, exits); // The guest is gone, but its exits stay counted.
    for (size_t i = 1; i < actual; i++) {
        ck_assert_uint_eq(after[i].cpu_number, i);
        ck_assert_uint_eq(after[i].vm_exits, 0);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_topic_with_one_record_checks_handle_type_right_and_room,
        a_vmo_tells_of_itself,
        a_slice_is_no_clone,
        a_vmo_tells_2018_of_its_options,
        the_process_tells_what_it_has_mapped,
        a_thread_tells_which_processors_it_may_run_on,
        a_thread_tells_how_long_it_ran,
        the_job_lives,
        a_timer_tells_what_it_is_set_to,
        the_process_counts_its_handles,
        the_process_lists_its_handles,
        the_exits_of_all_guests_are_counted,
    };
    return run_tests("info", tests, sizeof tests / sizeof tests[0]);
}
