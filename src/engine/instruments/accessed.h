// SPDX-License-Identifier: MIT
//
// Memory of which a debugger is told that instructions access it.

#ifndef ENGINE_INSTRUMENTS_ACCESSED_H
#define ENGINE_INSTRUMENTS_ACCESSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// In one page, by its host address.
struct accessed {
    const uint8_t *host;
    size_t size;
    bool read;
    bool written;
};

static inline void accessed_note(struct accessed *list, size_t count, const uint8_t *host,
                                 size_t size, bool write) {
    for (size_t i = 0; i < count; i++) {
        const bool met = host < list[i].host + list[i].size && list[i].host < host + size;
        list[i].written |= met && write;
        list[i].read |= met && !write;
    }
}

#endif // ENGINE_INSTRUMENTS_ACCESSED_H
