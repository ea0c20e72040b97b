// SPDX-License-Identifier: MIT
//
// zx_object_get_info() about the guests of the whole library: their exits, which Zircon counts by
// the processor of the host that they happen on. Here all are counted for the first.

#include "engine/observe.h"
#include "objects/resource.h"
#include "syscalls/info.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls/object.h>
#include <zircon/syscalls/resource.h>

static zx_status_t check_resource(const struct record_request *request) {
    struct object *object = NULL;
    zx_status_t status =
        handle_lookup(request->handle, ZX_OBJ_TYPE_RESOURCE, ZX_RIGHT_NONE, &object);
    if (status != ZX_OK) {
        return status;
    }
    const struct resource *resource = resource_from_object(object);
    if (resource->kind != ZX_RSRC_KIND_SYSTEM) {
        status = refuse_value(ZX_ERR_WRONG_TYPE, "the resource is of kind %, not SYSTEM",
                              resource->kind);
    } else if (!resource_covers(resource, ZX_RSRC_SYSTEM_INFO_BASE)) {
        status = refuse_value(ZX_ERR_OUT_OF_RANGE, "the resource does not cover base %",
                              ZX_RSRC_SYSTEM_INFO_BASE);
    }
    object_unref(object);
    return status;
}

static zx_x86_64_info_guest_stats_t describe(void) {
    uint64_t counts[ZIRCONIA_EXIT_KIND_COUNT];
    zx_x86_64_info_guest_stats_t stats = {0};
    observe_count_all(counts);
    stats.interrupt_windows = counts[ZIRCONIA_EXIT_INTERRUPT_WINDOW];
    stats.cpuid_instructions = counts[ZIRCONIA_EXIT_CPUID];
    stats.hlt_instructions = counts[ZIRCONIA_EXIT_HLT];
    stats.control_register_accesses = counts[ZIRCONIA_EXIT_CONTROL_REGISTER_ACCESS];
    stats.io_instructions = counts[ZIRCONIA_EXIT_IO_INSTRUCTION];
    stats.rdmsr_instructions = counts[ZIRCONIA_EXIT_RDMSR];
    stats.wrmsr_instructions = counts[ZIRCONIA_EXIT_WRMSR];
    stats.ept_violations = counts[ZIRCONIA_EXIT_EPT_VIOLATION];
    stats.xsetbv_instructions = counts[ZIRCONIA_EXIT_XSETBV];
    stats.pause_instructions = counts[ZIRCONIA_EXIT_PAUSE];
    stats.vmcall_instructions = counts[ZIRCONIA_EXIT_VMCALL];
    stats.vm_exits = counts[ZIRCONIA_EXIT_TRIPLE_FAULT];
    for (int kind = 0; kind <= ZIRCONIA_EXIT_PAUSE; kind++) {
        stats.vm_exits += counts[kind];
    }
    stats.vm_entries = stats.vm_exits;
    return stats;
}

zx_status_t info_guest_stats(const struct record_request *request) {
    const size_t room = request->buffer_size / sizeof(zx_x86_64_info_guest_stats_t);
    const size_t count = sys_system_get_num_cpus();
    zx_status_t status = check_resource(request);
    for (size_t i = 0; i < count && i < room && status == ZX_OK; i++) {
        zx_x86_64_info_guest_stats_t record = {0};
        if (i == 0) {
            record = describe();
        }
        record.cpu_number = (uint32_t)i;
        record.flags = ZX_INFO_CPU_STATS_FLAG_ONLINE;
        status =
            copy_to_client(client_at(request->buffer, i * sizeof(record)), &record, sizeof(record));
    }
    return status == ZX_OK ? give_counts(request, count < room ? count : room, count) : status;
}
