// SPDX-License-Identifier: MIT
//
// The operands that a ModRM byte names, for the few instructions that are carried out here and not
// by the engine.

#ifndef ENGINE_CPU_OPERAND_H
#define ENGINE_CPU_OPERAND_H

#include "decode/instruction.h"
#include "engine/cpu/x86/deliver.h"
#include "engine/cpu/x86/linear.h"

// What PUSH, POP and their like have: in 64-bit code never 32 bits.
unsigned stack_operand_size(const struct cpu *cpu, const struct instruction *instruction);

// The low 1, 2, 4 or 8 bytes of a general register; 4 bytes clear the upper ones.
void register_set_low(struct cpu *cpu, unsigned index, uint64_t value, unsigned size);

// Does ModRM name a register?
bool operand_is_register(const struct instruction *instruction);

// On whose behalf a program's operands are accessed.
enum access_mode operand_mode(const struct cpu *cpu);

// The operand in memory of a replaced instruction. False when the access failed, with what became
// of the fault: nothing has changed then.
bool operand_read(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                  void *out, size_t size, enum delivery *failure);
bool operand_write(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                   void *data, size_t size, enum delivery *failure);
// Would operand_write() succeed?
bool operand_probe_write(struct cpu *cpu, const struct instruction *instruction,
                         const uint8_t *bytes, size_t size, enum delivery *failure);
// A far pointer: an offset of the operand size and then the selector.
bool operand_read_far(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                      uint64_t *offset, uint16_t *selector, enum delivery *failure);

// Where the operand in memory begins. False: outside of its segment.
bool operand_linear(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                    uint64_t *linear);

// True if a store of 16 bits goes to memory that nothing backs: the guest-physical address of the
// first byte there, or of the page table's entry.
bool operand_unbacked16(struct cpu *cpu, const struct instruction *instruction,
                        const uint8_t *bytes, uint64_t *guest_physical);

// Whether the linear address is in memory that the instruction reads, changes and writes back.
bool operand_is_modified_at(struct cpu *cpu, const struct instruction *instruction,
                            const uint8_t *bytes, uint64_t address);

// Whether the page of the guest-physical address is in memory that the instruction reads, changes
// and writes back. It is compared with the pages where the operand begins and where the longest
// operand would end.
bool operand_is_modified_in(struct cpu *cpu, const struct instruction *instruction,
                            const uint8_t *bytes, uint64_t guest_physical);

// Does the instruction access the stack, by its operand or without one, at an address that is not
// canonical? The engine reports #GP for it as for all others; for a stack it is #SS.
bool operand_stack_not_canonical(struct cpu *cpu, const struct instruction *instruction,
                                 const uint8_t *bytes);

#endif // ENGINE_CPU_OPERAND_H
