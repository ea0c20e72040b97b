// SPDX-License-Identifier: MIT
//
// The calls that make a VMO from another (objects ABI 5.1): zx_vmo_create_child(), and
// zx_vmo_clone() of 2018.

#include "objects/vmo_clone.h"

#include "syscalls/syscalls.h"

#include <zircon/limits.h>
#include <zircon/syscalls.h>

enum {
    CLONE_2018 = 1u << 31, // No option of the ABI's.
    COPIES = ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE,
    KINDS = COPIES | ZX_VMO_CHILD_SLICE | ZX_VMO_CHILD_REFERENCE,
    OPTIONS = KINDS | ZX_VMO_CHILD_RESIZABLE | ZX_VMO_CHILD_NO_WRITE,
};

static zx_status_t check_options(uint32_t options) {
    const uint32_t kind = options & KINDS;
    const bool one_kind = kind != 0 && (kind & (kind - 1)) == 0;
    const bool resizable = (options & ZX_VMO_CHILD_RESIZABLE) != 0;
    if ((options & ~(uint32_t)OPTIONS) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known",
                            options & ~(uint32_t)OPTIONS);
    }
    if (!one_kind) {
        return refuse(ZX_ERR_INVALID_ARGS, kind == 0 ? "options say no kind of child"
                                                     : "options say more than one kind of child");
    }
    if (resizable && (kind & COPIES) == 0) {
        return refuse(ZX_ERR_INVALID_ARGS, "only a copy can be RESIZABLE");
    }
    return kind == ZX_VMO_CHILD_REFERENCE
               ? refuse(ZX_ERR_NOT_SUPPORTED, "references to VMOs are not modelled")
               : ZX_OK;
}

static zx_status_t make_child(struct vmo *parent, uint32_t options, uint64_t offset, uint64_t size,
                              struct vmo **out) {
    if ((offset & ZX_PAGE_MASK) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "offset % is not a multiple of 0x1000", offset);
    }
    uint64_t rounded = 0;
    const zx_status_t status = vmo_round_size(size, &rounded);
    if (status != ZX_OK) {
        return status;
    }
    if ((options & ZX_VMO_CHILD_SLICE) != 0) {
        return vmo_create_slice(parent, offset, rounded, out);
    }
    const bool resizable = (options & ZX_VMO_CHILD_RESIZABLE) != 0;
    return (options & CLONE_2018) != 0 ? vmo_create_clone(parent, offset, rounded, resizable, out)
                                       : vmo_create_copy(parent, offset, rounded, resizable, out);
}

// The rights of the parent's handle, and those that the child adds or loses.
static zx_rights_t rights_of_child(zx_rights_t rights, uint32_t options) {
    rights |= ZX_RIGHTS_PROPERTY;
    if ((options & ZX_VMO_CHILD_NO_WRITE) != 0) {
        rights &= ~(zx_rights_t)ZX_RIGHT_WRITE;
    } else if ((options & COPIES) != 0) {
        rights = (rights | ZX_RIGHT_WRITE) & ~(zx_rights_t)ZX_RIGHT_EXECUTE;
    }
    const bool resizable = (options & ZX_VMO_CHILD_RESIZABLE) != 0;
    return resizable ? rights | ZX_RIGHT_RESIZE : rights & ~(zx_rights_t)ZX_RIGHT_RESIZE;
}

// A child begins with its parent's name, where the handle of the parent may read it.
static void inherit_name(struct object *child, const struct held *parent) {
    char name[ZX_MAX_NAME_LEN];
    if ((parent->rights & ZX_RIGHT_GET_PROPERTY) != 0) {
        object_get_name(parent->object, name);
        object_set_name(child, name);
    }
}

zx_status_t sys_vmo_create_child(const struct held *parent, uint32_t options, uint64_t offset,
                                 uint64_t size, zx_handle_t *out) {
    struct vmo *child = NULL;
    zx_status_t status = check_options(options);
    if (status == ZX_OK) {
        status = make_child(vmo_from_object(parent->object), options, offset, size, &child);
    }
    if (status != ZX_OK) {
        return status;
    }
    child->content_size = size;
    inherit_name(&child->object, parent);
    return hand_over(&child->object, rights_of_child(parent->rights, options), out);
}

zx_status_t sys_vmo_clone(const struct era *era, const struct held *parent, uint32_t options,
                          uint64_t offset, uint64_t size, zx_handle_t *out) {
    (void)era;
    const uint32_t known =
        ZIRCONIA_2018_VMO_CLONE_COPY_ON_WRITE | ZIRCONIA_2018_VMO_CLONE_NON_RESIZEABLE;
    if ((options & ~known) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options & ~known);
    }
    if ((options & ZIRCONIA_2018_VMO_CLONE_COPY_ON_WRITE) == 0) {
        return refuse(ZX_ERR_INVALID_ARGS, "options lack ZX_VMO_CLONE_COPY_ON_WRITE");
    }
    const bool fixed = (options & ZIRCONIA_2018_VMO_CLONE_NON_RESIZEABLE) != 0;
    const uint32_t resizable = fixed ? 0 : ZX_VMO_CHILD_RESIZABLE;
    struct vmo *child = NULL;
    const zx_status_t status =
        make_child(vmo_from_object(parent->object), CLONE_2018 | resizable, offset, size, &child);
    if (status != ZX_OK) {
        return status;
    }
    inherit_name(&child->object, parent);
    return hand_over(&child->object, parent->rights | ZX_RIGHTS_PROPERTY | ZX_RIGHT_WRITE, out);
}
