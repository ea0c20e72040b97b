// SPDX-License-Identifier: MIT
//
// Element by element, in the terms of the manual.

#include "engine/cpu/x86/string_compare.h"

// Bits of the immediate byte.
#define CONTROL_WORDS 0x01
#define CONTROL_SIGNED 0x02
#define CONTROL_AGGREGATION(control) ((control) >> 2 & 3)
#define CONTROL_NEGATIVE 0x10
#define CONTROL_MASKED 0x20

enum aggregation { EQUAL_ANY, RANGES, EQUAL_EACH, EQUAL_ORDERED };

unsigned string_elements(uint8_t control) {
    return (control & CONTROL_WORDS) != 0 ? 8 : 16;
}

static int element(const uint8_t bytes[16], unsigned index, uint8_t control) {
    if ((control & CONTROL_WORDS) == 0) {
        return (control & CONTROL_SIGNED) != 0 ? (int8_t)bytes[index] : bytes[index];
    }
    const unsigned word = bytes[2 * index] | (unsigned)bytes[2 * index + 1] << 8;
    return (control & CONTROL_SIGNED) != 0 ? (int16_t)word : (int)word;
}

unsigned string_implicit_length(const uint8_t bytes[16], uint8_t control) {
    unsigned length = 0;
    while (length < string_elements(control) && element(bytes, length, control) != 0) {
        length++;
    }
    return length;
}

static bool any_equal(const struct compared_string *set, int value, uint8_t control) {
    for (unsigned i = 0; i < set->length; i++) {
        if (element(set->bytes, i, control) == value) {
            return true;
        }
    }
    return false;
}

// A range is a pair; half a pair is none.
static bool in_ranges(const struct compared_string *ranges, int value, uint8_t control) {
    for (unsigned i = 0; i + 1 < ranges->length; i += 2) {
        if (element(ranges->bytes, i, control) <= value &&
            value <= element(ranges->bytes, i + 1, control)) {
            return true;
        }
    }
    return false;
}

static bool each_equal(const struct compared_string *first, const struct compared_string *second,
                       unsigned index, uint8_t control) {
    const bool valid = index < first->length;
    if (valid != (index < second->length)) {
        return false;
    }
    return !valid ||
           element(first->bytes, index, control) == element(second->bytes, index, control);
}

// Is the first string in the second at `start`, as far as the second has elements at all? What lies
// behind the last of them may match.
static bool ordered_equal(const struct compared_string *first, const struct compared_string *second,
                          unsigned start, uint8_t control) {
    for (unsigned i = 0; i < first->length && start + i < string_elements(control); i++) {
        if (start + i >= second->length ||
            element(first->bytes, i, control) != element(second->bytes, start + i, control)) {
            return false;
        }
    }
    return true;
}

static bool compare_at(const struct compared_string *first, const struct compared_string *second,
                       unsigned index, uint8_t control) {
    const bool valid = index < second->length;
    switch ((enum aggregation)CONTROL_AGGREGATION(control)) {
    case EQUAL_ANY:
        return valid && any_equal(first, element(second->bytes, index, control), control);
    case RANGES:
        return valid && in_ranges(first, element(second->bytes, index, control), control);
    case EQUAL_EACH:
        return each_equal(first, second, index, control);
    case EQUAL_ORDERED:
    default:
        return ordered_equal(first, second, index, control);
    }
}

uint16_t string_compare(const struct compared_string *first, const struct compared_string *second,
                        uint8_t control) {
    uint16_t result = 0;
    for (unsigned i = 0; i < string_elements(control); i++) {
        const bool negates = (control & CONTROL_NEGATIVE) != 0 &&
                             ((control & CONTROL_MASKED) == 0 || i < second->length);
        if (compare_at(first, second, i, control) != negates) {
            result = (uint16_t)(result | 1u << i);
        }
    }
    return result;
}
