// SPDX-License-Identifier: MIT
//
// After a non-maskable interrupt others wait until its handler's IRET has been carried out, which
// an intercept shows that is on only meanwhile (SDM volume 3A, section 6.7.1). In protected mode
// IRET is then carried out here; elsewhere the engine does, and must not be interrupted meanwhile.

#ifndef ENGINE_CPU_NMI_H
#define ENGINE_CPU_NMI_H

#include "engine/cpu/cpu.h"

// An NMI has been delivered.
void nmi_block(struct cpu *cpu);

// The IRET at RIP is about to be carried out.
void nmi_end(struct cpu *cpu);

// An IRET was carried out by replaced_far_return().
void nmi_returned(struct cpu *cpu);

// Sets the intercept of IRET as it must be: after an NMI, and where the engine would lose the base
// of FS or GS. Call it after each load of FS and GS as well, and when IA-32e mode begins or ends.
void iret_exiting_update(struct cpu *cpu);

// Whether the IRET of the handler is being carried out, and stands at this linear address. The run
// must end behind it, for an NMI that waits.
bool nmi_returns_at(const struct cpu *cpu, uint64_t linear);

// Whether it is being carried out, and RIP is at it.
bool nmi_returns(const struct cpu *cpu);

// Whether another NMI must wait.
bool nmi_blocked(const struct cpu *cpu);

#endif // ENGINE_CPU_NMI_H
