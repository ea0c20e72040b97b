// SPDX-License-Identifier: MIT
//
// The ordered list of mappings. A sorted array: lookups are binary searches, and the few thousand
// mappings that a VMM makes at most are cheap to move.

#include "objects/address_space.h"

#include <stdlib.h>
#include <string.h>

struct address_space *address_space_create(const struct address_space_ops *ops, void *owner,
                                           uint64_t base, uint64_t size) {
    struct address_space *space = calloc(1, sizeof(*space));
    if (space == NULL) {
        return NULL;
    }
    space->ops = ops;
    space->owner = owner;
    space->base = base;
    space->size = size;
    atomic_init(&space->references, 1);
    platform_mutex_init(&space->gate);
    return space;
}

struct address_space *address_space_ref(struct address_space *space) {
    atomic_fetch_add_explicit(&space->references, 1, memory_order_relaxed);
    return space;
}

void address_space_unref(struct address_space *space) {
    if (atomic_fetch_sub_explicit(&space->references, 1, memory_order_acq_rel) == 1) {
        platform_mutex_destroy(&space->gate);
        free(space->mappings);
        free(space);
    }
}

bool address_space_lock(struct address_space *space) {
    platform_mutex_lock(&space->gate);
    if (space->retired) {
        platform_mutex_unlock(&space->gate);
        return false;
    }
    if (space->ops->lock != NULL) {
        space->ops->lock(space);
    }
    return true;
}

void address_space_unlock(struct address_space *space) {
    if (space->ops->unlock != NULL) {
        space->ops->unlock(space);
    }
    platform_mutex_unlock(&space->gate);
}

static uint64_t end_of(const struct mapping_view *view) {
    return view->base + view->length;
}

