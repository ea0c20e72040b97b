// SPDX-License-Identifier: MIT
//
// The states of NMI blocking. Between the exit before an IRET and its end nothing may come between:
// the next interrupt would overwrite the frame that the IRET is about to take.

#include "engine/cpu/x86/nmi.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/mode.h"

// In IA-32e mode each is carried out by the library: the engine's forgets the bases of FS and GS,
// has an address that is not canonical fault where it leads to, and pops from 16 bits of RSP where
// its operands have not 64.
void iret_exiting_update(struct cpu *cpu) {
    const bool blocked = cpu_progress_of(cpu)->nmi == NMI_BLOCKED;
    cpu_set_iret_exiting(cpu, blocked || cpu_long_mode(cpu));
}

void nmi_block(struct cpu *cpu) {
    cpu_progress(cpu)->nmi = NMI_BLOCKED;
    iret_exiting_update(cpu);
}

void nmi_end(struct cpu *cpu) {
    struct cpu_progress *progress = cpu_progress(cpu);
    progress->nmi = NMI_RETURNS;
    progress->nmi_return = cpu_code_address(cpu, cpu_get(cpu, RIP));
    iret_exiting_update(cpu);
}

void nmi_returned(struct cpu *cpu) {
    if (cpu_progress_of(cpu)->nmi == NMI_BLOCKED) {
        cpu_progress(cpu)->nmi = NMI_OPEN;
        machine_request_exit(cpu_machine(cpu)); // Another may wait.
    }
}

bool nmi_returns_at(const struct cpu *cpu, uint64_t linear) {
    const struct cpu_progress *progress = cpu_progress_of(cpu);
    return progress->nmi == NMI_RETURNS && progress->nmi_return == linear;
}

bool nmi_returns(const struct cpu *cpu) {
    return cpu_progress_of(cpu)->nmi == NMI_RETURNS &&
           nmi_returns_at(cpu, cpu_code_address(cpu, cpu_get(cpu, RIP)));
}

bool nmi_blocked(const struct cpu *cpu) {
    return cpu_progress_of(cpu)->nmi == NMI_BLOCKED || nmi_returns(cpu);
}
