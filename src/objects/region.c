// SPDX-License-Identifier: MIT
//
// The tree of regions. Walks go from link to link, not by recursion: a client may nest regions as
// deep as it likes.

#include "objects/region.h"

#include <stdlib.h>

struct region *region_create(struct region *parent, uint64_t base, uint64_t size,
                             uint32_t can_map) {
    struct region *region = calloc(1, sizeof(*region));
    if (region == NULL) {
        return NULL;
    }
    region->base = base;
    region->size = size;
    region->can_map = can_map;
    region->alive = true;
    atomic_init(&region->references, 1);
    if (parent != NULL) {
        struct region **link = &parent->children;
        while (*link != NULL && (*link)->base < base) {
            link = &(*link)->next;
        }
        region->parent = parent;
        region->next = *link;
        *link = region;
    }
    return region;
}

struct region *region_ref(struct region *region) {
    atomic_fetch_add_explicit(&region->references, 1, memory_order_relaxed);
    return region;
}

void region_unref(struct region *region) {
    if (atomic_fetch_sub_explicit(&region->references, 1, memory_order_acq_rel) == 1) {
        free(region);
    }
}

struct region *region_first_child(const struct region *region, uint64_t base, uint64_t length) {
    struct region *child = region->children;
    while (child != NULL && child->base + child->size <= base) {
        child = child->next;
    }
    return child != NULL && child->base < base + length ? child : NULL;
}

// Where what meets the range ends; 0 when nothing does.
static uint64_t obstacle_end(const struct address_space *space, const struct region *region,
                             uint64_t base, uint64_t length) {
    const struct region *child = region_first_child(region, base, length);
    if (child != NULL) {
        return child->base + child->size;
    }
    struct mapping_view view;
    return address_space_first(space, base, length, &view) ? view.base + view.length : 0;
}

static uint64_t round_up(uint64_t value, uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

zx_status_t region_find_room(const struct address_space *space, const struct region *region,
                             const struct address_wish *wish, uint64_t *base) {
    const uint64_t last = region->base + region->size;
    const uint64_t end = wish->limit < last ? wish->limit : last;
    uint64_t from = round_up(region->base, wish->alignment);
    while (from < end && end - from >= wish->length) {
        const uint64_t obstacle = obstacle_end(space, region, from, wish->length);
        if (obstacle == 0) {
            *base = from;
            return ZX_OK;
        }
        from = round_up(obstacle, wish->alignment);
    }
    return ZX_ERR_NO_RESOURCES;
}

static void detach(struct region *region) {
    struct region **link = &region->parent->children;
    while (*link != region) {
        link = &(*link)->next;
    }
    *link = region->next;
    region->parent = NULL;
    region->next = NULL;
}

static struct region *innermost(struct region *region) {
    while (region->children != NULL) { // NOLINT: what is unreferenced was detached before.
        region = region->children;
    }
    return region;
}

// Marks everything in the tree as gone, innermost first, and leaves the region alone.
static void destroy_children(struct region *region) {
    while (region->children != NULL) {
        struct region *leaf = innermost(region);
        detach(leaf);
        leaf->alive = false;
        region_unref(leaf);
    }
}

void region_destroy(struct address_space *space, struct region *region) {
    struct region *parent = region->parent;
    if (parent == NULL) {
        while (region->children != NULL) {
            region_destroy(space, region->children); // NOLINT: as above.
        }
        region->alive = false;
        address_space_unmap_range(space, region->base, region->size);
        return;
    }
    destroy_children(region);
    detach(region);
    region->alive = false;
    address_space_vacate_range(space, region->base, region->size);
    if (parent->parent == NULL) {
        address_space_unclaim(space, region->base, region->size);
    }
    region_unref(region);
}

// --- Walking ---

struct walk {
    const struct address_space *space;
    void (*function)(const struct space_entry *entry, void *argument);
    void *argument;
    size_t next; // The mapping that comes next.
    size_t depth;
};

static void tell_region(const struct walk *walk, const struct region *region) {
    const struct space_entry entry = {
        .view = {.base = region->base, .length = region->size},
        .depth = walk->depth,
    };
    walk->function(&entry, walk->argument);
}

static bool continues(const struct mapping_view *view, const struct mapping_view *next) {
    return next->base == view->base + view->length && next->vmo == view->vmo &&
           next->vmo_offset == view->vmo_offset + view->length && next->vmo_end == view->vmo_end &&
           next->permissions == view->permissions && next->ceiling == view->ceiling;
}

// The mappings of one region below an address.
static void tell_mappings(struct walk *walk, uint64_t end) {
    const struct mapping_view *const mappings = walk->space->mappings;
    while (walk->next < walk->space->count && mappings[walk->next].base < end) {
        struct space_entry entry = {mappings[walk->next++], walk->depth + 1};
        while (walk->next < walk->space->count && mappings[walk->next].base < end &&
               continues(&entry.view, &mappings[walk->next])) {
            entry.view.length += mappings[walk->next++].length;
        }
        walk->function(&entry, walk->argument);
    }
}

void region_walk(const struct address_space *space,
                 void (*function)(const struct space_entry *entry, void *argument),
                 void *argument) {
    struct walk walk = {space, function, argument, 0, 1};
    const struct region *region = space->root;
    tell_region(&walk, region);
    const struct region *child = region->children;
    while (region != NULL) {
        tell_mappings(&walk, child != NULL ? child->base : region->base + region->size);
        if (child != NULL) {
            region = child;
            walk.depth++;
            tell_region(&walk, region);
            child = region->children;
        } else {
            child = region->next;
            region = region->parent;
            walk.depth--;
        }
    }
}
