// SPDX-License-Identifier: MIT
//
// After a non-maskable interrupt others wait until its handler's IRET has been carried out, which
// an intercept shows that is on only meanwhile (SDM volume 3A, section 6.7.1).

#ifndef ENGINE_CPU_NMI_H
#define ENGINE_CPU_NMI_H

#include "engine/cpu/unicorn/state.h"

// One has been delivered.
void nmi_block(struct cpu *cpu);

// The IRET at RIP is about to be carried out.
void nmi_end(struct cpu *cpu);

// Must another wait?
bool nmi_blocked(const struct cpu *cpu);

// Is the IRET the next instruction still? Then the run must end behind it for one that waits.
bool nmi_returns(const struct cpu *cpu);

#endif // ENGINE_CPU_NMI_H
