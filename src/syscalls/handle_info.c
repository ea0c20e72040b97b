// SPDX-License-Identifier: MIT
//
// zx_object_get_info() about the handles of the process (objects ABI 1.9).

#include "syscalls/info.h"

#include "syscalls/syscalls.h"

#include <zircon/syscalls/object.h>

static zx_status_t find_process(const struct record_request *request, zx_rights_t rights) {
    struct object *object = NULL;
    const zx_status_t status =
        look_up(request->era, request->handle, ZX_OBJ_TYPE_PROCESS, rights, &object);
    if (status == ZX_OK) {
        object_unref(object);
    }
    return status != ZX_ERR_ACCESS_DENIED
               ? status
               : refuse_value(status, "handle lacks one of the rights %", rights);
}

zx_status_t info_process_handle_stats(const struct record_request *request) {
    enum { TYPES = 64 };
    _Static_assert(sizeof(zx_info_process_handle_stats_t) == TYPES * sizeof(uint32_t), "a count");
    zx_info_process_handle_stats_t stats = {{0}};
    struct handle_entry entry;
    uint32_t place = 0;
    const zx_status_t status = find_process(request, ZX_RIGHT_INSPECT);
    if (status != ZX_OK) {
        return status;
    }
    while (handle_next(&place, &entry)) {
        stats.handle_count[entry.object->ops->type % TYPES]++;
        object_unref(entry.object);
    }
    return give_record(request, &stats, sizeof(stats));
}

static zx_info_handle_extended_t describe(const struct handle_entry *entry) {
    const struct object *object = entry->object;
    zx_info_handle_extended_t record = {
        .type = object->ops->type,
        .handle_value = entry->value,
        .rights = entry->rights,
        .koid = object->koid,
    };
    if (object->ops->related_koid != NULL) {
        record.related_koid = object->ops->related_koid(object);
    }
    return record;
}

zx_status_t info_handle_table(const struct record_request *request) {
    const size_t room = request->buffer_size / sizeof(zx_info_handle_extended_t);
    const zx_rights_t rights = ZX_RIGHT_INSPECT | ZX_RIGHT_MANAGE_PROCESS | ZX_RIGHT_MANAGE_THREAD;
    struct handle_entry entry;
    uint32_t place = 0;
    size_t count = 0;
    zx_status_t status = find_process(request, rights);
    while (status == ZX_OK && handle_next(&place, &entry)) {
        const zx_info_handle_extended_t record = describe(&entry);
        object_unref(entry.object);
        if (count < room) {
            status = copy_to_client(client_at(request->buffer, count * sizeof(record)), &record,
                                    sizeof(record));
        }
        count++;
    }
    if (status != ZX_OK) {
        return status;
    }
    // Without a buffer the call may ask for the number alone, in either place.
    const bool counts = request->buffer == NULL && request->avail == NULL;
    return give_counts(request, counts || count < room ? count : room, count);
}
