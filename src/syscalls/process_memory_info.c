// SPDX-License-Identifier: MIT
//
// zx_object_get_info() about the memory of the process (objects ABI 1.9): its address space, as far
// as this library gives it out, and its VMOs. Records are written when no lock is held, as the
// client's memory may be a mapping of them.

#include "objects/process_space.h"
#include "objects/shared_pages.h"
#include "objects/vmo.h"
#include "syscalls/info.h"
#include "syscalls/syscalls.h"
#include "tasks/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/limits.h>
#include <zircon/syscalls/object.h>

// 2018 refused to show a process its own memory, which is the only one that there is.
static zx_status_t check_own_memory(const struct record_request *request) {
    const zx_status_t status = check_process(request);
    return status == ZX_OK && !request->era->own_memory
               ? refuse(ZX_ERR_ACCESS_DENIED, "a process does not see its own memory")
               : status;
}

// --- What the walk over the space collects ---

struct collection {
    struct space_entry *entries; // Each with a reference to its VMO, where it has one.
    size_t room;
    size_t count; // How many entries there are, which may be more than there was room for.
};

static void collect(const struct space_entry *entry, void *argument) {
    struct collection *collection = argument;
    if (collection->count < collection->room) {
        collection->entries[collection->count] = *entry;
        if (entry->view.vmo != NULL) {
            vmo_ref(entry->view.vmo);
        }
    }
    collection->count++;
}

static void drop(struct collection *collection) {
    const size_t held = collection->count < collection->room ? collection->count : collection->room;
    for (size_t i = 0; i < held; i++) {
        if (collection->entries[i].view.vmo != NULL) {
            vmo_unref(collection->entries[i].view.vmo);
        }
    }
    free(collection->entries);
}

