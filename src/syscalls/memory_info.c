// SPDX-License-Identifier: MIT
//
// zx_object_get_info() about memory: VMOs, and what the process has mapped (objects ABI 1.9).

#include "objects/process_space.h"
#include "objects/shared_pages.h"
#include "objects/vmo.h"
#include "syscalls/info.h"
#include "syscalls/syscalls.h"
#include "tasks/process.h"

#include <string.h>

#define RESIZABLE_2018 1u // A flag of create_options.

// A page that VMOs share counts for each of them in the records of 2024 and later. Before, it was a
// page of the oldest alone.
void count_memory(struct vmo *vmo, uint64_t offset, uint64_t length, bool each,
                  struct memory_counts *out) {
    vmo_count_memory(vmo, offset, length, out);
    if (!each) {
        out->visible = out->eldest;
        out->unshared = out->eldest;
        out->scaled = out->eldest;
        out->scaled_fraction = 0;
    }
}

static bool is_newest_vmo_record(const struct record_request *request, uint32_t topic) {
    return request->era->later_records && vmo_record_size(topic) == sizeof(zx_info_vmo_v4_t);
}

static void describe_memory(struct vmo *vmo, bool each, zx_info_vmo_v4_t *record) {
    struct memory_counts counts;
    count_memory(vmo, 0, vmo->size, each, &counts);
    record->committed_bytes = counts.visible;
    record->committed_private_bytes = counts.unshared;
    record->committed_scaled_bytes = counts.scaled;
    record->committed_fractional_scaled_bytes = counts.scaled_fraction;
    // Nothing is ever compressed.
    record->populated_bytes = counts.visible;
    record->populated_private_bytes = counts.unshared;
    record->populated_scaled_bytes = counts.scaled;
    record->populated_fractional_scaled_bytes = counts.scaled_fraction;
    record->metadata_bytes = counts.visible != 0
                                 ? sizeof(*vmo)
                                 : 0; // In Zircon this is the memory for the list of pages.
}

// The memory and the mappings of a slice are those of its source.
zx_info_vmo_v4_t describe_vmo(const struct record_request *request, uint32_t topic, struct vmo *vmo,
                              zx_rights_t rights) {
    zx_info_vmo_v4_t record;
    memset(&record, 0, sizeof(record));
    record.koid = vmo->object.koid;
    object_get_name(&vmo->object, record.name);
    record.size_bytes = vmo->size;
    record.parent_koid = vmo->parent_koid;
    record.num_children = vmo_children(vmo);
    record.flags = ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_VIA_HANDLE;
    record.flags |= vmo->resizable ? ZX_INFO_VMO_RESIZABLE : 0;
    record.flags |= vmo->kinship == VMO_COPY ? ZX_INFO_VMO_IS_COW_CLONE : 0;
    record.handle_rights = rights;
    record.cache_policy = vmo->policy;
    if (vmo->source == vmo) {
        vmo_count_users(vmo, &record.num_mappings, &record.share_count);
        describe_memory(vmo, is_newest_vmo_record(request, topic), &record);
    }
    return record;
}

// 2018 had no flag for a VMO that can be resized, and no rights of the handle.
static zirconia_2018_info_vmo_t as_in_2018(const zx_info_vmo_v4_t *record) {
    zirconia_2018_info_vmo_t old;
    memset(&old, 0, sizeof(old));
    old.koid = record->koid;
    memcpy(old.name, record->name, sizeof(old.name));
    old.size_bytes = record->size_bytes;
    old.parent_koid = record->parent_koid;
    old.num_children = record->num_children;
    old.num_mappings = record->num_mappings;
    old.share_count = record->share_count;
    old.flags = record->flags & ~ZX_INFO_VMO_RESIZABLE;
    old.committed_bytes = record->committed_bytes;
    old.create_options = (record->flags & ZX_INFO_VMO_RESIZABLE) != 0 ? RESIZABLE_2018 : 0;
    old.cache_policy = record->cache_policy;
    return old;
}

