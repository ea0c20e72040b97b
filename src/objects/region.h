// SPDX-License-Identifier: MIT
//
// Regions: the tree of address ranges that VMAR objects name (objects ABI 5.6). The root covers its
// address space; a child lies inside its parent, beside mappings and other children. A region lives
// on when its last handle is closed, until it is destroyed with its parent, by a call, or with the
// space.
//
// Everything that can change is guarded by the space's lock (address_space.h).

#ifndef OBJECTS_REGION_H
#define OBJECTS_REGION_H

#include "objects/address_space.h"

#include <stdatomic.h>

enum {
    REGION_CAN_MAP_ALL =
        ZX_VM_CAN_MAP_SPECIFIC | ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE | ZX_VM_CAN_MAP_EXECUTE,
};

struct region {
    uint64_t base;
    uint64_t size;
    uint32_t can_map; // ZX_VM_CAN_MAP_* bits.
    atomic_uint references;
    bool alive;
    struct region *parent;    // NULL for the root, and once destroyed.
    struct region **children; // By address, disjoint; with a reference to each.
    size_t count;
    size_t capacity;
    uint64_t full_to; // Nothing below is free while the space's count of removals is `removals`.
    uint64_t removals;
};

// A region without a parent, with one reference, or one that its parent holds. The range is free
// inside the parent and its addresses are claimed. NULL without memory.
struct region *region_create(struct region *parent, uint64_t base, uint64_t size, uint32_t can_map);

struct region *region_ref(struct region *region);
void region_unref(struct region *region);

// The first child that meets the range; NULL when there is none.
struct region *region_first_child(const struct region *region, uint64_t base, uint64_t length);

// The lowest range that fits the wish and meets neither a mapping nor a child. NO_RESOURCES if
// there is none.
zx_status_t region_find_room(const struct address_space *space, struct region *region,
                             const struct address_wish *wish, uint64_t *base);

// Takes out the children in a range, with all that is in them. Their mappings may stay until the
// caller takes them out of the range.
void region_destroy_children(struct address_space *space, struct region *region, uint64_t base,
                             uint64_t length);

// Takes out the region with all that is in it. The addresses of a child become free inside of its
// parent, which drops its reference.
void region_destroy(struct address_space *space, struct region *region);

// An entry of a walk over a space: a mapping, or a region, whose view has its range and nothing
// else. The root's depth is 1.
struct space_entry {
    struct mapping_view view;
    size_t depth;
};

// Calls the function for the root and for everything in it, in the order of addresses; a region
// comes straight before its contents. Adjacent mappings that could be one mapping are told as one.
void region_walk(const struct address_space *space,
                 void (*function)(const struct space_entry *entry, void *argument), void *argument);

#endif // OBJECTS_REGION_H
