// SPDX-License-Identifier: MIT
//
// Where a random guest's choices come from: the bytes of a fuzz input first, and a generator of
// random numbers behind their end. The generator starts from the input's first eight bytes, so an
// input of eight bytes is a seed, and longer ones override what the seed would have chosen.
//
// One choice an expression: C leaves to the compiler which of two comes first, and a seed shall be
// the same guest everywhere.

#ifndef RANDOM_GUEST_CHOICES_H
#define RANDOM_GUEST_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct choices {
    const uint8_t *data;
    size_t left;
    uint64_t state;
    bool is_seed; // The input says nothing more.
};

void choices_init(struct choices *choices, const uint8_t *data, size_t size);

// Separate choices for another thread.
void choices_fork(struct choices *choices, struct choices *out);

uint64_t choose_bits(struct choices *choices, unsigned bytes);

// Below `count`, which is 1 to 65,536.
uint32_t choose(struct choices *choices, uint32_t count);

bool choose_one_in(struct choices *choices, uint32_t count);

#define CHOOSE_FROM(choices, array)                                                                \
    ((array)[choose((choices), (uint32_t)(sizeof(array) / sizeof((array)[0])))])

#endif // RANDOM_GUEST_CHOICES_H
