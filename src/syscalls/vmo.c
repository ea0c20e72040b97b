// SPDX-License-Identifier: MIT
//
// The VMO calls (objects ABI 5.1), and what makes a VMO executable.

#include "objects/vmo.h"

#include "objects/resource.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>

// The one option changed its bit and its sense.
zx_status_t sys_vmo_create(const struct era *era, uint64_t size, uint32_t options,
                           zx_handle_t *out) {
    const uint32_t known = era->resizable_vmos ? ZIRCONIA_2018_VMO_NON_RESIZABLE : ZX_VMO_RESIZABLE;
    if ((options & ~known) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options & ~known);
    }
    const bool resizable = (options == 0) == era->resizable_vmos;
    const zx_rights_t extra = resizable && era->resize_right ? ZX_RIGHT_RESIZE : 0;
    struct vmo *vmo = NULL;
    const zx_status_t status = vmo_create(size, resizable, &vmo);
    if (status != ZX_OK) {
        return status;
    }
    vmo->content_size = era->content_follows ? size : 0;
    return hand_over(&vmo->object, era->vmo_rights | extra, out);
}

// Older eras have one status for memory that may not be touched and for no memory.
static zx_status_t of_era(const struct era *era, zx_status_t status) {
    return status == ZX_ERR_ACCESS_DENIED ? refuse_as(era->untouchable_buffer) : status;
}

zx_status_t sys_vmo_read(const struct era *era, struct vmo *vmo, void *buffer, uint64_t offset,
                         size_t buffer_size) {
    return of_era(era, vmo_read(vmo, buffer, offset, buffer_size));
}

zx_status_t sys_vmo_write(const struct era *era, struct vmo *vmo, const void *buffer,
                          uint64_t offset, size_t buffer_size) {
    return of_era(era, vmo_write(vmo, buffer, offset, buffer_size));
}

zx_status_t sys_vmo_get_size(struct vmo *vmo, uint64_t *size) {
    const uint64_t bytes = vmo->size;
    return copy_to_client(size, &bytes, sizeof(bytes));
}

// RESIZE is asked for only where resizing could succeed.
static zx_rights_t resizing_rights(const struct era *era, const struct object *object) {
    const bool resizable =
        object->ops->type == ZX_OBJ_TYPE_VMO && ((const struct vmo *)object)->resizable;
    return ZX_RIGHT_WRITE | (era->resize_right && resizable ? ZX_RIGHT_RESIZE : 0);
}

zx_status_t sys_vmo_set_size(const struct era *era, zx_handle_t handle, uint64_t size) {
    struct object *object = NULL;
    zx_rights_t rights = 0;
    zx_status_t status = handle_lookup_rights(handle, ZX_OBJ_TYPE_NONE, &object, &rights);
    if (status != ZX_OK) {
        return status;
    }
    const zx_rights_t wanted = resizing_rights(era, object);
    status = judge(era, object, rights, ZX_OBJ_TYPE_VMO, wanted);
    if (status == ZX_ERR_ACCESS_DENIED) {
        refuse(status,
               (rights & ZX_RIGHT_WRITE) == 0 ? "handle lacks WRITE" : "handle lacks RESIZE");
    }
    if (status == ZX_OK) {
        status = vmo_set_size(vmo_from_object(object), size, era);
    }
    object_unref(object);
    return status;
}

// The right that an operation asks for. False for an unknown one.
static bool right_of(uint32_t op, zx_rights_t *right) {
    switch (op) {
    case ZX_VMO_OP_COMMIT:
    case ZX_VMO_OP_DECOMMIT:
    case ZX_VMO_OP_CACHE_INVALIDATE:
    case ZX_VMO_OP_ZERO:
        *right = ZX_RIGHT_WRITE;
        return true;
    case ZX_VMO_OP_CACHE_SYNC:
    case ZX_VMO_OP_CACHE_CLEAN:
    case ZX_VMO_OP_CACHE_CLEAN_INVALIDATE:
    case ZX_VMO_OP_DONT_NEED:
    case ZX_VMO_OP_ALWAYS_NEED:
        *right = ZX_RIGHT_READ;
        return true;
    case ZX_VMO_OP_LOCK:
    case ZX_VMO_OP_TRY_LOCK:
    case ZX_VMO_OP_UNLOCK:
        *right = ZX_RIGHT_NONE;
        return true;
    default:
        return false;
    }
}