// Collects all entries. NO_MEMORY, or BAD_STATE when the root is destroyed. If other threads have
// mapped more than there was room for, it begins again.
static zx_status_t collect_all(struct collection *out) {
    if (process_root_vmar() == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    do {
        *out = (struct collection){NULL, 0, 0};
        process_walk(collect, out);
        if (out->count == 0) {
            return refuse(ZX_ERR_BAD_STATE, "the root region is destroyed");
        }
        struct collection full = {NULL, out->count, 0};
        full.entries = calloc(full.room, sizeof(*full.entries));
        if (full.entries == NULL) {
            return ZX_ERR_NO_MEMORY;
        }
        process_walk(collect, &full);
        *out = full;
        if (out->count > out->room) {
            drop(out);
        }
    } while (out->count > out->room);
    return ZX_OK;
}

// --- Maps ---

static void describe_mapping(const struct mapping_view *view, bool each,
                             zx_info_maps_mapping_v3_t *out) {
    struct memory_counts counts;
    count_memory(view->vmo, view->vmo_offset, view->length, each, &counts);
    out->mmu_flags = view->permissions;
    out->vmo_koid = view->vmo->object.koid;
    out->vmo_offset = view->vmo_offset;
    out->committed_bytes = (size_t)counts.visible;
    out->committed_private_bytes = (size_t)counts.unshared;
    out->committed_scaled_bytes = (size_t)counts.scaled;
    out->committed_fractional_scaled_bytes = counts.scaled_fraction;
    // Nothing is ever compressed.
    out->populated_bytes = out->committed_bytes;
    out->populated_private_bytes = out->committed_private_bytes;
    out->populated_scaled_bytes = out->committed_scaled_bytes;
    out->populated_fractional_scaled_bytes = counts.scaled_fraction;
}

static zx_info_maps_v3_t describe_entry(const struct space_entry *entry, bool each) {
    zx_info_maps_v3_t record;
    memset(&record, 0, sizeof(record));
    record.base = (zx_vaddr_t)entry->view.base;
    record.size = (size_t)entry->view.length;
    record.depth = entry->depth;
    if (entry->view.vmo == NULL) {
        record.type = ZX_INFO_MAPS_TYPE_VMAR;
        (void)snprintf(record.name, sizeof(record.name), "%s",
                       entry->depth == 1 ? "root" : "useralloc");
        return record;
    }
    record.type = ZX_INFO_MAPS_TYPE_MAPPING;
    object_get_name(&entry->view.vmo->object, record.name);
    describe_mapping(&entry->view, each, &record.u.mapping);
    return record;
}

static zx_info_maps_v3_t describe_space(const struct space_entry *root) {
    zx_info_maps_v3_t record = describe_entry(root, true);
    record.type = ZX_INFO_MAPS_TYPE_ASPACE;
    record.depth = 0;
    (void)snprintf(record.name, sizeof(record.name), "proc:%" PRIu64, process_object()->koid);
    return record;
}

// A version begins as the next does, but for what is counted: the first two count pages.
static zx_status_t give_map(const struct record_request *request, uint32_t topic, size_t place,
                            zx_info_maps_v3_t *record) {
    size_t size = sizeof(*record);
    if (topic != ZX_INFO_PROCESS_MAPS) {
        size = topic == ZX_INFO_PROCESS_MAPS_V1 ? sizeof(zx_info_maps_v1_t)
                                                : sizeof(zx_info_maps_v2_t);
        record->u.mapping.committed_bytes /= ZX_PAGE_SIZE;
        record->u.mapping.populated_bytes /= ZX_PAGE_SIZE;
    }
    if (place >= request->buffer_size / size) {
        return ZX_ERR_BUFFER_TOO_SMALL;
    }
    return copy_to_client(client_at(request->buffer, place * size), record, size);
}

static zx_status_t finish(const struct record_request *request, zx_status_t status, size_t given,
                          size_t available) {
    if (status != ZX_OK && status != ZX_ERR_BUFFER_TOO_SMALL) {
        return status;
    }
    return give_counts(request, given, available);
}

// The space and its root region are two records of one range.
zx_status_t info_process_maps(const struct record_request *request, uint32_t topic) {
    struct collection found;
    zx_status_t status = check_own_memory(request);
    if (status == ZX_OK) {
        status = collect_all(&found);
    }
    if (status != ZX_OK) {
        return status;
    }
    size_t given = 0;
    const size_t available = found.count + 1;
    const bool each = topic == ZX_INFO_PROCESS_MAPS;
    while (given < available && status == ZX_OK) {
        zx_info_maps_v3_t record = given == 0 ? describe_space(&found.entries[0])
                                              : describe_entry(&found.entries[given - 1], each);
        status = give_map(request, topic, given, &record);
        given += status == ZX_OK;
    }
    drop(&found);
    return finish(request, status, given, available);
}

// --- VMOs ---

// Counts every VMO, and writes the records that there is room for.
static zx_status_t give_vmo(const struct record_request *request, uint32_t topic, size_t *place,
                            const zx_info_vmo_v4_t *record) {
    const size_t size = vmo_record_size(topic);
    const size_t at = (*place)++;
    return at < request->buffer_size / size
               ? copy_to_client(client_at(request->buffer, at * size), record, size)
               : ZX_OK;
}

static zx_status_t give_vmos_of_handles(const struct record_request *request, uint32_t topic,
                                        size_t *place) {
    zx_status_t status = ZX_OK;
    struct handle_entry entry;
    uint32_t at = 0;
    while (status == ZX_OK && handle_next(&at, &entry)) {
        if (entry.object->ops->type == ZX_OBJ_TYPE_VMO) {
            const zx_info_vmo_v4_t record =
                describe_vmo(request, topic, vmo_from_object(entry.object), entry.rights);
            status = give_vmo(request, topic, place, &record);
        }
        object_unref(entry.object);
    }
    return status;
}

// One record for each mapping, so that a VMO may have several.
static zx_status_t give_vmos_of_mappings(const struct record_request *request, uint32_t topic,
                                         size_t *place) {
    struct collection found;
    zx_status_t status = collect_all(&found);
    if (status != ZX_OK) {
        return status;
    }
    for (size_t i = 0; i < found.count && status == ZX_OK; i++) {
        if (found.entries[i].view.vmo != NULL) {
            zx_info_vmo_v4_t record = describe_vmo(request, topic, found.entries[i].view.vmo, 0);
            record.flags ^= ZX_INFO_VMO_VIA_HANDLE | ZX_INFO_VMO_VIA_MAPPING;
            status = give_vmo(request, topic, place, &record);
        }
    }
    drop(&found);
    return status;
}

zx_status_t info_process_vmos(const struct record_request *request, uint32_t topic) {
    size_t count = 0;
    zx_status_t status = check_own_memory(request);
    if (status == ZX_OK) {
        status = give_vmos_of_handles(request, topic, &count);
    }
    if (status == ZX_OK) {
        status = give_vmos_of_mappings(request, topic, &count);
    }
    if (status != ZX_OK) {
        return status;
    }
    const size_t room = request->buffer_size / vmo_record_size(topic);
    return give_counts(request, count < room ? count : room, count);
}
