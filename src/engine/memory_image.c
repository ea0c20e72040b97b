// SPDX-License-Identifier: MIT
//
// Which parts of VMOs the mappings show, and whether they still do.

#include "engine/memory_image.h"

#include "engine/cpu/cpu.h"

#include <stdlib.h>
#include <string.h>

// --- The ranges ---

static int compare(const void *left, const void *right) {
    const struct image_range *a = left;
    const struct image_range *b = right;
    if (a->vmo != b->vmo) {
        return (uintptr_t)a->vmo < (uintptr_t)b->vmo ? -1 : 1;
    }
    return (a->start > b->start) - (a->start < b->start);
}

// Makes one range of ranges that overlap, so that each page is copied once.
static void merge(struct memory_image *image) {
    qsort(image->ranges, image->count, sizeof image->ranges[0], compare);
    size_t kept = 0;
    for (size_t i = 0; i < image->count; i++) {
        const struct image_range *next = &image->ranges[i];
        struct image_range *last = kept > 0 ? &image->ranges[kept - 1] : NULL;
        if (last == NULL || last->vmo != next->vmo || last->end < next->start) {
            image->ranges[kept++] = *next;
        } else if (last->end < next->end) {
            last->end = next->end;
        }
    }
    image->count = kept;
}

static void list_ranges(struct memory_image *image) {
    for (size_t i = 0; i < image->mapping_count; i++) {
        const struct mapping_view *view = &image->mappings[i];
        const uint64_t length = mapping_view_backed(view);
        if (length > 0) {
            image->ranges[image->count++] = (struct image_range){
                .vmo = view->vmo,
                .start = view->vmo_offset,
                .end = view->vmo_offset + length,
            };
        }
    }
    merge(image);
    for (size_t i = 0; i < image->count; i++) {
        vmo_ref(image->ranges[i].vmo);
    }
}

// --- Taking it ---

// Fills in the image's ranges, and has the machine make a place for each.
static zx_status_t begin(struct memory_image *image, struct machine *machine,
                         const struct address_space *space) {
    *image = (struct memory_image){0};
    image->mappings = calloc(space->count + 1, sizeof image->mappings[0]);
    image->ranges = calloc(space->count + 1, sizeof image->ranges[0]);
    if (image->mappings == NULL || image->ranges == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    if (space->count > 0) {
        memcpy(image->mappings, space->mappings, space->count * sizeof image->mappings[0]);
    }
    image->mapping_count = space->count;
    list_ranges(image);
    zx_status_t status = ZX_OK;
    for (size_t i = 0; i < space->count && status == ZX_OK; i++) {
        const struct mapping_view *view = &space->mappings[i];
        status = machine_add_vmo(machine, view->vmo, view->vmo_offset, view->base);
    }
    return status;
}

zx_status_t memory_image_take(struct memory_image *image, struct machine *machine,
                              const struct address_space *space, struct image_options options) {
    const zx_status_t status = begin(image, machine, space);
    return status == ZX_OK
               ? machine_image_take(machine, image->ranges, image->count, options, &image->pages)
               : status;
}

void memory_image_destroy(struct memory_image *image) {
    machine_image_unref(image->pages);
    for (size_t i = 0; i < image->count; i++) {
        vmo_unref(image->ranges[i].vmo);
    }
    free(image->ranges);
    free(image->mappings);
}

// --- Whether it fits ---

static bool is_same(const struct mapping_view *left, const struct mapping_view *right) {
    return left->base == right->base && left->length == right->length && left->vmo == right->vmo &&
           left->vmo_offset == right->vmo_offset && left->vmo_end == right->vmo_end &&
           left->permissions == right->permissions;
}

bool memory_image_fits(const struct memory_image *image, const struct address_space *space) {
    if (space->count != image->mapping_count) {
        return false;
    }
    for (size_t i = 0; i < space->count; i++) {
        if (!is_same(&space->mappings[i], &image->mappings[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < image->count; i++) {
        if (image->ranges[i].vmo->size < image->ranges[i].end) {
            return false;
        }
    }
    return true;
}
