// SPDX-License-Identifier: MIT
//
// The code segment at the end of a far transfer in protected mode (SDM volume 3A, section 5.8).

#ifndef ENGINE_CPU_X86_FAR_CODE_H
#define ENGINE_CPU_X86_FAR_CODE_H

#include "engine/cpu/x86/load_segment.h"

// A code segment, and in IA-32e mode one that is not both of 64 and of 32 bits. Whether it is
// present is not looked at.
bool far_code_read(struct cpu *cpu, uint16_t selector, struct descriptor *out, struct fault *fault);

// May code run at `rip` in the segment? False with #GP(0).
bool far_code_contains(const struct cpu *cpu, const struct segment *code, uint64_t rip,
                       struct fault *fault);

// Loads CS, with the privilege as its RPL.
void far_code_enter(struct cpu *cpu, const struct segment *code, unsigned privilege);

#endif // ENGINE_CPU_X86_FAR_CODE_H
