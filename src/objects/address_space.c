// SPDX-License-Identifier: MIT
//
// The ordered list of mappings. A sorted array: lookups are binary searches, and the few thousand
// mappings that a VMM makes at most are cheap to move.

#include "objects/address_space.h"

#include "objects/region.h"
#include "objects/vmo_clone.h"
#include "platform/check.h"

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
    space->root = region_create(NULL, base, size, REGION_CAN_MAP_ALL);
    if (space->root == NULL) {
        free(space);
        return NULL;
    }
    atomic_init(&space->references, 1);
    platform_mutex_init(&space->lock, LOCK_ADDRESS_SPACE);
    return space;
}

struct address_space *address_space_ref(struct address_space *space) {
    atomic_fetch_add_explicit(&space->references, 1, memory_order_relaxed);
    return space;
}

void address_space_unref(struct address_space *space) {
    if (atomic_fetch_sub_explicit(&space->references, 1, memory_order_acq_rel) == 1) {
        platform_mutex_destroy(&space->lock);
        region_unref(space->root);
        free(space->mappings);
        free(space);
    }
}

// The analysis cannot follow a function that itself decides whether it keeps the lock.
bool address_space_lock(struct address_space *space) NO_THREAD_SAFETY_ANALYSIS {
    platform_mutex_lock(&space->lock);
    if (space->retired) {
        platform_mutex_unlock(&space->lock);
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
    platform_mutex_unlock(&space->lock);
}

uint64_t mapping_view_backed(const struct mapping_view *view) {
    const uint64_t size = view->vmo->size;
    const uint64_t end = size < view->vmo_end ? size : view->vmo_end;
    const uint64_t backed = view->vmo_offset < end ? end - view->vmo_offset : 0;
    return backed < view->length ? backed : view->length;
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

bool address_space_first(const struct address_space *space, uint64_t base, uint64_t length,
                         struct mapping_view *out) {
    const size_t index = first_above(space, base);
    if (index == space->count || space->mappings[index].base >= base + length) {
        return false;
    }
    *out = space->mappings[index];
    return true;
}

const struct mapping_view *address_space_next(const struct address_space *space, uint64_t address,
                                              size_t *index) {
    if (*index == 0) {
        *index = first_above(space, address);
    }
    while (*index < space->count && end_of(&space->mappings[*index]) <= address) {
        *index += 1;
    }
    return *index < space->count ? &space->mappings[*index] : NULL;
}

bool address_space_occupied(const struct address_space *space, uint64_t base, uint64_t length) {
    struct mapping_view view;
    return address_space_first(space, base, length, &view);
}

// `lock` guards the mappings of the process, ops->lock those of a guest, which asserts it itself.
static bool may_change(const struct address_space *space) {
    return space->ops->lock != NULL || space->retired || lock_order_holds(&space->lock);
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
    CHECK(may_change(space));
    CHECK(space->count < space->capacity && index <= space->count);
    CHECK(index == 0 || end_of(&space->mappings[index - 1]) <= view->base);
    CHECK(index == space->count || end_of(view) <= space->mappings[index].base);
    struct mapping_view *at = &space->mappings[index];
    memmove(at + 1, at, (space->count - index) * sizeof(*at));
    *at = *view;
    space->count++;
}

// The part of a mapping from `base` to `end`, which lie inside it.
static struct mapping_view part_of(const struct mapping_view *view, uint64_t base, uint64_t end) {
    struct mapping_view part = *view;
    part.base = base;
    part.length = end - base;
    part.vmo_offset += base - view->base;
    return part;
}

// What becomes of the addresses of mappings that go.
enum addresses { REPLACED, VACATED, GIVEN_BACK };

static void release_addresses(struct address_space *space, const struct mapping_view *view,
                              enum addresses fate) {
    if (fate == GIVEN_BACK) {
        address_space_unclaim(space, view->base, view->length);
    } else if (fate == VACATED && space->ops->vacate != NULL) {
        space->ops->vacate(space, view->base, view->length);
    }
}

// What the host or the guest has of a mapping, once it is in the list no more.
static void end_mapped(struct address_space *space, const struct mapping_view *view,
                       enum addresses fate) {
    space->removals++;
    if (space->ops->unmap != NULL) {
        space->ops->unmap(space, view);
    }
    release_addresses(space, view, fate);
}

// Takes a part out of a mapping of which some is left, and needs room for one entry if that is on
// both sides.
static void remove_part(struct address_space *space, size_t index, const struct mapping_view *part,
                        enum addresses fate) {
    const struct mapping_view whole = space->mappings[index];
    const bool left = whole.base < part->base;
    CHECK(may_change(space));
    CHECK(left || end_of(&whole) > end_of(part));
    if (left) {
        space->mappings[index] = part_of(&whole, whole.base, part->base);
    }
    if (end_of(&whole) > end_of(part)) {
        const struct mapping_view rest = part_of(&whole, end_of(part), end_of(&whole));
        if (left) {
            vmo_add_mapping(whole.vmo, space); // One mapping has become two.
            insert_entry(space, index + 1, &rest);
        } else {
            space->mappings[index] = rest;
        }
    }
    end_mapped(space, part, fate);
}

static void reverse(struct mapping_view *views, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        const struct mapping_view view = views[i];
        views[i] = views[count - 1 - i];
        views[count - 1 - i] = view;
    }
}

// Takes out the mappings from `first` to `last`, of which there may be many: they change places
// with those behind them, all at once, and then end.
static void remove_whole(struct address_space *space, size_t first, size_t last,
                         enum addresses fate) {
    CHECK(may_change(space) && first <= last && last <= space->count);
    const size_t removed = last - first;
    if (removed == 0) {
        return;
    }
    reverse(&space->mappings[first], removed);
    reverse(space->mappings + last, space->count - last);
    reverse(&space->mappings[first], space->count - first);
    space->count -= removed;
    for (size_t i = 0; i < removed; i++) {
        const struct mapping_view view = space->mappings[space->count + i];
        end_mapped(space, &view, fate);
        vmo_remove_mapping(view.vmo, space);
    }
}

// Needs room for one entry if it cuts a mapping in two.
static void remove_range(struct address_space *space, uint64_t base, uint64_t length,
                         enum addresses fate) {
    const uint64_t end = base + length;
    size_t first = first_above(space, base);
    if (first < space->count && space->mappings[first].base < base) {
        const struct mapping_view *whole = &space->mappings[first];
        const struct mapping_view part =
            part_of(whole, base, end_of(whole) < end ? end_of(whole) : end);
        remove_part(space, first, &part, fate);
        first++;
    }
    size_t last = first;
    while (last < space->count && end_of(&space->mappings[last]) <= end) {
        last++;
    }
    if (last < space->count && space->mappings[last].base < end) {
        const struct mapping_view part =
            part_of(&space->mappings[last], space->mappings[last].base, end);
        remove_part(space, last, &part, fate);
    }
    remove_whole(space, first, last, fate);
}

// Taking out the range leaves two mappings where one was.
static bool cuts_in_two(const struct address_space *space, uint64_t base, uint64_t length) {
    struct mapping_view view;
    return address_space_first(space, base, length, &view) && view.base < base &&
           end_of(&view) > base + length;
}

static zx_status_t take_out(struct address_space *space, uint64_t base, uint64_t length,
                            enum addresses fate) {
    if (cuts_in_two(space, base, length) && !reserve_entries(space, 1)) {
        return ZX_ERR_NO_MEMORY;
    }
    remove_range(space, base, length, fate);
    return ZX_OK;
}

zx_status_t address_space_unmap_range(struct address_space *space, uint64_t base, uint64_t length) {
    return take_out(space, base, length, GIVEN_BACK);
}

zx_status_t address_space_vacate_range(struct address_space *space, uint64_t base,
                                       uint64_t length) {
    return take_out(space, base, length, VACATED);
}

void address_space_retire(struct address_space *space) {
    CHECK(lock_order_holds_none());
    platform_mutex_lock(&space->lock);
    space->retired = true;
    platform_mutex_unlock(&space->lock);
    // Nobody else reaches the mappings and regions now.
    if (space->root->alive) {
        region_destroy(space, space->root);
    }
    remove_range(space, space->base, space->size, GIVEN_BACK);
    address_space_unref(space);
}

// --- Claims ---

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

zx_status_t address_space_claim(struct address_space *space, uint64_t base, uint64_t length) {
    return space->ops->claim != NULL ? space->ops->claim(space, base, length) : ZX_OK;
}

void address_space_unclaim(struct address_space *space, uint64_t base, uint64_t length) {
    if (space->ops->unclaim != NULL) {
        space->ops->unclaim(space, base, length);
    }
}

bool address_space_claims(const struct address_space *space) {
    return space->ops->unclaim != NULL;
}

bool address_space_chooses(const struct address_space *space) {
    return space->ops->choose != NULL;
}

zx_status_t address_space_choose(struct address_space *space, const struct address_wish *wish,
                                 uint64_t *base) {
    return space->ops->choose(space, wish, base);
}

static void unclaim_gaps(struct address_space *space, uint64_t base, uint64_t end) {
    struct gap gap = {.end = base};
    while (next_gap(space, gap.end, end, &gap)) {
        address_space_unclaim(space, gap.base, gap.end - gap.base);
    }
}

static zx_status_t claim_gaps(struct address_space *space, uint64_t base, uint64_t end) {
    struct gap gap = {.end = base};
    while (next_gap(space, gap.end, end, &gap)) {
        const zx_status_t status = address_space_claim(space, gap.base, gap.end - gap.base);
        if (status != ZX_OK) {
            unclaim_gaps(space, base, gap.base);
            return status;
        }
    }
    return ZX_OK;
}

// --- Mapping ---

// Maps on addresses that are claimed and free; there is room for the entry.
static zx_status_t add_mapping(struct address_space *space, const struct mapping_view *view) {
    if (!vmo_add_mapping(view->vmo, space)) {
        return ZX_ERR_NO_MEMORY;
    }
    const zx_status_t status =
        space->ops->map != NULL ? space->ops->map(space, view) : (zx_status_t)ZX_OK;
    if (status != ZX_OK) {
        vmo_remove_mapping(view->vmo, space);
        return status;
    }
    insert_entry(space, first_above(space, view->base), view);
    return ZX_OK;
}

zx_status_t address_space_map_at(struct address_space *space, const struct mapping_view *view,
                                 bool claimed) {
    if (!reserve_entries(space, 2)) { // One for the cut, one for the new mapping.
        return ZX_ERR_NO_MEMORY;
    }
    zx_status_t status = claimed ? ZX_OK : claim_gaps(space, view->base, end_of(view));
    if (status != ZX_OK) {
        return status;
    }
    remove_range(space, view->base, view->length, REPLACED);
    status = add_mapping(space, view);
    if (status != ZX_OK) {
        release_addresses(space, view, claimed ? VACATED : GIVEN_BACK);
    }
    return status;
}

// --- Changes of mappings ---

// Makes an address the end of one mapping and the beginning of the next, if it lies inside one.
// Needs room for one entry.
static void split(struct address_space *space, uint64_t address) {
    const size_t index = first_above(space, address);
    if (index == space->count || space->mappings[index].base >= address) {
        return;
    }
    const struct mapping_view whole = space->mappings[index];
    const struct mapping_view rest = part_of(&whole, address, end_of(&whole));
    space->mappings[index].length = address - whole.base;
    vmo_add_mapping(whole.vmo, space);
    insert_entry(space, index + 1, &rest);
}

static bool apply_change(struct address_space *space, const struct mapping_view *view) {
    return space->ops->changed == NULL || space->ops->changed(space, view);
}

zx_status_t address_space_protect_range(struct address_space *space, uint64_t base, uint64_t length,
                                        uint32_t permissions) {
    if (!reserve_entries(space, 2)) {
        return ZX_ERR_NO_MEMORY;
    }
    split(space, base);
    split(space, base + length);
    bool done = true;
    for (size_t i = first_above(space, base);
         i < space->count && space->mappings[i].base < base + length; i++) {
        space->mappings[i].permissions = permissions;
        done = apply_change(space, &space->mappings[i]) && done;
    }
    return done ? ZX_OK : ZX_ERR_NO_MEMORY;
}

static bool apply_vmo_change(struct address_space *space, const struct mapping_view *view,
                             uint64_t from, uint64_t to) {
    const uint64_t end = view->vmo_offset + view->length;
    const uint64_t first = from > view->vmo_offset ? from : view->vmo_offset;
    const uint64_t last = to < end ? to : end;
    if (first >= last) {
        return true;
    }
    const struct mapping_view part = part_of(view, view->base + (first - view->vmo_offset),
                                             view->base + (last - view->vmo_offset));
    return apply_change(space, &part);
}

bool address_space_vmo_changed(struct address_space *space, const struct vmo *vmo, uint64_t from,
                               uint64_t to) {
    bool done = true;
    if (!address_space_lock(space)) {
        return true;
    }
    for (size_t i = 0; i < space->count; i++) {
        uint64_t first = from;
        uint64_t last = to;
        if (vmo_shows(space->mappings[i].vmo, vmo, &first, &last)) {
            done = apply_vmo_change(space, &space->mappings[i], first, last) && done;
        }
    }
    address_space_unlock(space);
    return done;
}
