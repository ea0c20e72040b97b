// SPDX-License-Identifier: MIT
//
// Virtual memory address regions: the objects through which a client maps VMOs into an address
// space (objects ABI 5.2 to 5.7, hypervisor ABI 10). A region is a range of its address space with
// permissions of its own; the root covers it all.
//
// A VMAR holds a reference to its address space, not to the space's owner, so a handle that
// outlives its guest answers ZX_ERR_BAD_STATE. Fields are constant: no lock guards them.

#ifndef OBJECTS_VMAR_H
#define OBJECTS_VMAR_H

#include "objects/address_space.h"
#include "objects/object.h"

struct vmar {
    struct object object;
    struct address_space *space;
    uint64_t base;
    uint64_t size;
    uint32_t can_map; // ZX_VM_CAN_MAP_* bits.
};

// Rights of a root's handle: the era's default for VMARs and the three permissions.
enum {
    VMAR_ROOT_RIGHTS = 0x20801f,
    VMAR_ROOT_RIGHTS_2018 = 0x801f,
};

struct vmar_map_request {
    uint32_t options; // ZX_VM_* bits; rights have been checked.
    uint64_t vmar_offset;
    struct vmo *vmo;
    uint64_t vmo_offset;
    uint64_t length;
    bool abi_2018; // Fewer options; an occupied SPECIFIC range is NO_MEMORY.
};

// The region that covers all of an address space. Takes its own reference to the space.
zx_status_t vmar_create_root(struct address_space *space, struct vmar **out);

static inline struct vmar *vmar_from_object(struct object *object) {
    return (struct vmar *)object;
}

// Checks from "unknown bits" on of objects ABI 5.3, in its order; *address is absolute.
zx_status_t vmar_map(struct vmar *vmar, const struct vmar_map_request *request, uint64_t *address);

zx_status_t vmar_unmap(struct vmar *vmar, uint64_t address, uint64_t length);

#endif // OBJECTS_VMAR_H
