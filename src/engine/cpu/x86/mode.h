// SPDX-License-Identifier: MIT
//
// What follows from the registers: the mode of the code, and what is an address in it.

#ifndef ENGINE_CPU_X86_MODE_H
#define ENGINE_CPU_X86_MODE_H

#include "engine/cpu/cpu.h"

bool cpu_long_mode(const struct cpu *cpu);
bool cpu_code_64(const struct cpu *cpu);
bool cpu_canonical(uint64_t linear);
uint64_t cpu_code_address(const struct cpu *cpu, uint64_t rip); // Linear.

#endif // ENGINE_CPU_X86_MODE_H
