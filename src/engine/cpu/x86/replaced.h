// SPDX-License-Identifier: MIT
//
// Replaced instructions: forms that the engine must not execute (decode/replaced_form.h), carried
// out here. Each has a function that leaves the VCPU behind the instruction, or in the handler of
// its fault, or as it was with the verdict that memory is not there.

#ifndef ENGINE_CPU_X86_REPLACED_H
#define ENGINE_CPU_X86_REPLACED_H

#include "decode/replaced_form.h"
#include "engine/cpu/x86/deliver.h"

// `bytes` are the instruction's; the state is open, and RIP at the instruction.
typedef enum delivery replaced_function(struct cpu *cpu, const struct instruction *instruction,
                                        const uint8_t *bytes);

// Bits of enum replaced_condition: what blocks that run in this state are cut before.
unsigned replaced_conditions(const struct cpu *cpu);

// As replaced_conditions(), after a block was cut. The end of the block has cleared RF.
unsigned replaced_conditions_at_cut(const struct cpu *cpu);

// Carries out an instruction that a block was cut before. What is not replaced in this state is
// left to the engine.
enum delivery replaced_execute(struct cpu *cpu, const struct instruction *instruction,
                               const uint8_t *bytes);

// --- One file for each group ---

replaced_function replaced_compare_strings;
replaced_function replaced_horizontal;
replaced_function replaced_dot_product;
replaced_function replaced_lock_neg;
replaced_function replaced_move_immediate;
replaced_function replaced_flags_of_ah;
replaced_function replaced_set_condition;
replaced_function replaced_rotate_carry;
replaced_function replaced_enter;
replaced_function replaced_lldt;
replaced_function replaced_ltr;
replaced_function replaced_table_register;
replaced_function replaced_hint;
replaced_function replaced_far_transfer;
replaced_function replaced_far_return;
replaced_function replaced_load_segment;
replaced_function replaced_near_branch;
replaced_function replaced_near_return;
replaced_function replaced_pushf;
replaced_function replaced_x87;
replaced_function replaced_x87_store;
replaced_function replaced_x87_state;
replaced_function replaced_media_state;
replaced_function replaced_wait;

#endif // ENGINE_CPU_X86_REPLACED_H
