// SPDX-License-Identifier: MIT
//
// Operations on what a range of a region shows (objects ABI 5.8). Pages come when they are touched,
// so that MAP_RANGE is its checks and nothing more.

#include "objects/refusal.h"
#include "objects/vmar.h"
#include "objects/vmo.h"

#include <zircon/limits.h>
#include <zircon/syscalls.h>

static bool known(uint32_t op) {
    return op == ZX_VMAR_OP_COMMIT || op == ZX_VMAR_OP_DECOMMIT || op == ZX_VMAR_OP_MAP_RANGE ||
           op == ZX_VMAR_OP_DONT_NEED || op == ZX_VMAR_OP_ALWAYS_NEED;
}

// The operations that change pages need a mapping that could be made writable, and reach it through
// its own region alone.
static zx_status_t check_change(const struct vmar *vmar, uint64_t address,
                                const struct mapping_view *view) {
    if (region_first_child(vmar->region, address, 1) != NULL) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "the range has a region, at %", address);
    }
    return (view->ceiling & ZX_VM_PERM_WRITE) != 0
               ? ZX_OK
               : refuse_value(ZX_ERR_ACCESS_DENIED, "the mapping at % may not be written",
                              view->base);
}

// Gives the part of a mapping from `address` on, at most to `end`, with a reference to its VMO.
static zx_status_t take_part(struct vmar *vmar, uint32_t op, uint64_t address, uint64_t end,
                             struct mapping_view *part) {
    if (!vmar_lock(vmar)) {
        return vmar_refuse_destroyed();
    }
    zx_status_t status = ZX_OK;
    if (!address_space_find(vmar->space, address, part)) {
        status = refuse_value(ZX_ERR_BAD_STATE, "nothing is mapped at %", address);
    } else if (op == ZX_VMAR_OP_COMMIT || op == ZX_VMAR_OP_DECOMMIT) {
        status = check_change(vmar, address, part);
    }
    if (status == ZX_OK) {
        const uint64_t last = part->base + part->length;
        vmo_ref(part->vmo);
        part->vmo_offset += address - part->base;
        part->base = address;
        part->length = (last < end ? last : end) - address;
    }
    address_space_unlock(vmar->space);
    return status;
}

// The mapping ends with its slice, though the source of the slice may go on.
static zx_status_t operate(const struct mapping_view *part, uint32_t op) {
    uint64_t length = part->length;
    if (op == ZX_VMAR_OP_MAP_RANGE) {
        return ZX_OK;
    }
    if (part->vmo_offset > part->vmo_end) {
        return refuse_value(ZX_ERR_OUT_OF_RANGE, "the mapping at % begins behind the VMO's end",
                            part->base);
    }
    if (length > part->vmo_end - part->vmo_offset) {
        length = part->vmo_end - part->vmo_offset;
    }
    return vmo_op_range(part->vmo, op, part->vmo_offset, length, &eras[ERA_DEFAULT]);
}

// The space is not locked while an operation runs on a VMO, because other threads take a VMO's
// locks before the space's.
zx_status_t vmar_op_range(struct vmar *vmar, uint32_t op, uint64_t address, uint64_t length) {
    const uint64_t rounded = (length + ZX_PAGE_MASK) & ~(uint64_t)ZX_PAGE_MASK;
    if (!known(op)) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "op % is unknown", op);
    }
    if (rounded == 0) {
        return refuse(ZX_ERR_INVALID_ARGS, "size is 0");
    }
    if ((address & ZX_PAGE_MASK) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "address % is not a multiple of 0x1000", address);
    }
    if (address < vmar->base || address - vmar->base >= vmar->size ||
        rounded > vmar->size - (address - vmar->base)) {
        return refuse_values(ZX_ERR_OUT_OF_RANGE,
                             "address % with size % does not lie inside the region", address,
                             length);
    }
    const uint64_t end = address + rounded;
    while (address < end) {
        struct mapping_view part = {0};
        zx_status_t status = take_part(vmar, op, address, end, &part);
        if (status == ZX_OK) {
            status = operate(&part, op);
            address += part.length;
            vmo_unref(part.vmo);
        }
        if (status != ZX_OK) {
            return status;
        }
    }
    return ZX_OK;
}
