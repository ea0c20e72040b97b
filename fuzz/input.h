// SPDX-License-Identifier: MIT
//
// Reads a fuzz target's input as numbers. Behind the end everything is 0.

#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *data;
    size_t left;
};

static inline uint8_t input_byte(struct input *input) {
    if (input->left == 0) {
        return 0;
    }
    input->left--;
    return *input->data++;
}

// Little-endian, so that a dictionary's words are what they look like.
static inline uint64_t input_bytes(struct input *input, unsigned count) {
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        value |= (uint64_t)input_byte(input) << (8 * i);
    }
    return value;
}

static inline uint32_t input_word(struct input *input) {
    return (uint32_t)input_bytes(input, 4);
}

// A size, offset or address: in pages, near a power of two, or anything.
static inline uint64_t input_amount(struct input *input) {
    const uint8_t kind = input_byte(input);
    switch (kind % 4) {
    case 0:
        return (uint64_t)(kind / 4) * 4096;
    case 1:
        return input_byte(input);
    case 2:
        return (UINT64_C(1) << (kind / 4)) + (uint64_t)(int64_t)(int8_t)input_byte(input);
    default:
        return input_bytes(input, 8);
    }
}

#endif // FUZZ_INPUT_H
