// SPDX-License-Identifier: MIT
//
// May the program use a port? The engine asks only for its own IN and OUT, which it never carries
// out.

#ifndef ENGINE_CPU_PORT_PERMISSION_H
#define ENGINE_CPU_PORT_PERMISSION_H

#include "engine/cpu/x86/deliver.h"

// False: the instruction faults, and `refusal` is what became of the fault.
bool port_permitted(struct cpu *cpu, uint16_t port, uint8_t size, enum delivery *refusal);

#endif // ENGINE_CPU_PORT_PERMISSION_H
