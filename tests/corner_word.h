// SPDX-License-Identifier: MIT
//
// Random numbers among which those at the limits of operands are frequent.

#ifndef TESTS_CORNER_WORD_H
#define TESTS_CORNER_WORD_H

#include <stdint.h>

// The random word, or for one in four of them a number that is chosen by it.
static inline uint64_t corner_word(uint64_t random) {
    static const uint64_t corners[] = {0,
                                       1,
                                       0x7f,
                                       0x80,
                                       0xffff,
                                       0x7fffffff,
                                       0x80000000,
                                       UINT64_MAX,
                                       0x7fffffffffffffff,
                                       0x8000000000000000};
    return random % 4 == 0 ? corners[(random >> 8) % 10] : random;
}

#endif // TESTS_CORNER_WORD_H
