// SPDX-License-Identifier: MIT
//
// The VMAR calls (objects ABI 5.3 and 5.4): handles, rights, and the checks that need rights. The
// rest of the order is in objects/vmar.c.

#include "objects/vmar.h"

#include "objects/handle_table.h"
#include "objects/process_space.h"
#include "syscalls/syscalls.h"

#include <zircon/process.h>
#include <zircon/syscalls.h>

// Both handles of zx_vmar_map(), with what their rights have in common.
struct map_handles {
    struct object *vmar;
    struct object *vmo;
    zx_rights_t vmo_rights;
    zx_rights_t common_rights;
};

static zx_status_t look_up(zx_handle_t vmar, zx_handle_t vmo, struct map_handles *out) {
    zx_rights_t vmar_rights = 0;
    zx_status_t status = handle_lookup_rights(vmar, ZX_OBJ_TYPE_VMAR, &out->vmar, &vmar_rights);
    if (status != ZX_OK) {
        return status;
    }
    status = handle_lookup_rights(vmo, ZX_OBJ_TYPE_VMO, &out->vmo, &out->vmo_rights);
    if (status != ZX_OK) {
        object_unref(out->vmar);
        return status;
    }
    out->common_rights = vmar_rights & out->vmo_rights;
    return ZX_OK;
}

// Steps 3 to 7.
static zx_status_t check_rights(const struct map_handles *handles, uint32_t options) {
    const uint32_t can_map = ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE | ZX_VM_CAN_MAP_EXECUTE;
    if ((handles->vmo_rights & ZX_RIGHT_MAP) == 0) {
        return ZX_ERR_ACCESS_DENIED;
    }
    if ((options & (ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE)) != 0 &&
        (options & ZX_VM_PERM_READ) == 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    if ((options & ZX_VM_MAP_RANGE) != 0 && (options & ZX_VM_SPECIFIC_OVERWRITE) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    if ((options & can_map) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    const zx_rights_t needed = ((options & ZX_VM_PERM_READ) != 0 ? ZX_RIGHT_READ : 0) |
                               ((options & ZX_VM_PERM_WRITE) != 0 ? ZX_RIGHT_WRITE : 0) |
                               ((options & ZX_VM_PERM_EXECUTE) != 0 ? ZX_RIGHT_EXECUTE : 0);
    return (needed & ~handles->common_rights) == 0 ? ZX_OK : ZX_ERR_ACCESS_DENIED;
}

static zx_status_t map(zx_handle_t vmar, zx_handle_t vmo, struct vmar_map_request *request,
                       zx_vaddr_t *mapped_addr) {
    struct map_handles handles;
    zx_status_t status = look_up(vmar, vmo, &handles);
    if (status != ZX_OK) {
        return status;
    }
    uint64_t address = 0;
    // x86-64 cannot map for execution alone, so this option always means READ.
    if (!request->abi_2018 && (request->options & ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED) != 0 &&
        (request->options & ZX_VM_PERM_EXECUTE) != 0) {
        request->options |= ZX_VM_PERM_READ;
    }
    status = check_rights(&handles, request->options);
    if (status == ZX_OK) {
        request->vmo = vmo_from_object(handles.vmo);
        status = vmar_map(vmar_from_object(handles.vmar), request, &address);
    }
    if (status == ZX_OK) {
        const zx_vaddr_t result = (zx_vaddr_t)address;
        status = copy_to_client(mapped_addr, &result, sizeof(result));
        if (status != ZX_OK) {
            vmar_unmap(vmar_from_object(handles.vmar), address, request->length);
        }
    }
    object_unref(handles.vmo);
    object_unref(handles.vmar);
    return status;
}

zx_status_t zx_vmar_map(zx_handle_t handle, zx_vm_option_t options, size_t vmar_offset,
                        zx_handle_t vmo, uint64_t vmo_offset, size_t len, zx_vaddr_t *mapped_addr) {
    struct vmar_map_request request = {
        .options = options,
        .vmar_offset = vmar_offset,
        .vmo_offset = vmo_offset,
        .length = len,
    };
    return map(handle, vmo, &request, mapped_addr);
}

zx_status_t zirconia_2018_vmar_map(zx_handle_t handle, zx_vm_option_t options, size_t vmar_offset,
                                   zx_handle_t vmo, uint64_t vmo_offset, size_t len,
                                   zx_vaddr_t *mapped_addr) {
    struct vmar_map_request request = {
        .options = options,
        .vmar_offset = vmar_offset,
        .vmo_offset = vmo_offset,
        .length = len,
        .abi_2018 = true,
    };
    return map(handle, vmo, &request, mapped_addr);
}

zx_status_t zx_vmar_unmap(zx_handle_t handle, zx_vaddr_t addr, size_t len) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_VMAR, ZX_RIGHT_NONE, &object);
    if (status == ZX_OK) {
        status = vmar_unmap(vmar_from_object(object), addr, len);
        object_unref(object);
    }
    return status;
}

static zx_handle_t root_handle = ZX_HANDLE_INVALID;

static void make_root_handle(void) {
    struct vmar *root = process_root_vmar();
    if (root != NULL) {
        handle_create(&root->object, VMAR_ROOT_RIGHTS, &root_handle);
    }
}

zx_handle_t zx_vmar_root_self(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, make_root_handle);
    return root_handle;
}
