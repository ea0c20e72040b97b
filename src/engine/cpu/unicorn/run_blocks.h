// SPDX-License-Identifier: MIT
//
// Which of the blocks that Unicorn runs are parts of one block of the code.

#ifndef ENGINE_CPU_UNICORN_RUN_BLOCKS_H
#define ENGINE_CPU_UNICORN_RUN_BLOCKS_H

#include "engine/cpu/unicorn/run.h"

// Finds out whether the block that is about to run is the rest of one that was translated in parts,
// for a reason that is not in its code. What is counted is blocks of the code.
void run_look_for_rest(struct run *run, uint64_t address);

// Finds out whether there can be such a rest behind the block that is about to run.
void run_look_for_end(struct run *run);

// A debugger stops before the instruction at RIP: if the block that ran last goes on there, it is
// divided, and counts as one block all the same.
void run_divide_block(struct run *run);

// A debugger has stepped over an instruction, and `next` is the one behind it: the block is divided
// there, if it goes on.
void run_divide_behind(struct run *run, uint64_t next);

#endif // ENGINE_CPU_UNICORN_RUN_BLOCKS_H
