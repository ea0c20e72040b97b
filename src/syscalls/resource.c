// SPDX-License-Identifier: MIT
//
// Where resources come from: on Zircon from the component manager, here from the library itself.

#include "objects/resource.h"

#include "syscalls/syscalls.h"

#include <zirconia/zirconia.h>

zx_status_t sys_resource_create(uint32_t kind, uint64_t base, uint64_t size, zx_handle_t *out) {
    if (kind >= ZX_RSRC_KIND_COUNT) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "kind % is unknown", kind);
    }
    if (size > 0 && base > UINT64_MAX - (size - 1)) {
        return refuse_values(ZX_ERR_INVALID_ARGS, "base % and size % together pass 2^64", base,
                             size);
    }
    struct resource *resource = NULL;
    const zx_status_t status = resource_create(kind, base, size, &resource);
    return status == ZX_OK ? hand_over(&resource->object, ZX_DEFAULT_RESOURCE_RIGHTS, out) : status;
}

zx_status_t sys_hypervisor_resource(zx_handle_t *out) {
    return sys_resource_create(ZX_RSRC_KIND_SYSTEM, ZX_RSRC_SYSTEM_HYPERVISOR_BASE, 1, out);
}
