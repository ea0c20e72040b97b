// SPDX-License-Identifier: MIT
//
// The image of a random guest's memory.

#include "image.h"

#include <string.h>

void image_clear(struct image *image) {
    for (size_t i = 0; i < MEMORY_SIZE / PAGE; i++) {
        if (image->used[i]) {
            memset(image->bytes + i * PAGE, 0, PAGE);
            image->used[i] = false;
        }
    }
}

void image_put(struct image *image, uint32_t address, const void *data, size_t size) {
    memcpy(image->bytes + address, data, size);
    for (size_t i = address / PAGE; size > 0 && i <= (address + size - 1) / PAGE; i++) {
        image->used[i] = true;
    }
}

void image_put_number(struct image *image, uint32_t address, uint64_t value, unsigned bytes) {
    uint8_t data[8];
    for (unsigned i = 0; i < bytes; i++) {
        data[i] = (uint8_t)(value >> (8 * i));
    }
    image_put(image, address, data, bytes);
}

uint64_t image_get_number(const struct image *image, uint32_t address, unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint64_t)image->bytes[address + i] << (8 * i);
    }
    return value;
}
