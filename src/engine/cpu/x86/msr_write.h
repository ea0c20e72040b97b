// SPDX-License-Identifier: MIT
//
// Writes of MSRs that do not exit (hypervisor ABI 4.4), but that the processor refuses for some
// values: Unicorn would take any.

#ifndef ENGINE_CPU_X86_MSR_WRITE_H
#define ENGINE_CPU_X86_MSR_WRITE_H

#include "engine/cpu/cpu.h"

enum msr_write {
    MSR_WRITTEN,
    MSR_REFUSED, // #GP(0)
    MSR_OTHER,   // Not one of these.
};

// The MSR in ECX := EDX:EAX.
enum msr_write msr_write(struct cpu *cpu);

#endif // ENGINE_CPU_X86_MSR_WRITE_H
