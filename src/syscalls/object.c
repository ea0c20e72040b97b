// SPDX-License-Identifier: MIT
//
// zx_object_get_info() (objects ABI 1.9). The topics about tasks are in task_info.c.

#include "engine/vcpu.h"
#include "objects/resource.h"
#include "objects/timer.h"
#include "objects/vmar.h"
#include "syscalls/info.h"
#include "syscalls/syscalls.h"

#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

static zx_status_t write_count(size_t *client, size_t count) {
    return client == NULL ? ZX_OK : copy_to_client(client, &count, sizeof(count));
}

zx_status_t give_counts(const struct record_request *request, size_t actual, size_t available) {
    const zx_status_t status = write_count(request->actual, actual);
    return status == ZX_OK ? write_count(request->avail, available) : status;
}

zx_status_t give_record(const struct record_request *request, const void *record,
                        size_t record_size) {
    const bool fits = request->buffer_size >= record_size;
    zx_status_t status = ZX_OK;
    if (fits) {
        status = copy_to_client(request->buffer, record, record_size);
    }
    if (status == ZX_OK) {
        status = give_counts(request, fits ? 1 : 0, 1);
    }
    return status == ZX_OK && !fits ? refuse_values(ZX_ERR_BUFFER_TOO_SMALL,
                                                    "buffer_size % is less than the record's, %",
                                                    request->buffer_size, record_size)
                                    : status;
}

zx_status_t give_koids(const struct record_request *request, const zx_koid_t *koids, size_t count,
                       size_t available) {
    const size_t room = request->buffer_size / sizeof(*koids);
    const size_t given = count < room ? count : room;
    const zx_status_t status = copy_to_client(request->buffer, koids, given * sizeof(*koids));
    return status == ZX_OK ? give_counts(request, given, available) : status;
}

static zx_status_t info_handle_valid(const struct record_request *request) {
    struct object *object = NULL;
    const zx_status_t status =
        handle_lookup(request->handle, ZX_OBJ_TYPE_NONE, ZX_RIGHT_NONE, &object);
    if (status == ZX_OK) {
        object_unref(object);
    }
    return status;
}

static zx_status_t info_handle_basic(const struct record_request *request) {
    struct object *object = NULL;
    zx_rights_t rights = 0;
    const zx_status_t status =
        handle_lookup_rights(request->handle, ZX_OBJ_TYPE_NONE, &object, &rights);
    if (status != ZX_OK) {
        return status;
    }
    zx_info_handle_basic_t record = {
        .koid = object->koid,
        .rights = rights,
        .type = object->ops->type,
    };
    if (object->ops->related_koid != NULL) {
        record.related_koid = object->ops->related_koid(object);
    }
    if (request->era->waitable_property && object_is_waitable(object)) {
        record.reserved = ZIRCONIA_2018_OBJ_PROP_WAITABLE; // Where 2018 has `props`.
    }
    object_unref(object);
    return give_record(request, &record, sizeof(record));
}

// The records that tell of one object to whoever has INSPECT.
union record {
    zx_info_handle_count_t handle_count;
    zx_info_vmar_t vmar;
    zx_info_resource_t resource;
    zx_info_vcpu_t vcpu;
    zx_info_timer_t timer;
};

// Fills the member that is the describer's own; returns its size.
typedef size_t describe_fn(struct object *object, union record *out);

static size_t describe_handle_count(struct object *object, union record *out) {
    out->handle_count.handle_count = atomic_load(&object->handles);
    return sizeof(out->handle_count);
}

static size_t describe_vmar(struct object *object, union record *out) {
    const struct vmar *vmar = vmar_from_object(object);
    out->vmar = (zx_info_vmar_t){.base = (uintptr_t)vmar->base, .len = (size_t)vmar->size};
    return sizeof(out->vmar);
}

static size_t describe_resource(struct object *object, union record *out) {
    const struct resource *resource = resource_from_object(object);
    out->resource.kind = resource->kind;
    out->resource.base = resource->base;
    out->resource.size = (size_t)resource->size;
    return sizeof(out->resource);
}

