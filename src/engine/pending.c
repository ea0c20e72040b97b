// SPDX-License-Identifier: MIT
//
// Pending vectors.

#include "engine/pending.h"

#include "engine/cpu/cpu.h"

static uint64_t bit_of(unsigned vector) {
    return 1ull << vector % 64;
}

void pending_add(struct pending *pending, uint8_t vector) {
    pending->bits[vector / 64] |= bit_of(vector);
}

void pending_remove(struct pending *pending, uint8_t vector) {
    pending->bits[vector / 64] &= ~bit_of(vector);
}

bool pending_has(const struct pending *pending, uint8_t vector) {
    return (pending->bits[vector / 64] & bit_of(vector)) != 0;
}

bool pending_any(const struct pending *pending) {
    const uint64_t *bits = pending->bits;
    return (bits[0] | bits[1] | bits[2] | bits[3]) != 0;
}

int pending_choose(const struct pending *pending) {
    if ((pending->bits[0] & bit_of(VECTOR_NMI)) != 0) {
        return VECTOR_NMI;
    }
    int word = 3;
    while (word >= 0 && pending->bits[word] == 0) {
        word--;
    }
    if (word < 0) {
        return -1;
    }
    int vector = 64 * word + 63;
    while ((pending->bits[word] & bit_of((unsigned)vector)) == 0) {
        vector--;
    }
    return vector;
}

void pending_injected(struct pending *pending, uint8_t vector) {
    pending_remove(pending, vector);
    const uint64_t exceptions = bit_of(LAST_DEFINED_EXCEPTION + 1) - 1;
    pending->bits[0] &= ~(exceptions & ~bit_of(VECTOR_NMI));
}
