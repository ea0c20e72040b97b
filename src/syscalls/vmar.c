// SPDX-License-Identifier: MIT
//
// The VMAR calls (objects ABI 5.3 to 5.6): handles, rights, and the checks that need rights. The
// rest of the order is in objects/vmar.c and objects/vmar_children.c.

#include "objects/vmar.h"

#include "objects/process_space.h"
#include "syscalls/syscalls.h"

#include <zircon/process.h>
#include <zircon/syscalls.h>

// The right for each permission, or for each CAN_MAP option.
static zx_rights_t rights_for(uint32_t permissions) {
    return ((permissions & ZX_VM_PERM_READ) != 0 ? ZX_RIGHT_READ : 0u) |
           ((permissions & ZX_VM_PERM_WRITE) != 0 ? ZX_RIGHT_WRITE : 0u) |
           ((permissions & ZX_VM_PERM_EXECUTE) != 0 ? ZX_RIGHT_EXECUTE : 0u);
}

// Steps 3 to 7.
static zx_status_t check_rights(const struct held *vmar, const struct held *vmo, uint32_t options) {
    const uint32_t can_map = ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE | ZX_VM_CAN_MAP_EXECUTE;
    if ((vmo->rights & ZX_RIGHT_MAP) == 0) {
        return refuse(ZX_ERR_ACCESS_DENIED, "vmo lacks MAP");
    }
    if ((options & (ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE)) != 0 &&
        (options & ZX_VM_PERM_READ) == 0) {
        return vmar_refuse_without_read(options);
    }
    if ((options & ZX_VM_MAP_RANGE) != 0 && (options & ZX_VM_SPECIFIC_OVERWRITE) != 0) {
        return refuse(ZX_ERR_INVALID_ARGS, "options have both MAP_RANGE and SPECIFIC_OVERWRITE");
    }
    if ((options & can_map) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are for regions alone",
                            options & can_map);
    }
    const zx_rights_t needed = rights_for(options);
    return (needed & ~(vmar->rights & vmo->rights)) == 0 ? ZX_OK : ZX_ERR_ACCESS_DENIED;
}

static uint32_t permissions_of(zx_rights_t rights) {
    return ((rights & ZX_RIGHT_READ) != 0 ? ZX_VM_PERM_READ : 0u) |
           ((rights & ZX_RIGHT_WRITE) != 0 ? ZX_VM_PERM_WRITE : 0u) |
           ((rights & ZX_RIGHT_EXECUTE) != 0 ? ZX_VM_PERM_EXECUTE : 0u);
}

// x86-64 cannot map for execution alone, so PERM_READ_IF_XOM_UNSUPPORTED always means READ.
static uint32_t with_read_for_execute(const struct era *era, uint32_t options) {
    const uint32_t flag = era->mapping_options & ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED;
    return (options & flag) != 0 ? options | ZX_VM_PERM_READ : options;
}

zx_status_t sys_vmar_map(const struct era *era, const struct held *vmar, zx_vm_option_t options,
                         size_t vmar_offset, const struct held *vmo, uint64_t vmo_offset,
                         size_t len, zx_vaddr_t *mapped_addr) {
    const struct vmar_map_request request = {
        .options = with_read_for_execute(era, options),
        .vmar_offset = vmar_offset,
        .vmo = vmo_from_object(vmo->object),
        .vmo_offset = vmo_offset,
        .length = len,
        .allowed = permissions_of(vmar->rights & vmo->rights),
        .era = era,
    };
    uint64_t address = 0;
    zx_status_t status = check_rights(vmar, vmo, request.options);
    if (status == ZX_OK) {
        status = vmar_map(vmar_from_object(vmar->object), &request, &address);
    }
    if (status != ZX_OK) {
        return status;
    }
    const zx_vaddr_t result = (zx_vaddr_t)address;
    status = copy_to_client(mapped_addr, &result, sizeof(result));
    if (status != ZX_OK) {
        vmar_unmap(vmar_from_object(vmar->object), address, len, false);
    }
    return status;
}

zx_status_t sys_vmar_unmap(const struct era *era, const struct held *vmar, zx_vaddr_t addr,
                           size_t len) {
    const bool children = !era->children_right || (vmar->rights & ZX_RIGHT_OP_CHILDREN) != 0;
    return vmar_unmap(vmar_from_object(vmar->object), addr, len, children);
}

