// SPDX-License-Identifier: MIT
//
// The states of NMI blocking. Between the report of an IRET and its end nothing may come between:
// the next interrupt would overwrite the frame that the IRET is about to take.

#include "engine/cpu/x86/nmi.h"

#include "engine/cpu/unicorn/vmcb.h"

static void intercept_return(struct cpu *cpu, bool on) {
    const size_t offset = cpu->machine->layout->intercepts;
    const uint64_t others = cpu_word(cpu, offset) & ~SVM_INTERCEPT(SVM_IRET);
    cpu_set_word(cpu, offset, on ? others | SVM_INTERCEPT(SVM_IRET) : others);
}

void nmi_block(struct cpu *cpu) {
    cpu->nmi = NMI_BLOCKED;
    intercept_return(cpu, true);
}

void nmi_end(struct cpu *cpu) {
    cpu->nmi = NMI_RETURNS;
    cpu->nmi_return = cpu_code_address(cpu, cpu_rip(cpu));
    intercept_return(cpu, false);
}

bool nmi_returns(const struct cpu *cpu) {
    return cpu->nmi == NMI_RETURNS && cpu_code_address(cpu, cpu_rip(cpu)) == cpu->nmi_return;
}

bool nmi_blocked(const struct cpu *cpu) {
    return cpu->nmi == NMI_BLOCKED || nmi_returns(cpu);
}
