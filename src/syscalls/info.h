// SPDX-License-Identifier: MIT
//
// What the files that answer zx_object_get_info() share (objects ABI 1.9).

#ifndef SYSCALLS_INFO_H
#define SYSCALLS_INFO_H

#include "objects/era.h"

#include <stddef.h>
#include <zircon/syscalls/object.h>
#include <zircon/types.h>

struct memory_counts;
struct vmo;

// The version of a record that a topic asks for, from 0 on.
#define INFO_VERSION(topic) ((topic) >> 28)

// The client's pointers for the records of a topic, and how it asks for them.
struct record_request {
    zx_handle_t handle;
    void *buffer;
    size_t buffer_size;
    size_t *actual;
    size_t *avail;
    const struct era *era;
};

// Answers a topic with one record.
zx_status_t give_record(const struct record_request *request, const void *record,
                        size_t record_size);

// Answers a topic with any number of koids, of which `count` are given out of `available`.
zx_status_t give_koids(const struct record_request *request, const zx_koid_t *koids, size_t count,
                       size_t available);

// Writes `actual` and `avail`, for a topic with any number of records.
zx_status_t give_counts(const struct record_request *request, size_t actual, size_t available);

// memory_info.c: whether the request may look at the process that it names.
zx_status_t check_process(const struct record_request *request);

// memory_info.c: the memory that a range of a VMO takes. Whether a shared page counts for each VMO
// or for one alone depends on the record that is asked for.
void count_memory(struct vmo *vmo, uint64_t offset, uint64_t length, bool each,
                  struct memory_counts *out);

// memory_info.c: the newest form of a VMO's record, as through a handle with these rights, and how
// much of it the version of a topic about VMOs has.
zx_info_vmo_v4_t describe_vmo(const struct record_request *request, uint32_t topic, struct vmo *vmo,
                              zx_rights_t rights);
size_t vmo_record_size(uint32_t topic);

// memory_info.c, process_memory_info.c, handle_info.c, guest_info.c
zx_status_t info_vmo(const struct record_request *request, uint32_t topic);
zx_status_t info_task_stats(const struct record_request *request, uint32_t topic);
zx_status_t info_process_maps(const struct record_request *request, uint32_t topic);
zx_status_t info_process_vmos(const struct record_request *request, uint32_t topic);
zx_status_t info_process_handle_stats(const struct record_request *request);
zx_status_t info_handle_table(const struct record_request *request);
zx_status_t info_guest_stats(const struct record_request *request);

// The topics about tasks; ZX_ERR_NOT_SUPPORTED for every other.
zx_status_t task_info(const struct record_request *request, uint32_t topic);

#endif // SYSCALLS_INFO_H