static size_t describe_vcpu(struct object *object, union record *out) {
    out->vcpu.flags = vcpu_info_flags(object);
    return sizeof(out->vcpu);
}

static size_t describe_timer(struct object *object, union record *out) {
    const struct timer_setting setting = timer_object_setting(timer_from_object(object));
    out->timer.options = setting.options;
    out->timer.deadline = setting.deadline;
    out->timer.slack = setting.slack;
    return sizeof(out->timer);
}

static zx_status_t inspect(const struct record_request *request, zx_obj_type_t type,
                           describe_fn *describe) {
    struct object *object = NULL;
    const zx_status_t status =
        look_up(request->era, request->handle, type, request->era->inspect_right, &object);
    if (status != ZX_OK) {
        return status;
    }
    union record record;
    memset(&record, 0, sizeof(record));
    const size_t size = describe(object, &record);
    object_unref(object);
    return give_record(request, &record, size);
}

// Topics and versions that 2018 does not have.
static zx_status_t get_later_info(const struct record_request *request, uint32_t topic) {
    switch (topic) {
    case ZX_INFO_TIMER:
        return inspect(request, ZX_OBJ_TYPE_TIMER, describe_timer);
    case ZX_INFO_VMO_V2:
    case ZX_INFO_VMO_V3:
    case ZX_INFO_VMO:
        return info_vmo(request, topic);
    case ZX_INFO_TASK_STATS:
        return info_task_stats(request, topic);
    case ZX_INFO_PROCESS_MAPS_V2:
    case ZX_INFO_PROCESS_MAPS:
        return info_process_maps(request, topic);
    case ZX_INFO_PROCESS_VMOS_V2:
    case ZX_INFO_PROCESS_VMOS_V3:
    case ZX_INFO_PROCESS_VMOS:
        return info_process_vmos(request, topic);
    case ZX_INFO_HANDLE_TABLE:
        return info_handle_table(request);
    case ZX_INFO_GUEST_STATS:
        return info_guest_stats(request);
    default:
        return task_info(request, topic);
    }
}

static zx_status_t get_info(const struct record_request *request, uint32_t topic) {
    switch (topic) {
    case ZX_INFO_HANDLE_VALID:
        return info_handle_valid(request);
    case ZX_INFO_HANDLE_BASIC:
        return info_handle_basic(request);
    case ZX_INFO_HANDLE_COUNT:
        return inspect(request, ZX_OBJ_TYPE_NONE, describe_handle_count);
    case ZX_INFO_VMAR:
        return inspect(request, ZX_OBJ_TYPE_VMAR, describe_vmar);
    case ZX_INFO_RESOURCE:
        return inspect(request, ZX_OBJ_TYPE_RESOURCE, describe_resource);
    case ZX_INFO_VCPU:
        return inspect(request, ZX_OBJ_TYPE_VCPU, describe_vcpu);
    case ZX_INFO_VMO_V1: // The record of 2018, too.
        return info_vmo(request, topic);
    case ZX_INFO_TASK_STATS_V1:
        return info_task_stats(request, topic);
    case ZX_INFO_PROCESS_MAPS_V1:
        return info_process_maps(request, topic);
    case ZX_INFO_PROCESS_VMOS_V1:
        return info_process_vmos(request, topic);
    case ZX_INFO_PROCESS_HANDLE_STATS:
        return info_process_handle_stats(request);
    default:
        return request->era->later_records ? get_later_info(request, topic)
                                           : task_info(request, topic);
    }
}

zx_status_t sys_object_get_info(const struct era *era, zx_handle_t handle, uint32_t topic,
                                void *buffer, size_t buffer_size, size_t *actual, size_t *avail) {
    const struct record_request request = {handle, buffer, buffer_size, actual, avail, era};
    const zx_status_t status = get_info(&request, topic);
    return status == ZX_ERR_WRONG_TYPE
               ? refuse_unless_told(status, "handle is of a type that topic % does not tell of",
                                    topic)
               : status;
}
