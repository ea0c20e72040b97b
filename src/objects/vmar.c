// SPDX-License-Identifier: MIT
//
// VMAR objects: the rules about options and ranges, in the order of objects ABI 5.3 and 5.4.

#include "objects/vmar.h"

#include <stdlib.h>
#include <zircon/limits.h>
#include <zircon/types.h>

enum {
    PERMISSIONS = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE,
    PLACEMENT = ZX_VM_SPECIFIC | ZX_VM_SPECIFIC_OVERWRITE,
    OPTIONS_2018 = PERMISSIONS | PLACEMENT | ZX_VM_COMPACT | ZX_VM_CAN_MAP_SPECIFIC |
                   ZX_VM_MAP_RANGE | ZX_VM_REQUIRE_NON_RESIZABLE,
    OPTIONS_2022 = OPTIONS_2018 | ZX_VM_ALLOW_FAULTS | ZX_VM_OFFSET_IS_UPPER_LIMIT |
                   ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED,

    // Bounds of the alignment field, as powers of two (objects ABI 5.2).
    ALIGNMENT_LOWEST = 10,
    ALIGNMENT_HIGHEST = 32,

    // How far a permission's CAN_MAP bit stands above it.
    CAN_MAP_SHIFT = 7,
};

static void vmar_destroy(struct object *object) {
    struct vmar *vmar = vmar_from_object(object);
    address_space_unref(vmar->space);
    free(vmar);
}

static const struct object_ops vmar_ops = {
    .type = ZX_OBJ_TYPE_VMAR,
    .default_rights = ZX_DEFAULT_VMAR_RIGHTS,
    .destroy = vmar_destroy,
};

