// SPDX-License-Identifier: MIT
//
// VMAR objects: the rules about options and ranges of mappings, in the order of objects ABI 5.3 to
// 5.5.

#include "objects/vmar.h"

#include "objects/refusal.h"
#include "objects/vmo_clone.h"

#include <stdlib.h>
#include <zircon/limits.h>
#include <zircon/types.h>

enum {
    PLACEMENT = ZX_VM_SPECIFIC | ZX_VM_SPECIFIC_OVERWRITE,
    OPTIONS = VMAR_PERMISSIONS | PLACEMENT | ZX_VM_COMPACT | ZX_VM_CAN_MAP_SPECIFIC |
              ZX_VM_MAP_RANGE | ZX_VM_REQUIRE_NON_RESIZABLE | ZX_VM_ALLOW_FAULTS |
              ZX_VM_OFFSET_IS_UPPER_LIMIT | ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED,

    // Bounds of the alignment field, as powers of two (objects ABI 5.2).
    ALIGNMENT_LOWEST = 10,
    ALIGNMENT_HIGHEST = 32,
};

// 0 when `length` is 0 or too large to be rounded.
static uint64_t round_to_pages(uint64_t length) {
    return (length + ZX_PAGE_MASK) & ~(uint64_t)ZX_PAGE_MASK;
}

static bool page_aligned(uint64_t value) {
    return (value & ZX_PAGE_MASK) == 0;
}

static bool inside(const struct vmar *vmar, uint64_t address, uint64_t length) {
    return address >= vmar->base && address - vmar->base < vmar->size &&
           length <= vmar->size - (address - vmar->base);
}

// As in address_space_lock().
bool vmar_lock(struct vmar *vmar) NO_THREAD_SAFETY_ANALYSIS {
    if (!address_space_lock(vmar->space)) {
        return false;
    }
    if (!vmar->region->alive) {
        address_space_unlock(vmar->space);
        return false;
    }
    return true;
}

// --- Placement ---

bool vmar_known_options(uint32_t options, uint32_t known, const struct era *era) {
    const unsigned alignment = options >> ZX_VM_ALIGN_BASE;
    const uint32_t field = ~((UINT32_C(1) << ZX_VM_ALIGN_BASE) - 1);
    return (options & ~((known | field) & era->mapping_options)) == 0 &&
           (alignment == 0 || (alignment >= ALIGNMENT_LOWEST && alignment <= ALIGNMENT_HIGHEST));
}

zx_status_t vmar_refuse_destroyed(void) {
    return refuse(ZX_ERR_BAD_STATE, "the region is destroyed");
}

zx_status_t vmar_refuse_occupied(zx_status_t status, uint64_t address) {
    return refuse_value(status, "the range at % is occupied", address);
}

zx_status_t vmar_refuse_without_read(uint32_t options) {
    return refuse_value(ZX_ERR_INVALID_ARGS, "options % have WRITE or EXECUTE without READ",
                        options);
}

static uint64_t alignment_of(uint32_t options) {
    const uint64_t alignment = UINT64_C(1) << (options >> ZX_VM_ALIGN_BASE);
    return alignment < ZX_PAGE_SIZE ? ZX_PAGE_SIZE : alignment;
}

static zx_status_t check_inside(const struct vmar *vmar, const struct vmar_placement *placement) {
    const uint64_t offset = placement->offset;
    const uint64_t length = placement->length;
    if ((placement->options & ZX_VM_OFFSET_IS_UPPER_LIMIT) != 0) {
        const bool fits = offset <= vmar->size && length <= offset;
        return fits
                   ? ZX_OK
                   : refuse_values(ZX_ERR_INVALID_ARGS,
                                   "size % does not fit below the upper limit %, inside the region",
                                   length, offset);
    }
    if (offset >= vmar->size || length > vmar->size - offset) {
        return refuse_values(ZX_ERR_INVALID_ARGS,
                             "offset % with size % does not lie inside the region", offset, length);
    }
    const uint64_t alignment = alignment_of(placement->options);
    const bool placed = (placement->options & PLACEMENT) != 0;
    if (placed && ((vmar->base + offset) & (alignment - 1)) != 0) {
        return refuse_values(ZX_ERR_INVALID_ARGS, "address % is not a multiple of %",
                             vmar->base + offset, alignment);
    }
    return ZX_OK;
}

