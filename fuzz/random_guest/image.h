// SPDX-License-Identifier: MIT
//
// A random guest's memory while it is made.

#ifndef RANDOM_GUEST_IMAGE_H
#define RANDOM_GUEST_IMAGE_H

#include "layout.h"

#include <stddef.h>
#include <stdint.h>

struct image {
    uint8_t bytes[MEMORY_SIZE];
};

// Fills all but the task states with this byte, and tables with one that makes no entry valid.
// Zeros are instructions, and a guest that comes to run them has hundreds of them translated each
// time; so another byte is better where guests go astray.
void image_clear(struct image *image, uint8_t rest);

// Within the memory.
void image_put(struct image *image, uint32_t address, const void *data, size_t size);

// Little-endian.
void image_put_number(struct image *image, uint32_t address, uint64_t value, unsigned bytes);
uint64_t image_get_number(const struct image *image, uint32_t address, unsigned bytes);

#endif // RANDOM_GUEST_IMAGE_H
