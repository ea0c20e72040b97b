// SPDX-License-Identifier: MIT
//
// Instructions of the x87 unit that the engine executes, where the state is not as it wants it: a
// register is empty, or not empty, or an exception waits (SDM volume 1, section 8.5.1.1).

#ifndef ENGINE_CPU_X86_X87_FAULT_H
#define ENGINE_CPU_X86_X87_FAULT_H

#include "engine/cpu/x86/deliver.h"

// Does what the instruction at RIP does in such a state.
enum delivery x87_fault(struct cpu *cpu, const struct instruction *instruction,
                        const uint8_t *bytes);

#endif // ENGINE_CPU_X86_X87_FAULT_H
