// SPDX-License-Identifier: MIT
//
// Little-endian numbers at any address, as the boot protocol's and ACPI's structures hold them.

#ifndef EXAMPLES_LINUX_BYTES_H
#define EXAMPLES_LINUX_BYTES_H

#include <stdint.h>

static inline void put(uint8_t *to, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static inline uint64_t get(const uint8_t *from, unsigned size) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)from[i] << (8 * i);
    }
    return value;
}

#endif // EXAMPLES_LINUX_BYTES_H