zx_status_t vmar_check_placement(const struct vmar *vmar, const struct vmar_placement *placement) {
    const bool placed = (placement->options & PLACEMENT) != 0;
    const bool limited = (placement->options & ZX_VM_OFFSET_IS_UPPER_LIMIT) != 0;
    const uint64_t offset = placement->offset;
    if (placed && limited) {
        return refuse(ZX_ERR_INVALID_ARGS, "options have both SPECIFIC and OFFSET_IS_UPPER_LIMIT");
    }
    if (!placed && !limited && offset != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS,
                            "offset % comes without SPECIFIC or OFFSET_IS_UPPER_LIMIT", offset);
    }
    if (placement->era->alignment_before_placing && !page_aligned(offset)) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "offset % is not a multiple of 0x1000", offset);
    }
    if ((placed || limited) && (vmar->region->can_map & ZX_VM_CAN_MAP_SPECIFIC) == 0) {
        return refuse(ZX_ERR_ACCESS_DENIED, "the region lacks CAN_MAP_SPECIFIC");
    }
    return check_inside(vmar, placement);
}

// Addresses of the root are the host's to give; those of its children were given when they were
// allocated.
static bool is_root(const struct vmar *vmar) {
    return vmar->region->parent == NULL;
}

static zx_status_t take_room(struct vmar *vmar, const struct vmar_placement *placement,
                             uint64_t *base) {
    const bool limited = (placement->options & ZX_VM_OFFSET_IS_UPPER_LIMIT) != 0;
    const struct address_wish wish = {
        .length = placement->length,
        .alignment = alignment_of(placement->options),
        .limit = limited ? vmar->base + placement->offset : UINT64_MAX,
    };
    if (is_root(vmar) && address_space_chooses(vmar->space)) {
        return address_space_choose(vmar->space, &wish, base);
    }
    const zx_status_t status = region_find_room(vmar->space, vmar->region, &wish, base);
    return status == ZX_OK && is_root(vmar) ? address_space_claim(vmar->space, *base, wish.length)
                                            : status;
}

zx_status_t vmar_take_room(struct vmar *vmar, const struct vmar_placement *placement,
                           uint64_t *base) {
    const zx_status_t status = take_room(vmar, placement, base);
    return status == ZX_ERR_NO_RESOURCES ? refuse_as(placement->era->no_room) : status;
}

void vmar_give_room(struct vmar *vmar, uint64_t base, uint64_t length) {
    if (is_root(vmar)) {
        address_space_unclaim(vmar->space, base, length);
    }
}

// --- Mapping ---

// Steps 8 to 12: what can be said without the address space.
static zx_status_t check_request(const struct vmar *vmar, const struct vmar_map_request *request) {
    const uint32_t options = request->options;
    if (!vmar_known_options(options, OPTIONS, request->era)) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options);
    }
    if ((options & ZX_VM_REQUIRE_NON_RESIZABLE) != 0 && request->vmo->resizable) {
        return refuse(ZX_ERR_NOT_SUPPORTED, "vmo is resizable, and REQUIRE_NON_RESIZABLE is set");
    }
    if ((options & (ZX_VM_COMPACT | ZX_VM_CAN_MAP_SPECIFIC)) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are for regions alone",
                            options & (ZX_VM_COMPACT | ZX_VM_CAN_MAP_SPECIFIC));
    }
    const uint32_t can_map = (options & VMAR_PERMISSIONS) << VMAR_CAN_MAP_SHIFT;
    if ((can_map & ~vmar->region->can_map) != 0) {
        return refuse_value(ZX_ERR_ACCESS_DENIED, "the region was made without options %",
                            can_map & ~vmar->region->can_map);
    }
    const uint64_t length = round_to_pages(request->length);
    if (!page_aligned(request->vmo_offset)) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "vmo_offset % is not a multiple of 0x1000",
                            request->vmo_offset);
    }
    if (length < request->length || request->vmo_offset > UINT64_MAX - length) {
        return refuse_values(request->era->mapping_beyond, "vmo_offset % and len % pass 2^64",
                             request->vmo_offset, request->length);
    }
    return ZX_OK;
}

