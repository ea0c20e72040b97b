// SPDX-License-Identifier: MIT
//
// A processor without an engine: registers and a megabyte of guest-physical memory at 0 behind the
// functions of engine/cpu/cpu.h and engine/cpu/state.h, so that the rules of x86 can be tried
// alone. It runs no code.

#ifndef TESTS_FAKE_CPU_H
#define TESTS_FAKE_CPU_H

#include "engine/cpu/cpu.h"

#define FAKE_MEMORY_SIZE 0x100000u

// The only processor there is, reset: real mode, all zero but what the manual fixes.
struct cpu *fake_cpu(void);

// Its memory. A page that is taken away is backed by nothing, as a trap is.
uint8_t *fake_memory(void);
void fake_take_page_away(uint64_t guest_physical);

// Whether an exit before each IRET is asked for.
bool fake_iret_exiting(void);

// 64-bit code at CPL 0, with an identity map of the memory by pages of 2 MiB; tables from 0x1000
// on.
void fake_enter_long_mode(struct cpu *cpu);

void fake_put64(uint64_t address, uint64_t value);
uint64_t fake_get64(uint64_t address);

#endif // TESTS_FAKE_CPU_H
