// SPDX-License-Identifier: MIT
//
// What an instruction costs Unicorn's translator, which does not look whether it runs out.

#ifndef ENGINE_CPU_UNICORN_WEIGHT_H
#define ENGINE_CPU_UNICORN_WEIGHT_H

#include "decode/instruction.h"

// The most temporary values that a block may keep. There is room for 512; 36 registers and some 30
// temporaries that come and go are among them.
enum { WEIGHT_LIMIT = 400 };

// Temporary values that the instruction's translation does not give back before the block's end.
unsigned instruction_weight(const struct instruction *instruction);

// Bytes of host code that the instruction becomes, at the most.
unsigned instruction_host_bytes(const struct instruction *instruction);

// Bytes of host code that a block has besides its instructions, at the most.
enum { BLOCK_HOST_BYTES = 1024 };

// Unicorn ends each block there, whatever follows.
enum { BLOCK_MOST_INSTRUCTIONS = 512 };

#endif // ENGINE_CPU_UNICORN_WEIGHT_H
