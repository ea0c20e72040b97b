// SPDX-License-Identifier: MIT
//
// zx_object_get_info() of threads, the process and the job (objects ABI 1.9).

#include "syscalls/info.h"

#include "syscalls/syscalls.h"
#include "tasks/process.h"

#include <zircon/syscalls/object.h>

// What Zircon's scheduler begins with, which knows 32 of them.
#define ALL_PROCESSORS UINT32_MAX

// The most threads whose koids are told, and the size of the older exception report.
enum { KOID_LIMIT = 1024, REPORT_SIZE_2018 = 32 };

// The records of 2018. The later one of a thread begins with the older, that of a process does not.
struct thread_record_2018 {
    uint32_t state;
    uint32_t wait_exception_port_type;
};

struct process_record_2018 {
    int64_t return_code;
    bool started;
    bool exited;
    bool debugger_attached;
    uint8_t padding[5];
};

static zx_status_t find_one(const struct record_request *request, zx_obj_type_t type,
                            struct object **out) {
    return look_up(request->era, request->handle, type, request->era->inspect_right, out);
}

static zx_status_t info_thread(const struct record_request *request) {
    struct object *object = NULL;
    const zx_status_t status = find_one(request, ZX_OBJ_TYPE_THREAD, &object);
    if (status != ZX_OK) {
        return status;
    }
    zx_info_thread_t record = {.state = thread_state(thread_from_object(object))};
    record.wait_exception_channel_type = exception_asked(thread_from_object(object));
    record.cpu_affinity_mask.mask[0] = record.state != ZX_THREAD_STATE_DEAD ? ALL_PROCESSORS : 0;
    object_unref(object);
    return give_record(request, &record,
                       request->era->later_records ? sizeof(record)
                                                   : sizeof(struct thread_record_2018));
}

