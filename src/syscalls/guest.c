// SPDX-License-Identifier: MIT
//
// zx_guest_create() and zx_guest_set_trap(): argument checks in each era's order (hypervisor ABI
// 3.1, 3.2). This version has no engine behind them yet: a guest cannot be made, so what would be
// done with one is refused where its handle is looked up.

#include "objects/handle_table.h"
#include "objects/log.h"
#include "objects/resource.h"

#include <zircon/syscalls.h>

static zx_status_t no_engine(void) {
    log_line(ZIRCONIA_LOG_ERROR, "this version of the library cannot run guests yet");
    return ZX_ERR_NOT_SUPPORTED;
}

// `elsewhere` is the era's answer to a SYSTEM resource that does not cover the hypervisor's base.
static zx_status_t check_resource(struct object *object, zx_status_t elsewhere) {
    const struct resource *resource = resource_from_object(object);
    if (resource->kind == ZX_RSRC_KIND_ROOT) {
        return ZX_OK;
    }
    if (resource->kind != ZX_RSRC_KIND_SYSTEM) {
        return ZX_ERR_WRONG_TYPE;
    }
    return resource_covers(resource, ZX_RSRC_SYSTEM_HYPERVISOR_BASE) ? ZX_OK : elsewhere;
}

static zx_status_t find_resource(zx_handle_t handle, zx_status_t elsewhere) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_RESOURCE, ZX_RIGHT_NONE, &object);
    if (status == ZX_OK) {
        status = check_resource(object, elsewhere);
        object_unref(object);
    }
    return status;
}

zx_status_t zx_guest_create(zx_handle_t resource, uint32_t options, zx_handle_t *guest_handle,
                            zx_handle_t *vmar_handle) {
    (void)guest_handle;
    (void)vmar_handle;
    const zx_status_t status = find_resource(resource, ZX_ERR_OUT_OF_RANGE);
    if (status != ZX_OK) {
        return status;
    }
    return options == 0 ? no_engine() : ZX_ERR_INVALID_ARGS;
}

zx_status_t zirconia_2018_guest_create(zx_handle_t resource, uint32_t options,
                                       zx_handle_t *guest_handle, zx_handle_t *vmar_handle) {
    (void)guest_handle;
    (void)vmar_handle;
    if (options != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    const zx_status_t status = find_resource(resource, ZX_ERR_WRONG_TYPE);
    return status == ZX_OK ? no_engine() : status;
}

zx_status_t zx_guest_set_trap(zx_handle_t handle, uint32_t kind, zx_vaddr_t addr, size_t size,
                              zx_handle_t port_handle, uint64_t key) {
    (void)kind;
    (void)addr;
    (void)size;
    (void)port_handle;
    (void)key;
    struct object *object = NULL;
    const zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_GUEST, ZX_RIGHT_WRITE, &object);
    if (status != ZX_OK) {
        return status;
    }
    object_unref(object);
    return no_engine();
}

zx_status_t zirconia_2018_guest_set_trap(zx_handle_t handle, uint32_t kind, zx_vaddr_t addr,
                                         size_t size, zx_handle_t port_handle, uint64_t key) {
    (void)kind;
    (void)addr;
    (void)size;
    (void)port_handle;
    (void)key;
    struct object *object = NULL;
    const zx_status_t status =
        handle_lookup_2018(handle, ZX_OBJ_TYPE_GUEST, ZX_RIGHT_WRITE, &object);
    if (status != ZX_OK) {
        return status;
    }
    object_unref(object);
    return no_engine();
}
