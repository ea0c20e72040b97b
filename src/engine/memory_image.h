// SPDX-License-Identifier: MIT
//
// The memory that a guest's mappings show, copied by the machine. An image belongs to the mappings
// that it was taken of, and is put back only while they are the same.

#ifndef ENGINE_MEMORY_IMAGE_H
#define ENGINE_MEMORY_IMAGE_H

#include "engine/instruments/machine_image.h"
#include "objects/address_space.h"

#include <stdbool.h>
#include <stddef.h>
#include <zircon/types.h>

struct memory_image {
    struct image_range *ranges; // Disjoint; each keeps a reference to its VMO.
    size_t count;
    struct mapping_view *mappings; // The mappings at that time. The ranges keep their VMOs.
    size_t mapping_count;
    struct machine_image *pages;
};

// Returns what machine_image_take() returns; the image must be destroyed in any case. The caller
// has the guest's turn, here and below.
zx_status_t memory_image_take(struct memory_image *image, struct machine *machine,
                              const struct address_space *space, struct image_options options);

// Whether the mappings are what they were and their VMOs still have all pages that were copied.
bool memory_image_fits(const struct memory_image *image, const struct address_space *space);

void memory_image_destroy(struct memory_image *image);

#endif // ENGINE_MEMORY_IMAGE_H