// 2018 counted no record as available.
static zx_status_t give_record_of_2018(const struct record_request *request,
                                       const zx_info_vmo_v4_t *record) {
    const zirconia_2018_info_vmo_t old = as_in_2018(record);
    const size_t none = 0;
    struct record_request without = *request;
    without.avail = NULL;
    const zx_status_t status = give_record(&without, &old, sizeof(old));
    if (status != ZX_OK || request->avail == NULL) {
        return status;
    }
    return copy_to_client(request->avail, &none, sizeof(none));
}

// A version of the record begins as the one before it.
size_t vmo_record_size(uint32_t topic) {
    static const size_t sizes[] = {sizeof(zx_info_vmo_v1_t), sizeof(zx_info_vmo_v2_t),
                                   sizeof(zx_info_vmo_v3_t), sizeof(zx_info_vmo_v4_t)};
    return sizes[INFO_VERSION(topic)];
}

zx_status_t info_vmo(const struct record_request *request, uint32_t topic) {
    struct object *object = NULL;
    zx_rights_t rights = 0;
    const zx_status_t status =
        handle_lookup_rights(request->handle, ZX_OBJ_TYPE_VMO, &object, &rights);
    if (status != ZX_OK) {
        return status;
    }
    const zx_info_vmo_v4_t record = describe_vmo(request, topic, vmo_from_object(object), rights);
    object_unref(object);
    if (!request->era->later_records) {
        return give_record_of_2018(request, &record);
    }
    return give_record(request, &record, vmo_record_size(topic));
}

// --- What is mapped ---

// Memory that several spaces map is shared, and counts for this space's share.
static void add_mapped(zx_info_task_stats_v2_t *stats, const struct memory_counts *counts,
                       size_t spaces) {
    const uint64_t one = UINT64_C(1) << 63;
    const uint64_t unshared = spaces > 1 ? 0 : counts->unshared;
    const uint64_t scaled = counts->scaled - unshared;
    stats->mem_private_bytes += (size_t)unshared;
    stats->mem_shared_bytes += (size_t)(counts->visible - unshared);
    stats->mem_scaled_shared_bytes += (size_t)(scaled / spaces);
    stats->mem_fractional_scaled_shared_bytes +=
        one / spaces * (scaled % spaces) + counts->scaled_fraction / spaces;
    if (stats->mem_fractional_scaled_shared_bytes >= one) {
        stats->mem_fractional_scaled_shared_bytes -= one;
        stats->mem_scaled_shared_bytes++;
    }
}

struct task_sum {
    zx_info_task_stats_v2_t stats;
    bool each;
};

static void add_mapping(const struct mapping_view *view, void *argument) {
    struct task_sum *sum = argument;
    struct memory_counts counts;
    size_t mappings = 0;
    size_t spaces = 0;
    vmo_count_users(view->vmo, &mappings, &spaces);
    count_memory(view->vmo, view->vmo_offset, view->length, sum->each, &counts);
    sum->stats.mem_mapped_bytes += (size_t)view->length;
    add_mapped(&sum->stats, &counts, spaces > 1 ? spaces : 1);
}

zx_status_t check_process(const struct record_request *request) {
    struct object *object = NULL;
    const zx_status_t status = look_up(request->era, request->handle, ZX_OBJ_TYPE_PROCESS,
                                       request->era->inspect_right, &object);
    if (status == ZX_OK) {
        object_unref(object);
    }
    return status;
}

zx_status_t info_task_stats(const struct record_request *request, uint32_t topic) {
    const zx_status_t status = check_process(request);
    if (status != ZX_OK) {
        return status;
    }
    const bool newest = request->era->later_records && topic == ZX_INFO_TASK_STATS;
    struct task_sum sum = {.each = newest};
    process_each_mapping(add_mapping, &sum);
    return give_record(request, &sum.stats,
                       newest ? sizeof(sum.stats) : sizeof(zx_info_task_stats_v1_t));
}
