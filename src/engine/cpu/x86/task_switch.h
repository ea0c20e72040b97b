// SPDX-License-Identifier: MIT
//
// Task switches by far JMP, CALL, IRET and events: a VMX processor exits at them (SDM volume 3C,
// section 25.4.2), after it has found that there is no fault before. Only in protected mode outside
// of IA-32e mode.

#ifndef ENGINE_CPU_TASK_SWITCH_H
#define ENGINE_CPU_TASK_SWITCH_H

#include "engine/cpu/x86/load_segment.h"

// What a far transfer to a system descriptor that is no call gate comes to: the verdict
// DELIVERY_UNSUPPORTED for a task switch, or its fault. Always false.
bool task_switch_to(struct cpu *cpu, const struct descriptor *descriptor, struct fault *fault);

// As task_switch_to(), where a task gate that may be used has this selector. Whatever privilege the
// task has. `external` is the EXT bit of error codes.
bool task_switch_through_gate(struct cpu *cpu, uint16_t selector, uint32_t external,
                              struct fault *fault);

// As task_switch_to(), for IRET in a nested task.
bool task_switch_back(struct cpu *cpu, struct fault *fault);

#endif // ENGINE_CPU_TASK_SWITCH_H