zx_status_t vmar_create_root(struct address_space *space, struct vmar **out) {
    struct vmar *vmar = malloc(sizeof(*vmar));
    if (vmar == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    object_init(&vmar->object, &vmar_ops, 0);
    vmar->space = address_space_ref(space);
    vmar->base = space->base;
    vmar->size = space->size;
    vmar->can_map =
        ZX_VM_CAN_MAP_SPECIFIC | ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE | ZX_VM_CAN_MAP_EXECUTE;
    *out = vmar;
    return ZX_OK;
}

// 0 when `length` is 0 or too large to be rounded.
static uint64_t round_to_pages(uint64_t length) {
    return (length + ZX_PAGE_MASK) & ~(uint64_t)ZX_PAGE_MASK;
}

static bool page_aligned(uint64_t value) {
    return (value & ZX_PAGE_MASK) == 0;
}

static unsigned alignment_field(const struct vmar_map_request *request) {
    return request->options >> ZX_VM_ALIGN_BASE;
}

static bool known_options(const struct vmar_map_request *request) {
    if (request->abi_2018) {
        return (request->options & ~(uint32_t)OPTIONS_2018) == 0;
    }
    const uint32_t bits = request->options & ((UINT32_C(1) << ZX_VM_ALIGN_BASE) - 1);
    const unsigned alignment = alignment_field(request);
    return (bits & ~(uint32_t)OPTIONS_2022) == 0 &&
           (alignment == 0 || (alignment >= ALIGNMENT_LOWEST && alignment <= ALIGNMENT_HIGHEST));
}

// Steps 8 to 12: what can be said without the address space.
static zx_status_t check_request(const struct vmar *vmar, const struct vmar_map_request *request) {
    const uint32_t options = request->options;
    if (!known_options(request)) {
        return ZX_ERR_INVALID_ARGS;
    }
    if ((options & ZX_VM_REQUIRE_NON_RESIZABLE) != 0 && request->vmo->resizable) {
        return ZX_ERR_NOT_SUPPORTED;
    }
    if ((options & (ZX_VM_COMPACT | ZX_VM_CAN_MAP_SPECIFIC)) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    const uint32_t can_map = (options & PERMISSIONS) << CAN_MAP_SHIFT;
    if ((can_map & ~vmar->can_map) != 0) {
        return ZX_ERR_ACCESS_DENIED;
    }
    const uint64_t length = round_to_pages(request->length);
    if (!page_aligned(request->vmo_offset) || request->vmo_offset > UINT64_MAX - length) {
        return ZX_ERR_INVALID_ARGS;
    }
    return ZX_OK;
}

static uint64_t alignment_of(const struct vmar_map_request *request) {
    const uint64_t alignment = UINT64_C(1) << alignment_field(request);
    return alignment < ZX_PAGE_SIZE ? ZX_PAGE_SIZE : alignment;
}

// Steps 14 to 18: the range inside the region.
static zx_status_t check_range(const struct vmar *vmar, const struct vmar_map_request *request) {
    const bool placed = (request->options & PLACEMENT) != 0;
    const bool limited = (request->options & ZX_VM_OFFSET_IS_UPPER_LIMIT) != 0;
    const uint64_t length = round_to_pages(request->length);
    if (length == 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    if (placed ? limited : request->vmar_offset != 0 && !limited) {
        return ZX_ERR_INVALID_ARGS;
    }
    if (placed && (vmar->can_map & ZX_VM_CAN_MAP_SPECIFIC) == 0) {
        return ZX_ERR_ACCESS_DENIED;
    }
    if (limited) {
        return request->vmar_offset > vmar->size ? ZX_ERR_INVALID_ARGS : ZX_OK;
    }
    if (request->vmar_offset >= vmar->size || length > vmar->size - request->vmar_offset) {
        return ZX_ERR_INVALID_ARGS;
    }
    if (placed && ((vmar->base + request->vmar_offset) & (alignment_of(request) - 1)) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    return ZX_OK;
}

// Steps 19 and 20, with the address space locked.
static zx_status_t place(struct vmar *vmar, const struct vmar_map_request *request,
                         struct mapping_view *view) {
    const uint32_t options = request->options;
    if ((options & PLACEMENT) == 0) {
        const bool limited = (options & ZX_VM_OFFSET_IS_UPPER_LIMIT) != 0;
        const struct address_wish wish = {
            .length = view->length,
            .alignment = alignment_of(request),
            .limit = limited ? vmar->base + request->vmar_offset : UINT64_MAX,
        };
        return address_space_map_anywhere(vmar->space, view, &wish);
    }
    const zx_status_t occupied = request->abi_2018 ? ZX_ERR_NO_MEMORY : ZX_ERR_ALREADY_EXISTS;
    view->base = vmar->base + request->vmar_offset;
    if ((options & ZX_VM_SPECIFIC_OVERWRITE) == 0 &&
        address_space_occupied(vmar->space, view->base, view->length)) {
        return occupied;
    }
    const zx_status_t status = address_space_map_at(vmar->space, view);
    return status == ZX_ERR_ALREADY_EXISTS ? occupied : status;
}

zx_status_t vmar_map(struct vmar *vmar, const struct vmar_map_request *request, uint64_t *address) {
    zx_status_t status = check_request(vmar, request);
    if (status != ZX_OK) {
        return status;
    }
    if (!address_space_lock(vmar->space)) {
        return ZX_ERR_BAD_STATE;
    }
    struct mapping_view view = {
        .length = round_to_pages(request->length),
        .vmo = request->vmo,
        .vmo_offset = request->vmo_offset,
        .permissions = request->options & PERMISSIONS,
    };
    status = check_range(vmar, request);
    if (status == ZX_OK) {
        status = place(vmar, request, &view);
    }
    address_space_unlock(vmar->space);
    *address = view.base;
    return status;
}

zx_status_t vmar_unmap(struct vmar *vmar, uint64_t address, uint64_t length) {
    const uint64_t rounded = round_to_pages(length);
    if (!page_aligned(address) || rounded == 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    if (!address_space_lock(vmar->space)) {
        return ZX_ERR_BAD_STATE;
    }
    zx_status_t status = ZX_ERR_INVALID_ARGS;
    if (address >= vmar->base && address - vmar->base < vmar->size &&
        rounded <= vmar->size - (address - vmar->base)) {
        status = address_space_unmap_range(vmar->space, address, rounded);
    }
    address_space_unlock(vmar->space);
    return status;
}
