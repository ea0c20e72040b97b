// SPDX-License-Identifier: MIT
//
// MOV to and from debug registers. They are values private to the VCPU: what a guest puts in DR7
// never reaches the engine, so its breakpoints never hit.

#ifndef ENGINE_CPU_DEBUG_REGISTERS_H
#define ENGINE_CPU_DEBUG_REGISTERS_H

#include "engine/cpu/x86/deliver.h"

#include "decode/instruction.h"

// Carries out the instruction at RIP, to the next instruction or to the fault it makes.
enum delivery debug_register_move(struct cpu *cpu, const struct instruction *instruction);

#endif // ENGINE_CPU_DEBUG_REGISTERS_H
