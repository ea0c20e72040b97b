// SPDX-License-Identifier: MIT
//
// Random sequences of unprivileged instructions with defined results, as machine code that loads
// its registers and flags from a block in memory and stores them there, for test_oracle.c.

#ifndef TESTS_INSTRUCTION_MIX_H
#define TESTS_INSTRUCTION_MIX_H

#include <stddef.h>
#include <stdint.h>

// What R15 points at.
struct mix_block {
    uint64_t registers[16]; // RSP and R15 are not used.
    uint64_t flags;
    uint64_t memory[8]; // Operands of the sequence.
    uint64_t vectors[4][2];
};

struct mix {
    uint64_t random;
    uint8_t *code;
    size_t size;
    uint64_t undefined; // Flags that the sequence leaves undefined.
};

// Appends: load the block, `count` instructions, store the block. The code must have room for 16
// bytes an instruction and 512 more.
void mix_make(struct mix *mix, unsigned count);

uint64_t mix_random(struct mix *mix);

#endif // TESTS_INSTRUCTION_MIX_H
