// SPDX-License-Identifier: MIT
//
// A block that was kept from running, because it may not be in order (x87_blocks.h).

#ifndef ENGINE_CPU_UNICORN_X87_STOP_H
#define ENGINE_CPU_UNICORN_X87_STOP_H

#include "engine/cpu/cpu.h"

// Between runs. True, with the instruction, when the one at RIP has a fault; else the block can be
// run, or be translated again up to one that has.
bool x87_stop_fault(struct cpu *cpu, struct cpu_exit *exit);

#endif // ENGINE_CPU_UNICORN_X87_STOP_H
