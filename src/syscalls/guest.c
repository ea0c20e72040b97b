// SPDX-License-Identifier: MIT
//
// zx_guest_create(), zx_guest_set_trap() and the choice of a guest's clock: argument checks in
// each era's order (hypervisor ABI 3.1, 3.2).

#include "engine/guest.h"
#include "objects/resource.h"
#include "objects/vmar.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>
#include <zirconia/virtual_time.h>

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

// The guest's handle is written first, then its VMAR's; if that fails the first is closed again.
static zx_status_t give_guest(struct guest *guest, zx_handle_t *guest_handle,
                              zx_handle_t *vmar_handle, bool abi_2018) {
    struct vmar *vmar = NULL;
    zx_status_t status = vmar_create_root(guest->space, &vmar);
    if (status != ZX_OK) {
        return status;
    }
    const zx_rights_t guest_rights =
        abi_2018 ? ZIRCONIA_2018_GUEST_RIGHTS : ZIRCONIA_2022_GUEST_RIGHTS;
    const zx_rights_t vmar_rights = abi_2018 ? VMAR_ROOT_RIGHTS_2018 : VMAR_ROOT_RIGHTS;
    zx_handle_t handle = ZX_HANDLE_INVALID;
    status = handle_create(&guest->object, guest_rights, &handle);
    if (status == ZX_OK) {
        status = copy_to_client(guest_handle, &handle, sizeof handle);
        if (status == ZX_OK) {
            status = give_handle(&vmar->object, vmar_rights, vmar_handle);
        }
        if (status != ZX_OK) {
            handle_close(handle);
        }
    }
    object_unref(&vmar->object);
    return status;
}

static zx_status_t create(zx_handle_t *guest_handle, zx_handle_t *vmar_handle, bool abi_2018) {
    struct guest *guest = NULL;
    zx_status_t status = guest_create(&guest);
    if (status == ZX_OK) {
        status = give_guest(guest, guest_handle, vmar_handle, abi_2018);
        object_unref(&guest->object);
    }
    return status;
}

zx_status_t sys_guest_create(zx_handle_t resource, uint32_t options, zx_handle_t *guest_handle,
                             zx_handle_t *vmar_handle) {
    const zx_status_t status = find_resource(resource, ZX_ERR_OUT_OF_RANGE);
    if (status != ZX_OK) {
        return status;
    }
    return options == 0 ? create(guest_handle, vmar_handle, false) : ZX_ERR_INVALID_ARGS;
}

zx_status_t sys_2018_guest_create(zx_handle_t resource, uint32_t options, zx_handle_t *guest_handle,
                                  zx_handle_t *vmar_handle) {
    if (options != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    const zx_status_t status = find_resource(resource, ZX_ERR_WRONG_TYPE);
    return status == ZX_OK ? create(guest_handle, vmar_handle, true) : status;
}

static zx_status_t set_trap(zx_handle_t handle, const struct trap *trap, zx_handle_t port_handle,
                            bool abi_2018) {
    struct object *guest = NULL;
    zx_status_t status = look_up(handle, ZX_OBJ_TYPE_GUEST, ZX_RIGHT_WRITE, abi_2018, &guest);
    if (status != ZX_OK) {
        return status;
    }
    struct object *port = NULL;
    if (port_handle != ZX_HANDLE_INVALID) {
        status = look_up(port_handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, abi_2018, &port);
    }
    if (status == ZX_OK) {
        status = guest_set_trap(guest_from_object(guest), trap, (struct port *)port, abi_2018);
    }
    if (port != NULL) {
        object_unref(port);
    }
    object_unref(guest);
    return status;
}

zx_status_t sys_guest_set_trap(zx_handle_t handle, uint32_t kind, zx_vaddr_t addr, size_t size,
                               zx_handle_t port_handle, uint64_t key) {
    const struct trap trap = {.kind = kind, .base = addr, .size = size, .key = key};
    return set_trap(handle, &trap, port_handle, false);
}

zx_status_t sys_2018_guest_set_trap(zx_handle_t handle, uint32_t kind, zx_vaddr_t addr, size_t size,
                                    zx_handle_t port_handle, uint64_t key) {
    const struct trap trap = {.kind = kind, .base = addr, .size = size, .key = key};
    return set_trap(handle, &trap, port_handle, true);
}

zx_status_t sys_guest_use_virtual_time(zx_handle_t handle) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_GUEST, ZX_RIGHT_WRITE, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct guest *guest = guest_from_object(object);
    turn_take_call(&guest->turn);
    status = guest_clock_use_virtual_time(guest);
    turn_give_call(&guest->turn);
    object_unref(object);
    return status;
}