zx_status_t sys_vmo_op_range(const struct era *era, const struct held *vmo, uint32_t op,
                             uint64_t offset, uint64_t size, void *buffer, size_t buffer_size) {
    (void)buffer; // Only locking uses it, and no VMO can be locked.
    (void)buffer_size;
    zx_rights_t wanted = 0;
    if (!right_of(op, &wanted)) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "op % is unknown", op);
    }
    if ((vmo->rights & wanted) != wanted) {
        return refuse(ZX_ERR_ACCESS_DENIED,
                      wanted == ZX_RIGHT_WRITE ? "handle lacks WRITE" : "handle lacks READ");
    }
    return wanted == ZX_RIGHT_NONE
               ? refuse_value(ZX_ERR_NOT_SUPPORTED, "op % locks, and no VMO can be locked", op)
               : vmo_op_range(vmo_from_object(vmo->object), op, offset, size, era);
}

zx_status_t sys_vmo_set_cache_policy(const struct era *era, zx_handle_t handle,
                                     uint32_t cache_policy) {
    if ((cache_policy & ~ZX_CACHE_POLICY_MASK) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "cache_policy % is unknown", cache_policy);
    }
    struct object *object = NULL;
    zx_status_t status = look_up(era, handle, ZX_OBJ_TYPE_VMO, ZX_RIGHT_MAP, &object);
    if (status == ZX_OK) {
        status = vmo_set_cache_policy(vmo_from_object(object), cache_policy, era);
        object_unref(object);
    }
    return status;
}

// The resource that allows it; 0 stands for a process that needs none.
static zx_status_t check_vmex(zx_handle_t handle) {
    if (handle == ZX_HANDLE_INVALID) {
        return ZX_OK;
    }
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_RESOURCE, ZX_RIGHT_NONE, &object);
    if (status != ZX_OK) {
        return status;
    }
    const struct resource *resource = resource_from_object(object);
    if (resource->kind != ZX_RSRC_KIND_SYSTEM) {
        status = refuse_value(ZX_ERR_WRONG_TYPE, "the resource is of kind %, not SYSTEM",
                              resource->kind);
    } else if (!resource_covers(resource, ZX_RSRC_SYSTEM_VMEX_BASE)) {
        status = refuse_value(ZX_ERR_OUT_OF_RANGE, "the resource does not cover base %",
                              ZX_RSRC_SYSTEM_VMEX_BASE);
    }
    object_unref(object);
    return status;
}

// The VMO's handle is closed on success and on failure, unless it was not a handle to a VMO.
zx_status_t sys_vmo_replace_as_executable(zx_handle_t handle, zx_handle_t vmex, zx_handle_t *out) {
    const zx_status_t allowed = check_vmex(vmex);
    struct object *object = NULL;
    zx_rights_t rights = 0;
    zx_handle_t value = ZX_HANDLE_INVALID;
    zx_status_t status = handle_remove(handle, &object, &rights);
    if (status != ZX_OK) {
        return status;
    }
    status = allowed;
    if (status == ZX_OK && object->ops->type != ZX_OBJ_TYPE_VMO) {
        status = refuse_value(ZX_ERR_WRONG_TYPE, "handle, of type %, is no VMO", object->ops->type);
    }
    if (status == ZX_OK) {
        status = handle_insert(object, rights | ZX_RIGHT_EXECUTE, &value);
    }
    if (status != ZX_OK) {
        handle_drop(object);
        return status;
    }
    return give_value(value, out);
}
