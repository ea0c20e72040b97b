// SPDX-License-Identifier: MIT
//
// A random guest's memory while it is made: only the pages that something was put into count.

#ifndef RANDOM_GUEST_IMAGE_H
#define RANDOM_GUEST_IMAGE_H

#include "layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
    uint8_t bytes[MEMORY_SIZE];
    bool used[MEMORY_SIZE / PAGE];
};

// Zero again.
void image_clear(struct image *image);

// Within the memory.
void image_put(struct image *image, uint32_t address, const void *data, size_t size);

// Little-endian.
void image_put_number(struct image *image, uint32_t address, uint64_t value, unsigned bytes);
uint64_t image_get_number(const struct image *image, uint32_t address, unsigned bytes);

#endif // RANDOM_GUEST_IMAGE_H