// The first mapping that ends above an address, or the count.
static size_t first_above(const struct address_space *space, uint64_t address) {
    size_t low = 0;
    size_t high = space->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (end_of(&space->mappings[middle]) > address) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

bool address_space_find(const struct address_space *space, uint64_t address,
                        struct mapping_view *out) {
    const size_t index = first_above(space, address);
    if (index == space->count || space->mappings[index].base > address) {
        return false;
    }
    *out = space->mappings[index];
    return true;
}

bool address_space_occupied(const struct address_space *space, uint64_t base, uint64_t length) {
    const size_t index = first_above(space, base);
    return index < space->count && space->mappings[index].base < base + length;
}

// Makes room for `more` entries, so that the steps after it cannot fail.
static bool reserve_entries(struct address_space *space, size_t more) {
    if (space->capacity - space->count >= more) {
        return true;
    }
    const size_t capacity = space->capacity * 2 + 8;
    struct mapping_view *grown = realloc(space->mappings, capacity * sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    space->mappings = grown;
    space->capacity = capacity;
    return true;
}

static void insert_entry(struct address_space *space, size_t index,
                         const struct mapping_view *view) {
    struct mapping_view *at = &space->mappings[index];
    memmove(at + 1, at, (space->count - index) * sizeof(*at));
    *at = *view;
    space->count++;
}

static void delete_entry(struct address_space *space, size_t index) {
    struct mapping_view *at = &space->mappings[index];
    space->count--;
    memmove(at, at + 1, (space->count - index) * sizeof(*at));
}

// The part of a mapping from `base` to `end`, which lie inside it.
static struct mapping_view part_of(const struct mapping_view *view, uint64_t base, uint64_t end) {
    struct mapping_view part = *view;
    part.base = base;
    part.length = end - base;
    part.vmo_offset += base - view->base;
    return part;
}

// Takes [base, end) out of one mapping, leaving what lies left and right of it. Returns how many
// entries are now in its place.
static size_t cut_entry(struct address_space *space, size_t index, uint64_t base, uint64_t end) {
    const struct mapping_view whole = space->mappings[index];
    const bool left = whole.base < base;
    const bool right = end_of(&whole) > end;
    if (left) {
        space->mappings[index] = part_of(&whole, whole.base, base);
    }
    if (right) {
        const struct mapping_view rest = part_of(&whole, end, end_of(&whole));
        if (left) {
            vmo_ref(whole.vmo); // One mapping has become two.
            insert_entry(space, index + 1, &rest);
        } else {
            space->mappings[index] = rest;
        }
    }
    if (!left && !right) {
        delete_entry(space, index);
    }
    return (left ? 1u : 0u) + (right ? 1u : 0u);
}

// Needs room for one entry. The addresses are given back or stay claimed.
static void remove_range(struct address_space *space, uint64_t base, uint64_t length,
                         bool give_back) {
    const uint64_t end = base + length;
    size_t index = first_above(space, base);
    while (index < space->count && space->mappings[index].base < end) {
        const struct mapping_view whole = space->mappings[index];
        const struct mapping_view part = part_of(&whole, whole.base > base ? whole.base : base,
                                                 end_of(&whole) < end ? end_of(&whole) : end);
        const size_t left = cut_entry(space, index, part.base, end_of(&part));
        if (space->ops->unmap != NULL) {
            space->ops->unmap(space, &part);
        }
        if (give_back && space->ops->unclaim != NULL) {
            space->ops->unclaim(space, part.base, part.length);
        }
        if (left == 0) {
            vmo_unref(whole.vmo);
        }
        index += left;
    }
}

zx_status_t address_space_unmap_range(struct address_space *space, uint64_t base, uint64_t length) {
    if (!reserve_entries(space, 1)) {
        return ZX_ERR_NO_MEMORY;
    }
    remove_range(space, base, length, true);
    return ZX_OK;
}

void address_space_retire(struct address_space *space) {
    platform_mutex_lock(&space->gate);
    space->retired = true;
    platform_mutex_unlock(&space->gate);
    // Nobody else reaches the mappings now. Whole ones go, so no entry is needed.
    remove_range(space, space->base, space->size, true);
    address_space_unref(space);
}

struct gap {
    uint64_t base;
    uint64_t end;
};

// The first unmapped stretch of [from, end).
static bool next_gap(const struct address_space *space, uint64_t from, uint64_t end,
                     struct gap *gap) {
    size_t index = first_above(space, from);
    while (index < space->count && space->mappings[index].base <= from) {
        from = end_of(&space->mappings[index]);
        index++;
    }
    if (from >= end) {
        return false;
    }
    gap->base = from;
    gap->end = end;
    if (index < space->count && space->mappings[index].base < end) {
        gap->end = space->mappings[index].base;
    }
    return true;
}

static void unclaim_gaps(struct address_space *space, uint64_t base, uint64_t end) {
    struct gap gap = {.end = base};
    while (space->ops->unclaim != NULL && next_gap(space, gap.end, end, &gap)) {
        space->ops->unclaim(space, gap.base, gap.end - gap.base);
    }
}

static zx_status_t claim_gaps(struct address_space *space, uint64_t base, uint64_t end) {
    struct gap gap = {.end = base};
    while (space->ops->claim != NULL && next_gap(space, gap.end, end, &gap)) {
        const zx_status_t status = space->ops->claim(space, gap.base, gap.end - gap.base);
        if (status != ZX_OK) {
            unclaim_gaps(space, base, gap.base);
            return status;
        }
    }
    return ZX_OK;
}

// Maps on addresses that are claimed and free; there is room for the entry.
static zx_status_t add_mapping(struct address_space *space, const struct mapping_view *view) {
    if (space->ops->map != NULL) {
        const zx_status_t status = space->ops->map(space, view);
        if (status != ZX_OK) {
            unclaim_gaps(space, view->base, end_of(view));
            return status;
        }
    }
    vmo_ref(view->vmo);
    insert_entry(space, first_above(space, view->base), view);
    return ZX_OK;
}

zx_status_t address_space_map_at(struct address_space *space, const struct mapping_view *view) {
    if (!reserve_entries(space, 2)) { // One for the cut, one for the new mapping.
        return ZX_ERR_NO_MEMORY;
    }
    const zx_status_t status = claim_gaps(space, view->base, end_of(view));
    if (status != ZX_OK) {
        return status;
    }
    remove_range(space, view->base, view->length, false);
    return add_mapping(space, view);
}

static uint64_t round_up(uint64_t value, uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

static zx_status_t choose_lowest(struct address_space *space, const struct address_wish *wish,
                                 uint64_t *base) {
    uint64_t end = space->base + space->size;
    end = wish->limit < end ? wish->limit : end;
    struct gap gap = {.end = space->base};
    while (next_gap(space, gap.end, end, &gap)) {
        const uint64_t aligned = round_up(gap.base, wish->alignment);
        if (aligned < gap.end && gap.end - aligned >= wish->length) {
            *base = aligned;
            return claim_gaps(space, aligned, aligned + wish->length);
        }
    }
    return ZX_ERR_NO_MEMORY;
}

zx_status_t address_space_map_anywhere(struct address_space *space, struct mapping_view *view,
                                       const struct address_wish *wish) {
    if (!reserve_entries(space, 1)) {
        return ZX_ERR_NO_MEMORY;
    }
    const zx_status_t status = space->ops->choose != NULL
                                   ? space->ops->choose(space, wish, &view->base)
                                   : choose_lowest(space, wish, &view->base);
    return status == ZX_OK ? add_mapping(space, view) : status;
}
