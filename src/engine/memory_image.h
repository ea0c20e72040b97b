// SPDX-License-Identifier: MIT
//
// A copy of what a guest's mappings show of VMOs: pages that have no memory take none here either.
// It belongs to the mappings that it was taken of, and is put back only while they are the same.

#ifndef ENGINE_MEMORY_IMAGE_H
#define ENGINE_MEMORY_IMAGE_H

#include "objects/address_space.h"
#include "platform/platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/types.h>

// Whole pages of one VMO.
struct image_range {
    struct vmo *vmo; // A reference.
    uint64_t start;
    uint64_t end;
    struct platform_memory *store;
    uint8_t *pages;
    uint8_t *present; // A bit a page: it is in the store. The others are zero.
};

struct memory_image {
    struct image_range *ranges; // Disjoint.
    size_t count;
    struct mapping_view *mappings; // As they were; of VMOs that the ranges keep.
    size_t mapping_count;
};

// NO_MEMORY, with an image to destroy all the same. The guest's mappings are locked, here and
// below.
zx_status_t memory_image_take(struct memory_image *image, const struct address_space *space);

// The mappings are what they were and their VMOs have all that was copied.
bool memory_image_fits(const struct memory_image *image, const struct address_space *space);

// Sees to it that memory_image_restore() will find memory for all that it is to write. NO_MEMORY,
// with no byte changed.
zx_status_t memory_image_prepare(const struct memory_image *image);

// Writes back each page that differs. Whoever listens to the VMOs is told of those.
void memory_image_restore(const struct memory_image *image);

void memory_image_destroy(struct memory_image *image);

#endif // ENGINE_MEMORY_IMAGE_H
