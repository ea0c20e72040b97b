// SPDX-License-Identifier: MIT
//
// Task switches by far JMP, CALL and IRET: a VMX processor exits at them (SDM volume 3C, section
// 25.4.2), and SVM's interception of them is not modelled by the engine. So each far transfer that
// could be one is looked at first.

#ifndef ENGINE_CPU_TASK_SWITCH_H
#define ENGINE_CPU_TASK_SWITCH_H

#include "decode/instruction.h"
#include "engine/cpu/cpu.h"

// Is there anything to switch tasks with? Only in protected mode outside of IA-32e mode.
bool task_switches_exist(const struct cpu *cpu);

// Does this far transfer switch tasks? Not if it faults before: the engine shall find that itself.
bool is_task_switch(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes);

#endif // ENGINE_CPU_TASK_SWITCH_H
