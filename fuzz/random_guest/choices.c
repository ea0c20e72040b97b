// SPDX-License-Identifier: MIT
//
// Choices; the generator is splitmix64.

#include "choices.h"

static uint64_t next_random(struct choices *choices) {
    choices->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = choices->state;
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

void choices_init(struct choices *choices, const uint8_t *data, size_t size) {
    *choices = (struct choices){.data = data, .left = size};
    choices->state = choose_bits(choices, 8);
    choices->is_seed = choices->left == 0;
}

void choices_fork(struct choices *choices, struct choices *out) {
    *out = (struct choices){.state = next_random(choices)};
}

uint64_t choose_bits(struct choices *choices, unsigned bytes) {
    if (choices->left == 0) {
        return next_random(choices) >> (64 - 8 * bytes);
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && choices->left > 0; i++) {
        value |= (uint64_t)*choices->data++ << (8 * i);
        choices->left--;
    }
    return value;
}

uint32_t choose(struct choices *choices, uint32_t count) {
    return (uint32_t)choose_bits(choices, count <= 256 ? 1 : 2) % count;
}

bool choose_one_in(struct choices *choices, uint32_t count) {
    return choose(choices, count) == 0;
}
