// SPDX-License-Identifier: MIT
//
// SYSCALL, SYSENTER and SYSEXIT, which the engine leaves to its user, and SYSRET, which it does as
// other makers' processors do.

#ifndef ENGINE_CPU_SYSTEM_CALL_H
#define ENGINE_CPU_SYSTEM_CALL_H

#include "decode/instruction.h"
#include "engine/cpu/x86/deliver.h"

// Whether it is SYSCALL, SYSRET, SYSENTER or SYSEXIT.
bool is_system_call(const struct instruction *instruction);

// Carries out the instruction at RIP, or delivers the fault that it makes.
enum delivery system_call(struct cpu *cpu, const struct instruction *instruction);

#endif // ENGINE_CPU_SYSTEM_CALL_H