// What a mapping of a slice shows is the slice's source.
static zx_status_t fill_view(const struct vmar *vmar, const struct vmar_map_request *request,
                             struct mapping_view *view) {
    const struct vmo *vmo = request->vmo;
    const uint64_t length = round_to_pages(request->length);
    if (request->vmo_offset + length > UINT64_MAX - vmo->source_offset) {
        return refuse_values(ZX_ERR_INVALID_ARGS, "vmo_offset % and len % pass 2^64 in the parent",
                             request->vmo_offset, request->length);
    }
    *view = (struct mapping_view){
        .length = length,
        .vmo = vmo->source,
        .vmo_offset = vmo->source_offset + request->vmo_offset,
        .vmo_end = vmo->source == vmo ? UINT64_MAX : vmo->source_offset + vmo->size,
        .permissions = request->options & VMAR_PERMISSIONS,
        .ceiling = request->allowed & vmar->region->can_map >> VMAR_CAN_MAP_SHIFT,
    };
    return ZX_OK;
}

static zx_status_t map_anywhere(struct vmar *vmar, const struct vmar_placement *placement,
                                struct mapping_view *view) {
    zx_status_t status = vmar_take_room(vmar, placement, &view->base);
    if (status == ZX_OK) {
        status = address_space_map_at(vmar->space, view, true);
        if (status != ZX_OK) {
            vmar_give_room(vmar, view->base, view->length);
        }
    }
    return status;
}

// Steps 19 and 20.
static zx_status_t place(struct vmar *vmar, const struct vmar_map_request *request,
                         struct mapping_view *view) REQUIRES(vmar->space->lock) {
    ASSERT_HELD(&vmar->space->lock);
    const struct vmar_placement placement = {
        .options = request->options,
        .offset = request->vmar_offset,
        .length = view->length,
        .era = request->era,
    };
    if (view->length == 0) {
        return refuse(ZX_ERR_INVALID_ARGS, "len is 0");
    }
    zx_status_t status = vmar_check_placement(vmar, &placement);
    if (status != ZX_OK) {
        return status;
    }
    if ((request->options & PLACEMENT) == 0) {
        return map_anywhere(vmar, &placement, view);
    }
    const bool overwrite = (request->options & ZX_VM_SPECIFIC_OVERWRITE) != 0;
    view->base = vmar->base + request->vmar_offset;
    const zx_status_t occupied = request->era->occupied;
    const struct region *child = region_first_child(vmar->region, view->base, view->length);
    if (child != NULL) {
        return refuse_value(overwrite ? ZX_ERR_INVALID_ARGS : occupied,
                            "the range meets the region at %", child->base);
    }
    if (!overwrite && address_space_occupied(vmar->space, view->base, view->length)) {
        return vmar_refuse_occupied(occupied, view->base);
    }
    status = address_space_map_at(vmar->space, view, !is_root(vmar));
    return status == ZX_ERR_ALREADY_EXISTS ? vmar_refuse_occupied(occupied, view->base) : status;
}

zx_status_t vmar_map(struct vmar *vmar, const struct vmar_map_request *request, uint64_t *address) {
    zx_status_t status = check_request(vmar, request);
    struct mapping_view view = {0};
    if (status == ZX_OK) {
        status = fill_view(vmar, request, &view);
    }
    if (status != ZX_OK) {
        return status;
    }
    // A guest sees the pages of one file.
    if (!vmar->space->ops->shows_clones) {
        status = vmo_clone_own_all(view.vmo);
    }
    if (status != ZX_OK) {
        return status;
    }
    if (!vmar_lock(vmar)) {
        return vmar_refuse_destroyed();
    }
    status = place(vmar, request, &view);
    address_space_unlock(vmar->space);
    *address = view.base;
    return status;
}

// --- Unmapping ---

// Whether the range cuts a child. Only the first and the last child that it meets can be cut.
static bool cuts_child(const struct vmar *vmar, uint64_t address, uint64_t length, bool *covers) {
    const uint64_t end = address + length;
    const struct region *first = region_first_child(vmar->region, address, length);
    const struct region *last = region_first_child(vmar->region, end - 1, 1);
    *covers = first != NULL;
    return (first != NULL && first->base < address) ||
           (last != NULL && last->base + last->size > end);
}

static zx_status_t refuse_outside(uint64_t address, uint64_t length) {
    return refuse_values(ZX_ERR_INVALID_ARGS, "addr % with len % does not lie inside the region",
                         address, length);
}

