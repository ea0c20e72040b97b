// SPDX-License-Identifier: MIT
//
// zx_guest_create(), zx_guest_set_trap(), the choice of a guest's clock and its budget: argument
// checks in each era's order (hypervisor ABI 3.1, 3.2).

#include "engine/guest.h"
#include "objects/refusal.h"
#include "objects/resource.h"
#include "objects/vmar.h"
#include "objects/vmo.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>
#include <zirconia/virtual_time.h>

static zx_status_t check_resource(const struct era *era, struct object *object) {
    const struct resource *resource = resource_from_object(object);
    if (resource->kind == ZX_RSRC_KIND_ROOT) {
        return ZX_OK;
    }
    if (resource->kind != ZX_RSRC_KIND_SYSTEM) {
        return refuse_value(ZX_ERR_WRONG_TYPE, "the resource is of kind %, not SYSTEM or ROOT",
                            resource->kind);
    }
    return resource_covers(resource, ZX_RSRC_SYSTEM_HYPERVISOR_BASE)
               ? ZX_OK
               : refuse_value(era->resource_elsewhere,
                              "the resource does not cover base %, the "
                              "hypervisor's",
                              ZX_RSRC_SYSTEM_HYPERVISOR_BASE);
}

static zx_status_t find_resource(const struct era *era, zx_handle_t handle) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_RESOURCE, ZX_RIGHT_NONE, &object);
    if (status == ZX_OK) {
        status = check_resource(era, object);
        object_unref(object);
    }
    return status;
}

// The guest's handle is written first, then its VMAR's; if that fails the first is closed again.
static zx_status_t give_guest(const struct era *era, struct guest *guest, zx_handle_t *guest_handle,
                              zx_handle_t *vmar_handle) {
    struct vmar *vmar = NULL;
    zx_status_t status = vmar_create_root(guest->space, &vmar);
    if (status != ZX_OK) {
        return status;
    }
    zx_handle_t handle = ZX_HANDLE_INVALID;
    status = handle_create(&guest->object, era->guest_rights, &handle);
    if (status == ZX_OK) {
        status = copy_to_client(guest_handle, &handle, sizeof handle);
        if (status == ZX_OK) {
            status =
                give_handle(&vmar->object, era->vmar_rights | VMAR_ROOT_PERMISSIONS, vmar_handle);
        }
        if (status != ZX_OK) {
            handle_close(handle);
        }
    }
    object_unref(&vmar->object);
    return status;
}

static zx_status_t create(const struct era *era, zx_handle_t *guest_handle,
                          zx_handle_t *vmar_handle) {
    struct guest *guest = NULL;
    zx_status_t status = guest_create(&guest);
    if (status == ZX_OK) {
        status = give_guest(era, guest, guest_handle, vmar_handle);
        object_unref(&guest->object);
    }
    return status;
}

// The resource and the options, in the era's order.
static zx_status_t check(const struct era *era, zx_handle_t resource, uint32_t options) {
    if (era->options_before_resource && options != 0) {
        return refuse_options(options);
    }
    const zx_status_t status = find_resource(era, resource);
    return status == ZX_OK && options != 0 ? refuse_options(options) : status;
}

zx_status_t sys_guest_create(const struct era *era, zx_handle_t resource, uint32_t options,
                             zx_handle_t *guest_handle, zx_handle_t *vmar_handle) {
    const zx_status_t status = check(era, resource, options);
    return status == ZX_OK ? create(era, guest_handle, vmar_handle) : status;
}

// Maps the whole VMO at guest-physical 0, for every kind of access.
static zx_status_t map_memory(const struct era *era, struct guest *guest, struct vmo *memory) {
    const struct vmar_map_request request = {
        .options = ZX_VM_SPECIFIC | VMAR_PERMISSIONS,
        .vmo = memory,
        .length = memory->size,
        .allowed = VMAR_PERMISSIONS,
        .era = era,
    };
    struct vmar *vmar = NULL;
    zx_status_t status = vmar_create_root(guest->space, &vmar);
    if (status == ZX_OK) {
        uint64_t address = 0;
        status = vmar_map(vmar, &request, &address);
        object_unref(&vmar->object);
    }
    return status;
}

static zx_status_t create_with_memory(const struct era *era, struct vmo *memory, zx_handle_t *out) {
    struct guest *guest = NULL;
    zx_status_t status = guest_create(&guest);
    if (status == ZX_OK) {
        status = map_memory(era, guest, memory);
        if (status == ZX_OK) {
            status = give_handle(&guest->object, era->guest_rights, out);
        }
        object_unref(&guest->object);
    }
    return status;
}

// July 2018: the guest's memory is one VMO, and no VMAR comes back.
zx_status_t sys_guest_create_with_memory(const struct era *era, zx_handle_t resource,
                                         uint32_t options, zx_handle_t physmem_vmo,
                                         zx_handle_t *out) {
    const zx_rights_t wanted = ZX_RIGHT_READ | ZX_RIGHT_WRITE | ZX_RIGHT_EXECUTE;
    zx_status_t status = check(era, resource, options);
    if (status != ZX_OK) {
        return status;
    }
    struct object *memory = NULL;
    status = look_up(era, physmem_vmo, ZX_OBJ_TYPE_VMO, wanted, &memory);
    if (status == ZX_OK) {
        status = create_with_memory(era, vmo_from_object(memory), out);
        object_unref(memory);
    }
    return status;
}

zx_status_t sys_guest_set_trap(const struct era *era, struct guest *guest, uint32_t kind,
                               zx_vaddr_t addr, size_t size, struct port *port, uint64_t key) {
    const struct trap trap = {.kind = kind, .base = addr, .size = size, .key = key};
    return guest_set_trap(guest, &trap, port, era);
}

zx_status_t sys_guest_use_virtual_time(struct guest *guest) {
    turn_take_call(&guest->turn);
    const zx_status_t status = guest_clock_use_virtual_time(guest);
    turn_give_call(&guest->turn);
    return status;
}

zx_status_t sys_guest_set_budget(struct guest *guest, uint64_t work) {
    turn_take_call(&guest->turn);
    const zx_status_t status = guest_clock_set_budget(guest, work);
    turn_give_call(&guest->turn);
    return status;
}
