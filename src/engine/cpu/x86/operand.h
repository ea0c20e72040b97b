// SPDX-License-Identifier: MIT
//
// The operands that a ModRM byte names, for the few instructions that are carried out here and not
// by the engine.

#ifndef ENGINE_CPU_OPERAND_H
#define ENGINE_CPU_OPERAND_H

#include "decode/instruction.h"
#include "engine/cpu/x86/deliver.h"

// 16 bits of memory, `skip` bytes behind the operand's start. False when it cannot be read; nothing
// is delivered.
bool operand_peek16(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                    unsigned skip, uint16_t *value);

// True if the 16 bits are in memory that nothing backs: the guest-physical address of the first
// byte there, or of the page table's entry.
bool operand_unbacked16(struct cpu *cpu, const struct instruction *instruction,
                        const uint8_t *bytes, bool write, uint64_t *guest_physical);

// Does the instruction access the stack, by its operand or without one, at an address that is not
// canonical? The engine reports #GP for it as for all others; for a stack it is #SS.
bool operand_stack_not_canonical(struct cpu *cpu, const struct instruction *instruction,
                                 const uint8_t *bytes);

#endif // ENGINE_CPU_OPERAND_H
