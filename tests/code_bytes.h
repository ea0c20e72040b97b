// SPDX-License-Identifier: MIT
//
// Bytes of code for the tests of the decoder: from text, and random.

#ifndef TESTS_CODE_BYTES_H
#define TESTS_CODE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

// A 64-bit xorshift generator: the same numbers in every run.
static inline uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed >> 11;
}

// Reads "0f 05" into bytes; returns how many.
static inline size_t parse_bytes(const char *text, uint8_t bytes[static 64]) {
    size_t count = 0;
    char *end = NULL;
    for (; *text != '\0'; text = *end == ' ' ? end + 1 : end)
        bytes[count++] = (uint8_t)strtoul(text, &end, 16);
    return count;
}

#endif // TESTS_CODE_BYTES_H
