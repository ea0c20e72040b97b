// SPDX-License-Identifier: MIT
//
// Virtual memory address regions: the objects through which a client maps VMOs into an address
// space (objects ABI 5.2 to 5.7, hypervisor ABI 10). A VMAR names a region (region.h), a range of
// its address space with permissions of its own; the root covers it all.
//
// A VMAR holds references to its region and its address space, not to the space's owner, so a
// handle that outlives its guest answers ZX_ERR_BAD_STATE. Fields are constant: no lock guards
// them.

#ifndef OBJECTS_VMAR_H
#define OBJECTS_VMAR_H

#include "objects/address_space.h"
#include "objects/era.h"
#include "objects/object.h"
#include "objects/region.h"

struct vmar {
    struct object object;
    struct address_space *space;
    struct region *region;
    uint64_t base;
    uint64_t size;
};

// What a root's handle has beside the era's rights for VMARs.
#define VMAR_ROOT_PERMISSIONS (ZX_RIGHT_READ | ZX_RIGHT_WRITE | ZX_RIGHT_EXECUTE)

struct vmar_map_request {
    uint32_t options; // ZX_VM_* bits; rights have been checked.
    uint64_t vmar_offset;
    struct vmo *vmo;
    uint64_t vmo_offset;
    uint64_t length;
    uint32_t allowed; // Permissions that both handles have.
    const struct era *era;
};

struct vmar_allocate_request {
    uint32_t options; // Rights have been checked.
    uint64_t offset;
    uint64_t size;
    const struct era *era;
};

// The region that covers all of an address space. Takes its own reference to the space.
zx_status_t vmar_create_root(struct address_space *space, struct vmar **out);

static inline struct vmar *vmar_from_object(struct object *object) {
    return (struct vmar *)object;
}

// Checks from "unknown bits" on of objects ABI 5.3, in its order; *address is absolute.
zx_status_t vmar_map(struct vmar *vmar, const struct vmar_map_request *request, uint64_t *address);

// objects ABI 5.4. Without `children` a range that covers a child is INVALID_ARGS.
zx_status_t vmar_unmap(struct vmar *vmar, uint64_t address, uint64_t length, bool children);

// Checks from "WRITE without READ" on of objects ABI 5.5. `permissions` are the option word.
zx_status_t vmar_protect(struct vmar *vmar, uint32_t options, uint64_t address, uint64_t length);

// --- vmar_range.c ---

// The checks and steps of objects ABI 5.8 behind those of the handle and the buffer.
zx_status_t vmar_op_range(struct vmar *vmar, uint32_t op, uint64_t address, uint64_t length);

// --- vmar_children.c ---

// objects ABI 5.6, from the options on.
zx_status_t vmar_allocate(struct vmar *vmar, const struct vmar_allocate_request *request,
                          struct vmar **out);
zx_status_t vmar_destroy(struct vmar *vmar);

// --- What the files share ---

enum {
    VMAR_PERMISSIONS = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE,

    // How far a permission's CAN_MAP bit stands above it.
    VMAR_CAN_MAP_SHIFT = 7,
};

// A place for a mapping or a child.
struct vmar_placement {
    uint32_t options;
    uint64_t offset;
    uint64_t length; // In whole pages.
    const struct era *era;
};

// The options are among those known to the call and to the era, and the alignment field holds one
// of the values of objects ABI 5.2.
bool vmar_known_options(uint32_t options, uint32_t known, const struct era *era);

// What several calls refuse: a region that is destroyed, a range in which there is something, and
// permissions that need READ.
zx_status_t vmar_refuse_destroyed(void);
zx_status_t vmar_refuse_occupied(zx_status_t status, uint64_t address);
zx_status_t vmar_refuse_without_read(uint32_t options);

// Steps 15 to 18 of objects ABI 5.3.
zx_status_t vmar_check_placement(const struct vmar *vmar, const struct vmar_placement *placement);

// Picks and claims addresses; placement without SPECIFIC. Undone by vmar_give_room().
zx_status_t vmar_take_room(struct vmar *vmar, const struct vmar_placement *placement,
                           uint64_t *base);
void vmar_give_room(struct vmar *vmar, uint64_t base, uint64_t length);

// Locks the space for a call on a region that is alive.
bool vmar_lock(struct vmar *vmar) TRY_ACQUIRES(true, vmar->space->lock);

#endif // OBJECTS_VMAR_H
