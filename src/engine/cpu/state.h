// SPDX-License-Identifier: MIT
//
// The seam between the two layers below cpu.h: what x86/ needs of a VCPU, beside what that header
// gives to everybody, and unicorn/ supplies.

#ifndef ENGINE_CPU_STATE_H
#define ENGINE_CPU_STATE_H

#include "engine/cpu/cpu.h"
#include "engine/cpu/x86/progress.h"

struct machine *cpu_machine(const struct cpu *cpu);

// Another number each time that some of the addresses which machine_host_address() has given out
// are no longer to be used, or not for stores.
uint64_t machine_address_changes(const struct machine *machine);

struct cpu_progress *cpu_progress(struct cpu *cpu);
const struct cpu_progress *cpu_progress_of(const struct cpu *cpu);

// RFLAGS without the arithmetic flags, which may have to be computed.
uint64_t cpu_system_flags(const struct cpu *cpu);

unsigned cpu_privilege(const struct cpu *cpu);

// What a walk through page tables depends on, beside the tables.
struct cpu_paging {
    uint64_t cr0;
    uint64_t cr3;
    uint64_t cr4;
    uint64_t efer;
};
struct cpu_paging cpu_paging(const struct cpu *cpu);

// A register of the x87 file by its place in it, not in the stack: 10 bytes. An MMX register is the
// first 8 bytes of the one with its number.
void cpu_get_x87(const struct cpu *cpu, unsigned index, void *value);
void cpu_set_x87(struct cpu *cpu, unsigned index, const void *value);

// 16 bytes.
void cpu_get_xmm(const struct cpu *cpu, unsigned index, void *value);
void cpu_set_xmm(struct cpu *cpu, unsigned index, const void *value);

// Has the arithmetic flags computed, once for all that reads RFLAGS from here on.
void cpu_settle_flags(struct cpu *cpu);

// An exit before each IRET.
void cpu_set_iret_exiting(struct cpu *cpu, bool on);

#endif // ENGINE_CPU_STATE_H
