// SPDX-License-Identifier: MIT
//
// Linear addresses before which a guest stops.

#ifndef ENGINE_CPU_BREAKPOINTS_H
#define ENGINE_CPU_BREAKPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct breakpoints {
    uint64_t version; // Another one for other addresses; 0 while there have been none.
    size_t count;
    uint64_t addresses[]; // Ascending.
};

// NULL has none.
static inline bool breakpoints_contain(const struct breakpoints *breakpoints, uint64_t address) {
    size_t first = 0;
    size_t end = breakpoints != NULL ? breakpoints->count : 0;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (breakpoints->addresses[middle] == address) {
            return true;
        }
        if (breakpoints->addresses[middle] < address) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return false;
}

#endif // ENGINE_CPU_BREAKPOINTS_H
