// SPDX-License-Identifier: MIT
//
// Which word somebody may have meant.

#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *wanted;
    size_t length;    // Its length without the dashes of an option.
    const char *word; // The nearest so far; NULL: none is near.
    unsigned distance;
};

struct nearest nearest_to(const char *wanted, size_t length);

// Looks at one more known word. The pointer is kept.
void nearest_look_at(struct nearest *nearest, const char *word);

#endif // CLI_NEAREST_H
