// SPDX-License-Identifier: MIT
//
// MSRs that do not exit (hypervisor ABI 4.4). The processor refuses some values that Unicorn would
// take; and where the library is called for RDMSR and WRMSR, Unicorn has carried out neither.

#ifndef ENGINE_CPU_X86_MSR_ACCESS_H
#define ENGINE_CPU_X86_MSR_ACCESS_H

#include "engine/cpu/cpu.h"

enum msr_access {
    MSR_DONE,
    MSR_REFUSED, // #GP(0)
    MSR_OTHER,   // This MSR exits.
};

// WRMSR: writes EDX:EAX to the MSR in ECX. RDMSR: reads it.
enum msr_access msr_write(struct cpu *cpu);
enum msr_access msr_read(struct cpu *cpu);

#endif // ENGINE_CPU_X86_MSR_ACCESS_H
