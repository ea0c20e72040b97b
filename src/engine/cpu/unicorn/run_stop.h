// SPDX-License-Identifier: MIT
//
// What ends a run from inside of Unicorn: before a block, or before code is fetched.

#ifndef ENGINE_CPU_UNICORN_RUN_STOP_H
#define ENGINE_CPU_UNICORN_RUN_STOP_H

#include "engine/cpu/unicorn/run.h"

// Has Unicorn leave the guest, and keeps the state of the processor.
void run_stop(struct run *run);

// Interrupt windows do not exit before the run has ended.
void run_hold_window(struct run *run);

// An exit is requested before the block. False if the block must run all the same.
bool run_stop_at_block(struct run *run, uint64_t address);

// The block may have a fault of the x87 stack, which is looked at when the run has stopped. Returns
// true.
bool run_stop_for_x87(struct run *run);

// The rest of a block was translated as a block that goes on beyond it, which is to be dropped.
// Returns true.
bool run_stop_for_length(struct run *run);

// Whether these bytes of the arena, in a page, may be fetched. If not, the run ends.
bool run_fetch(struct run *run, uint64_t offset, size_t size);

#endif // ENGINE_CPU_UNICORN_RUN_STOP_H
