// SPDX-License-Identifier: MIT
//
// Writes of MSRs that do not exit (hypervisor ABI 4.4), but that the processor refuses for some
// values (SDM volume 4): Unicorn would take any.

#ifndef ENGINE_CPU_PASSED_MSR_H
#define ENGINE_CPU_PASSED_MSR_H

#include "engine/cpu/unicorn/state.h"

enum passed_msr {
    PASSED_MSR_WRITTEN,
    PASSED_MSR_REFUSED, // #GP(0)
    PASSED_MSR_OTHER,   // Not one of these.
};

// The MSR in ECX := EDX:EAX.
enum passed_msr passed_msr_write(struct cpu *cpu);

// Makes WRMSR of these MSRs report, and no access of the others that pass through.
void passed_msr_fill_bitmap(uint8_t *bitmap);

#endif // ENGINE_CPU_PASSED_MSR_H