static zx_status_t check_pages(uint64_t address, uint64_t length) {
    if (!page_aligned(address)) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "addr % is not a multiple of 0x1000", address);
    }
    return length != 0 ? ZX_OK : refuse(ZX_ERR_INVALID_ARGS, "len is 0");
}

static zx_status_t take_out(struct vmar *vmar, uint64_t address, uint64_t length, bool children)
    REQUIRES(vmar->space->lock) {
    ASSERT_HELD(&vmar->space->lock);
    bool covers = false;
    if (!inside(vmar, address, length)) {
        return refuse_outside(address, length);
    }
    if (cuts_child(vmar, address, length, &covers)) {
        return refuse(ZX_ERR_INVALID_ARGS, "the range has a part of a region");
    }
    if (covers && !children) {
        return refuse(ZX_ERR_INVALID_ARGS, "the range has a region, and handle lacks OP_CHILDREN");
    }
    region_destroy_children(vmar->space, vmar->region, address, length);
    return is_root(vmar) ? address_space_unmap_range(vmar->space, address, length)
                         : address_space_vacate_range(vmar->space, address, length);
}

zx_status_t vmar_unmap(struct vmar *vmar, uint64_t address, uint64_t length, bool children) {
    const uint64_t rounded = round_to_pages(length);
    zx_status_t status = check_pages(address, rounded);
    if (status != ZX_OK) {
        return status;
    }
    if (!vmar_lock(vmar)) {
        return vmar_refuse_destroyed();
    }
    status = take_out(vmar, address, rounded, children);
    address_space_unlock(vmar->space);
    return status;
}

// --- Protecting ---

static zx_status_t refuse_child(uint64_t address) {
    return refuse_value(ZX_ERR_INVALID_ARGS, "the range has a region, at %", address);
}

static zx_status_t refuse_hole(uint64_t address) {
    return refuse_value(ZX_ERR_NOT_FOUND, "nothing is mapped at %", address);
}

// The status for a hole before `end`: that of a child if one comes next, otherwise that of a hole.
static zx_status_t check_hole(const struct vmar *vmar, uint64_t address, uint64_t end) {
    const struct region *child = region_first_child(vmar->region, address, end - address);
    struct mapping_view next;
    const bool mapped = address_space_first(vmar->space, address, end - address, &next);
    const bool child_is_next = child != NULL && !(mapped && next.base < child->base);
    return child_is_next ? refuse_child(child->base) : refuse_hole(address);
}

// A hole, a child, or a mapping that may not get the permissions: the first of them in the order of
// addresses says which error it is, but a child goes before the hole that it follows, unless the
// range begins with that hole (objects ABI 5.5).
static zx_status_t check_mappings(const struct vmar *vmar, uint64_t address, uint64_t length,
                                  uint32_t permissions) {
    const uint64_t begin = address;
    const uint64_t end = address + length;
    while (address < end) {
        struct mapping_view view;
        if (region_first_child(vmar->region, address, 1) != NULL) {
            return refuse_child(address);
        }
        if (!address_space_find(vmar->space, address, &view)) {
            return address == begin ? refuse_hole(address) : check_hole(vmar, address, end);
        }
        if ((permissions & ~view.ceiling) != 0) {
            return refuse_values(ZX_ERR_ACCESS_DENIED, "the mapping at % may not get options %",
                                 view.base, permissions & ~view.ceiling);
        }
        address = view.base + view.length;
    }
    return ZX_OK;
}

zx_status_t vmar_protect(struct vmar *vmar, uint32_t options, uint64_t address, uint64_t length) {
    const uint32_t beyond_read = ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    const uint64_t rounded = round_to_pages(length);
    if ((options & beyond_read) != 0 && (options & ZX_VM_PERM_READ) == 0) {
        return vmar_refuse_without_read(options);
    }
    if ((options & ~(uint32_t)VMAR_PERMISSIONS) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are no permissions",
                            options & ~(uint32_t)VMAR_PERMISSIONS);
    }
    zx_status_t status = check_pages(address, rounded);
    if (status != ZX_OK) {
        return status;
    }
    if (!vmar_lock(vmar)) {
        return vmar_refuse_destroyed();
    }
    status = inside(vmar, address, rounded) ? check_mappings(vmar, address, rounded, options)
                                            : refuse_outside(address, length);
    if (status == ZX_OK) {
        status = address_space_protect_range(vmar->space, address, rounded, options);
    }
    address_space_unlock(vmar->space);
    return status;
}
