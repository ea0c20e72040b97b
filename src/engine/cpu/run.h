// SPDX-License-Identifier: MIT
//
// Running a VCPU until an exit. What Unicorn reports becomes a VM exit as a VMX processor would
// report it; guest exceptions, which do not exit there (hypervisor ABI 4.4), are delivered here.

#ifndef ENGINE_CPU_RUN_H
#define ENGINE_CPU_RUN_H

#include "decode/port_access.h"
#include "engine/cpu/state.h"

enum exit_reason {
    EXIT_ATTENTION, // No exit: the attention flag was seen.
    EXIT_CPUID,
    EXIT_HLT,
    EXIT_INTERRUPT_WINDOW,
    EXIT_VMCALL,
    EXIT_CONTROL_REGISTER_ACCESS,
    EXIT_IO_INSTRUCTION,
    EXIT_RDMSR,
    EXIT_WRMSR,
    EXIT_EPT_VIOLATION,
    EXIT_XSETBV,
    EXIT_TRIPLE_FAULT,
    EXIT_OTHER,  // An instruction that exits and that nobody handles.
    EXIT_FAILED, // The engine failed; the reason is in the log.
};

struct cpu_exit {
    enum exit_reason reason;
    uint8_t instruction_length; // 0 when not known.
    uint8_t instruction[15];
    struct port_access port; // IO_INSTRUCTION
    uint64_t guest_physical; // EPT_VIOLATION
    bool write;              // EPT_VIOLATION
};

// Runs until an exit. Only the turn's holder; the state is open afterwards.
void cpu_run(struct cpu *cpu, struct cpu_exit *exit);

zx_status_t run_add_hooks(struct machine *machine);

#endif // ENGINE_CPU_RUN_H