static zx_status_t info_thread_stats(const struct record_request *request) {
    struct object *object = NULL;
    zx_status_t status = look_up(request->era, request->handle, ZX_OBJ_TYPE_THREAD,
                                 request->era->inspect_right, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct thread *thread = thread_from_object(object);
    zx_info_thread_stats_t record = {0};
    if (thread_state(thread) == ZX_THREAD_STATE_DEAD) {
        status = refuse(ZX_ERR_BAD_STATE, "the thread has ended");
    }
    record.total_runtime = thread_runtime(thread, &record.last_scheduled_cpu);
    object_unref(object);
    if (status != ZX_OK) {
        return status;
    }
    return give_record(request, &record,
                       request->era->later_records ? sizeof(record) : sizeof(record.total_runtime));
}

// How long a thread has run, which may have ended.
static zx_status_t info_task_runtime(const struct record_request *request, size_t size) {
    struct object *object = NULL;
    zx_info_task_runtime_t record = {0};
    uint32_t processor = 0;
    zx_status_t status = look_up(request->era, request->handle, ZX_OBJ_TYPE_NONE,
                                 request->era->inspect_right, &object);
    if (status != ZX_OK) {
        return status;
    }
    switch (object->ops->type) {
    case ZX_OBJ_TYPE_THREAD:
        record.cpu_time = thread_runtime(thread_from_object(object), &processor);
        break;
    case ZX_OBJ_TYPE_PROCESS:
    case ZX_OBJ_TYPE_JOB:
        record.cpu_time = platform_process_runtime();
        break;
    default:
        status =
            refuse_value(ZX_ERR_WRONG_TYPE, "handle, of type %, is no task", object->ops->type);
        break;
    }
    object_unref(object);
    return status == ZX_OK ? give_record(request, &record, size) : status;
}

static zx_status_t info_of_job(const struct record_request *request) {
    struct object *object = NULL;
    const zx_status_t status = look_up(request->era, request->handle, ZX_OBJ_TYPE_JOB,
                                       request->era->inspect_right, &object);
    if (status != ZX_OK) {
        return status;
    }
    object_unref(object);
    const zx_info_job_t record = {0};
    return give_record(request, &record, sizeof(record));
}

// `size` is that of the record's version; the later one has the fields of the earlier.
static zx_status_t info_exception_report(const struct record_request *request, uint32_t size) {
    struct object *object = NULL;
    zx_status_t status = find_one(request, ZX_OBJ_TYPE_THREAD, &object);
    if (status != ZX_OK) {
        return status;
    }
    zx_exception_report_t report;
    status = exception_report(thread_from_object(object), &report);
    object_unref(object);
    report.header.size = size;
    return status == ZX_OK ? give_record(request, &report, size) : status;
}

static zx_status_t info_process(const struct record_request *request) {
    struct object *object = NULL;
    const zx_status_t status = find_one(request, ZX_OBJ_TYPE_PROCESS, &object);
    if (status != ZX_OK) {
        return status;
    }
    object_unref(object);
    const struct process_record_2018 record_2018 = {.started = true};
    const zx_info_process_t record = {.start_time = process_start_time(),
                                      .flags = ZX_INFO_PROCESS_FLAG_STARTED};
    return request->era->process_flags ? give_record(request, &record, sizeof(record))
                                       : give_record(request, &record_2018, sizeof(record_2018));
}

static zx_status_t find_parent(const struct record_request *request, zx_obj_type_t type) {
    struct object *object = NULL;
    const zx_status_t status =
        look_up(request->era, request->handle, type, ZX_RIGHT_ENUMERATE, &object);
    if (status == ZX_OK) {
        object_unref(object);
    }
    return status;
}

static zx_status_t info_process_threads(const struct record_request *request) {
    const zx_status_t status = find_parent(request, ZX_OBJ_TYPE_PROCESS);
    if (status != ZX_OK) {
        return status;
    }
    zx_koid_t koids[KOID_LIMIT];
    const size_t available = process_thread_koids(koids, KOID_LIMIT);
    return give_koids(request, koids, available < KOID_LIMIT ? available : KOID_LIMIT, available);
}

// The job has one process and no child.
static zx_status_t info_job(const struct record_request *request, size_t count) {
    const zx_koid_t koid = process_koid();
    const zx_status_t status = find_parent(request, ZX_OBJ_TYPE_JOB);
    return status == ZX_OK ? give_koids(request, &koid, count, count) : status;
}

zx_status_t task_info(const struct record_request *request, uint32_t topic) {
    const uint32_t process_topic_2018 = ZIRCONIA_INFO_TOPIC(3u, 0u);
    if (topic == (request->era->process_flags ? ZX_INFO_PROCESS : process_topic_2018)) {
        return info_process(request);
    }
    if (request->era->later_records) {
        switch (topic) {
        case ZX_INFO_JOB:
            return info_of_job(request);
        case ZX_INFO_TASK_RUNTIME_V1:
            return info_task_runtime(request, sizeof(zx_info_task_runtime_v1_t));
        case ZX_INFO_TASK_RUNTIME:
            return info_task_runtime(request, sizeof(zx_info_task_runtime_t));
        default:
            break;
        }
    }
    switch (topic) {
    case ZX_INFO_THREAD_STATS:
        return info_thread_stats(request);
    case ZIRCONIA_INFO_TOPIC(11u, 0u):
        return info_exception_report(request, REPORT_SIZE_2018);
    case ZX_INFO_THREAD_EXCEPTION_REPORT:
        return info_exception_report(request, sizeof(zx_exception_report_t));
    case ZX_INFO_THREAD:
        return info_thread(request);
    case ZX_INFO_PROCESS_THREADS:
        return info_process_threads(request);
    case ZX_INFO_JOB_CHILDREN:
        return info_job(request, 0);
    case ZX_INFO_JOB_PROCESSES:
        return info_job(request, 1);
    default:
        return refuse_value(ZX_ERR_NOT_SUPPORTED, "topic % is unknown", topic);
    }
}
