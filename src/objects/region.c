// SPDX-License-Identifier: MIT
//
// The tree of regions. Walks go from link to link, not by recursion: a client may nest regions as
// deep as it likes. It may also have as many beside each other, so a region has its children in a
// sorted array, where they are found by binary search.

#include "objects/region.h"

#include "objects/refusal.h"
#include "platform/check.h"

#include <stdlib.h>
#include <string.h>

// --- Children ---

static uint64_t end_of(const struct region *region) {
    return region->base + region->size;
}

// The first child that ends above an address, or the count.
static size_t first_above(const struct region *region, uint64_t address) {
    size_t low = 0;
    size_t high = region->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (end_of(region->children[middle]) > address) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static bool reserve_child(struct region *parent) {
    if (parent->count < parent->capacity) {
        return true;
    }
    const size_t capacity = parent->capacity * 2 + 4;
    struct region **grown = realloc(parent->children, capacity * sizeof(struct region *));
    if (grown == NULL) {
        return false;
    }
    parent->children = grown;
    parent->capacity = capacity;
    return true;
}

static void add_child(struct region *parent, struct region *child) {
    const size_t index = first_above(parent, child->base);
    struct region **at = &parent->children[index];
    CHECK(parent->count < parent->capacity);
    CHECK(index == parent->count || end_of(child) <= (*at)->base);
    memmove(at + 1, at, (parent->count - index) * sizeof(struct region *));
    *at = child;
    parent->count++;
    child->parent = parent;
}

struct region *region_create(struct region *parent, uint64_t base, uint64_t size,
                             uint32_t can_map) {
    struct region *region = calloc(1, sizeof(*region));
    if (region == NULL || (parent != NULL && !reserve_child(parent))) {
        free(region);
        return NULL;
    }
    region->base = base;
    region->size = size;
    region->can_map = can_map;
    region->full_to = base;
    region->alive = true;
    atomic_init(&region->references, 1);
    if (parent != NULL) {
        add_child(parent, region);
    }
    return region;
}

struct region *region_ref(struct region *region) {
    atomic_fetch_add_explicit(&region->references, 1, memory_order_relaxed);
    return region;
}

void region_unref(struct region *region) {
    if (atomic_fetch_sub_explicit(&region->references, 1, memory_order_acq_rel) == 1) {
        free(region->children);
        free(region);
    }
}

struct region *region_first_child(const struct region *region, uint64_t base, uint64_t length) {
    const size_t index = first_above(region, base);
    struct region *child = index < region->count ? region->children[index] : NULL;
    return child != NULL && child->base < base + length ? child : NULL;
}

// The next child of its parent, or NULL.
static const struct region *sibling(const struct region *region) {
    const struct region *parent = region->parent;
    const size_t index = first_above(parent, end_of(region));
    return index < parent->count ? parent->children[index] : NULL;
}

// --- Finding room ---

// The search for room goes up through children and mappings together.
struct search {
    const struct address_space *space;
    const struct region *region;
    size_t child;
    size_t mapping;
};

// The end of the child or mapping that meets the range; 0 when none does. Later ranges begin no
// lower.
static uint64_t obstacle_end(struct search *search, uint64_t base, uint64_t length) {
    const struct region *region = search->region;
    while (search->child < region->count && end_of(region->children[search->child]) <= base) {
        search->child++;
    }
    if (search->child < region->count && region->children[search->child]->base < base + length) {
        return end_of(region->children[search->child]);
    }
    const struct address_space *space = search->space;
    const struct mapping_view *view = address_space_next(space, base, &search->mapping);
    return view != NULL && view->base < base + length ? view->base + view->length : 0;
}

static uint64_t round_up(uint64_t value, uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

// The search begins at the address below which nothing is free. The last search found it, and it
// holds until something is taken out of the space.
static struct search begin_search(const struct address_space *space, struct region *region) {
    if (region->removals != space->removals) {
        region->removals = space->removals;
        region->full_to = region->base;
    }
    struct search search = {
        .space = space,
        .region = region,
        .child = first_above(region, region->full_to),
    };
    for (uint64_t end = 0; (end = obstacle_end(&search, region->full_to, 1)) != 0;) {
        region->full_to = end;
    }
    return search;
}

zx_status_t region_find_room(const struct address_space *space, struct region *region,
                             const struct address_wish *wish, uint64_t *base) {
    const uint64_t last = end_of(region);
    const uint64_t end = wish->limit < last ? wish->limit : last;
    struct search search = begin_search(space, region);
    uint64_t from = round_up(region->full_to, wish->alignment);
    while (from < end && end - from >= wish->length) {
        const uint64_t obstacle = obstacle_end(&search, from, wish->length);
        if (obstacle == 0) {
            *base = from;
            return ZX_OK;
        }
        from = round_up(obstacle, wish->alignment);
    }
    return refuse_value(ZX_ERR_NO_RESOURCES, "the region has no room for size %", wish->length);
}

// --- Destroying ---

// Drops a region that is no longer among its parent's children.
static void drop(struct region *region) {
    region->alive = false;
    region->parent = NULL;
    region_unref(region);
}

static struct region *innermost(struct region *region) {
    while (region->count > 0) {
        region = region->children[region->count - 1];
    }
    return region;
}

// Marks everything in the tree as gone, innermost first, and leaves the region alone.
static void destroy_children(struct region *region) {
    struct region *leaf = innermost(region);
    while (leaf != region) {
        struct region *parent = leaf->parent;
        parent->count--;
        drop(leaf);
        leaf = innermost(parent);
    }
}

void region_destroy_children(struct address_space *space, struct region *region, uint64_t base,
                             uint64_t length) {
    const size_t first = first_above(region, base);
    size_t last = first;
    while (last < region->count && end_of(region->children[last]) <= base + length) {
        last++;
    }
    if (first == last) {
        return;
    }
    space->removals++;
    const bool claimed = region->parent == NULL && address_space_claims(space);
    for (size_t i = first; i < last; i++) {
        struct region *child = region->children[i];
        destroy_children(child);
        if (claimed) { // Each child by itself: mappings beside the children keep their claim until
                       // they go.
            address_space_vacate_range(space, child->base, child->size);
            address_space_unclaim(space, child->base, child->size);
        }
        drop(child);
    }
    memmove(&region->children[first], region->children + last,
            (region->count - last) * sizeof(struct region *));
    region->count -= last - first;
}

void region_destroy(struct address_space *space, struct region *region) {
    if (region->parent != NULL) {
        const uint64_t base = region->base;
        const uint64_t size = region->size;
        region_destroy_children(space, region->parent, base, size);
        address_space_vacate_range(space, base, size);
        return;
    }
    region_destroy_children(space, region, region->base, region->size);
    region->alive = false;
    address_space_unmap_range(space, region->base, region->size);
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

static const struct region *first_child(const struct region *region) {
    return region->count > 0 ? region->children[0] : NULL;
}

void region_walk(const struct address_space *space,
                 void (*function)(const struct space_entry *entry, void *argument),
                 void *argument) {
    struct walk walk = {space, function, argument, 0, 1};
    const struct region *region = space->root;
    tell_region(&walk, region);
    const struct region *child = first_child(region);
    while (region != NULL) {
        tell_mappings(&walk, child != NULL ? child->base : end_of(region));
        if (child != NULL) {
            region = child;
            walk.depth++;
            tell_region(&walk, region);
            child = first_child(region);
        } else {
            child = region->parent != NULL ? sibling(region) : NULL;
            region = region->parent;
            walk.depth--;
        }
    }
}
