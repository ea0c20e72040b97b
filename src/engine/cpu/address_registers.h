// SPDX-License-Identifier: MIT
//
// WRMSR of registers that hold a linear address. They pass through on a processor (hypervisor ABI
// 4.4), which checks that the address is canonical; Unicorn would take any.

#ifndef ENGINE_CPU_ADDRESS_REGISTERS_H
#define ENGINE_CPU_ADDRESS_REGISTERS_H

#include "engine/cpu/deliver.h"

bool is_address_register(uint32_t msr);

// Carries out the WRMSR at RIP, of ECX, which is such a register.
enum delivery address_register_write(struct cpu *cpu, uint8_t instruction_length);

#endif // ENGINE_CPU_ADDRESS_REGISTERS_H
