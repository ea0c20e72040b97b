// SPDX-License-Identifier: MIT
//
// How VMAR objects begin and end, and the regions inside of regions (objects ABI 5.6).

#include "objects/refusal.h"
#include "objects/vmar.h"

#include <stdlib.h>
#include <zircon/limits.h>
#include <zircon/types.h>

enum {
    CAN_MAP = ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE | ZX_VM_CAN_MAP_EXECUTE,
    OPTIONS = ZX_VM_SPECIFIC | ZX_VM_CAN_MAP_SPECIFIC | ZX_VM_COMPACT | CAN_MAP |
              ZX_VM_OFFSET_IS_UPPER_LIMIT,
};

static void destroy(struct object *object) {
    struct vmar *vmar = vmar_from_object(object);
    region_unref(vmar->region);
    address_space_unref(vmar->space);
    free(vmar);
}

static const struct object_ops vmar_ops = {
    .type = ZX_OBJ_TYPE_VMAR,
    .default_rights = ZX_DEFAULT_VMAR_RIGHTS,
    .destroy = destroy,
};

static struct vmar *new_vmar(struct address_space *space, struct region *region) {
    struct vmar *vmar = malloc(sizeof(*vmar));
    if (vmar == NULL) {
        return NULL;
    }
    object_init(&vmar->object, &vmar_ops, 0);
    vmar->space = address_space_ref(space);
    vmar->region = region_ref(region);
    vmar->base = region->base;
    vmar->size = region->size;
    return vmar;
}

zx_status_t vmar_create_root(struct address_space *space, struct vmar **out) {
    *out = new_vmar(space, space->root);
    return *out != NULL ? ZX_OK : ZX_ERR_NO_MEMORY;
}

static zx_status_t check_request(const struct vmar *vmar,
                                 const struct vmar_allocate_request *request) {
    if (!vmar_known_options(request->options, OPTIONS, request->era)) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", request->options);
    }
    if ((request->size & ZX_PAGE_MASK) != 0 || request->size == 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "size % is not a multiple of 0x1000 above 0",
                            request->size);
    }
    const uint32_t missing = request->options & CAN_MAP & ~vmar->region->can_map;
    return missing == 0 ? ZX_OK
                        : refuse_value(ZX_ERR_ACCESS_DENIED,
                                       "the region was made without options %", missing);
}

// Claims the addresses of a child.
static zx_status_t take_range(struct vmar *vmar, const struct vmar_allocate_request *request,
                              uint64_t *base) REQUIRES(vmar->space->lock) {
    ASSERT_HELD(&vmar->space->lock);
    const struct vmar_placement placement = {
        .options = request->options,
        .offset = request->offset,
        .length = request->size,
        .era = request->era,
    };
    const zx_status_t status = vmar_check_placement(vmar, &placement);
    if (status != ZX_OK) {
        return status;
    }
    if ((request->options & ZX_VM_SPECIFIC) == 0) {
        return vmar_take_room(vmar, &placement, base);
    }
    const zx_status_t occupied = request->era->occupied;
    *base = vmar->base + request->offset;
    if (region_first_child(vmar->region, *base, request->size) != NULL ||
        address_space_occupied(vmar->space, *base, request->size)) {
        return vmar_refuse_occupied(occupied, *base);
    }
    if (vmar->region->parent != NULL) {
        return ZX_OK;
    }
    const zx_status_t claimed = address_space_claim(vmar->space, *base, request->size);
    return claimed == ZX_ERR_ALREADY_EXISTS ? vmar_refuse_occupied(occupied, *base) : claimed;
}

static zx_status_t allocate(struct vmar *vmar, const struct vmar_allocate_request *request,
                            struct vmar **out) REQUIRES(vmar->space->lock) {
    ASSERT_HELD(&vmar->space->lock);
    uint64_t base = 0;
    const zx_status_t status = take_range(vmar, request, &base);
    if (status != ZX_OK) {
        return status;
    }
    const uint32_t can_map = request->options & (CAN_MAP | ZX_VM_CAN_MAP_SPECIFIC);
    struct region *region = region_create(vmar->region, base, request->size, can_map);
    if (region == NULL) {
        vmar_give_room(vmar, base, request->size);
        return ZX_ERR_NO_MEMORY;
    }
    *out = new_vmar(vmar->space, region);
    if (*out == NULL) {
        region_destroy(vmar->space, region);
        return ZX_ERR_NO_MEMORY;
    }
    return ZX_OK;
}

zx_status_t vmar_allocate(struct vmar *vmar, const struct vmar_allocate_request *request,
                          struct vmar **out) {
    zx_status_t status = check_request(vmar, request);
    if (status != ZX_OK) {
        return status;
    }
    if (!vmar_lock(vmar)) {
        return vmar_refuse_destroyed();
    }
    status = allocate(vmar, request, out);
    address_space_unlock(vmar->space);
    return status;
}

zx_status_t vmar_destroy(struct vmar *vmar) {
    if (!vmar_lock(vmar)) {
        return vmar_refuse_destroyed();
    }
    region_destroy(vmar->space, vmar->region);
    address_space_unlock(vmar->space);
    return ZX_OK;
}
