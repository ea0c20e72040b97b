// SPDX-License-Identifier: MIT
//
// The image of a random guest's memory.

#include "image.h"

#include <string.h>

#define INT3 0xcc

void image_clear(struct image *image, uint8_t rest) {
    memset(image->bytes, rest, MEMORY_SIZE);
    memset(image->bytes + TASK_64, 0, PAGE);
    if ((rest & 1) != 0) {
        memset(image->bytes, INT3,
               TABLES_END); // Bit 0 of a table's entry says that it is valid.
    }
}

void image_put(struct image *image, uint32_t address, const void *data, size_t size) {
    memcpy(image->bytes + address, data, size);
}

void image_put_number(struct image *image, uint32_t address, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) {
        image->bytes[address + i] = (uint8_t)(value >> (8 * i));
    }
}

uint64_t image_get_number(const struct image *image, uint32_t address, unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint64_t)image->bytes[address + i] << (8 * i);
    }
    return value;
}
