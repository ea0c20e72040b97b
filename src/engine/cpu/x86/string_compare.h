// SPDX-License-Identifier: MIT
//
// The comparison of PCMPESTRx and PCMPISTRx (SDM volume 2, section 4.1). A pure function.

#ifndef ENGINE_CPU_X86_STRING_COMPARE_H
#define ENGINE_CPU_X86_STRING_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

struct compared_string {
    uint8_t bytes[16];
    unsigned length; // In elements, at most as many as there are.
};

// Elements of 16 bits if bit 0 of `control` is set, else of 8: how many there are.
unsigned string_elements(uint8_t control);

// The length of a string that ends with its first zero element.
unsigned string_implicit_length(const uint8_t bytes[16], uint8_t control);

// IntRes2: a bit for each element of the second string.
uint16_t string_compare(const struct compared_string *first, const struct compared_string *second,
                        uint8_t control);

#endif // ENGINE_CPU_X86_STRING_COMPARE_H