zx_status_t sys_vmar_protect(const struct era *era, zx_handle_t handle, zx_vm_option_t options,
                             zx_vaddr_t addr, size_t len) {
    struct object *object = NULL;
    const uint32_t wanted = with_read_for_execute(era, options);
    zx_status_t status = look_up(era, handle, ZX_OBJ_TYPE_VMAR, rights_for(wanted), &object);
    if (status == ZX_OK) {
        const uint32_t known =
            wanted & ~(era->mapping_options & ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED);
        status = vmar_protect(vmar_from_object(object), known, addr, len);
        object_unref(object);
    }
    return status;
}

static zx_status_t give_child(struct vmar *child, zx_rights_t rights, zx_handle_t *child_vmar,
                              zx_vaddr_t *child_addr) {
    const zx_vaddr_t address = (zx_vaddr_t)child->base;
    zx_status_t status = copy_to_client(child_addr, &address, sizeof(address));
    if (status == ZX_OK) {
        status = give_handle(&child->object, rights, child_vmar);
    }
    if (status != ZX_OK) {
        vmar_destroy(child);
    }
    return status;
}

static zx_status_t allocate(zx_handle_t parent, const struct vmar_allocate_request *request,
                            zx_handle_t *child_vmar, zx_vaddr_t *child_addr) {
    struct object *object = NULL;
    struct vmar *child = NULL;
    const zx_rights_t wanted = rights_for(request->options >> VMAR_CAN_MAP_SHIFT);
    zx_status_t status = look_up(request->era, parent, ZX_OBJ_TYPE_VMAR, wanted, &object);
    if (status != ZX_OK) {
        return status;
    }
    status = vmar_allocate(vmar_from_object(object), request, &child);
    if (status == ZX_OK) {
        status = give_child(child, request->era->vmar_rights | wanted, child_vmar, child_addr);
        object_unref(&child->object);
    }
    object_unref(object);
    return status;
}

zx_status_t sys_vmar_allocate(const struct era *era, zx_handle_t parent_vmar,
                              zx_vm_option_t options, size_t offset, size_t size,
                              zx_handle_t *child_vmar, zx_vaddr_t *child_addr) {
    const struct vmar_allocate_request request = {
        .options = options, .offset = offset, .size = size, .era = era};
    return allocate(parent_vmar, &request, child_vmar, child_addr);
}

zx_status_t sys_vmar_destroy(struct vmar *vmar) {
    return vmar_destroy(vmar);
}

// No operation has a use for the buffer.
zx_status_t sys_vmar_op_range(struct vmar *vmar, uint32_t op, zx_vaddr_t address, size_t size,
                              void *buffer, size_t buffer_size) {
    return buffer == NULL && buffer_size == 0
               ? vmar_op_range(vmar, op, address, size)
               : refuse_value(ZX_ERR_INVALID_ARGS, "no op has a buffer, and this one has size %",
                              buffer_size);
}

// --- July 2018: the options come last ---

zx_status_t sys_vmar_map_options_last(const struct era *era, const struct held *vmar,
                                      size_t vmar_offset, const struct held *vmo,
                                      uint64_t vmo_offset, size_t len, zx_vm_option_t options,
                                      zx_vaddr_t *mapped_addr) {
    return sys_vmar_map(era, vmar, options, vmar_offset, vmo, vmo_offset, len, mapped_addr);
}

zx_status_t sys_vmar_protect_options_last(const struct era *era, zx_handle_t handle,
                                          zx_vaddr_t addr, size_t len, zx_vm_option_t options) {
    return sys_vmar_protect(era, handle, options, addr, len);
}

zx_status_t sys_vmar_allocate_options_last(const struct era *era, zx_handle_t parent_vmar,
                                           size_t offset, size_t size, zx_vm_option_t options,
                                           zx_handle_t *child_vmar, zx_vaddr_t *child_addr) {
    return sys_vmar_allocate(era, parent_vmar, options, offset, size, child_vmar, child_addr);
}

zx_handle_t sys_vmar_root_self(void) {
    static _Atomic(zx_handle_t) kept;
    struct vmar *root = process_root_vmar();
    return keep_handle(&kept, root != NULL ? &root->object : NULL,
                       eras[ERA_DEFAULT].vmar_rights | VMAR_ROOT_PERMISSIONS);
}
