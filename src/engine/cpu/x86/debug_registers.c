// SPDX-License-Identifier: MIT
//
// The rules of SDM volume 3B, section 17.2, for accesses to debug registers.

#include "engine/cpu/x86/debug_registers.h"

#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/operand.h"

#define DR6_WRITABLE (0xfull | DR6_BD | DR6_BS | 1ull << 15)
#define DR7_WRITABLE 0xffff23ffull

enum { MOV_FROM_DEBUG_REGISTER = 0x21 };

// 4 and 5 are 6 and 7 while CR4.DE permits it; false when it does not.
static bool name_register(const struct cpu *cpu, unsigned number, enum cpu_register *name) {
    static const enum cpu_register names[] = {DR0, DR1, DR2, DR3, DR6, DR7, DR6, DR7};
    *name = names[number & 7];
    const bool alias = number == 4 || number == 5;
    return number < 8 && (!alias || (cpu_get(cpu, CR4) & CR4_DE) == 0);
}

static uint64_t with_fixed_bits(enum cpu_register name, uint64_t value) {
    switch (name) {
    case DR6:
        return (value & DR6_WRITABLE) | DR6_FIXED;
    case DR7:
        return (value & DR7_WRITABLE) | DR7_FIXED;
    default:
        return value;
    }
}

enum delivery debug_register_move(struct cpu *cpu, const struct instruction *instruction) {
    enum cpu_register name;
    const unsigned index = instruction_rm(instruction);
    if (!name_register(cpu, instruction_reg(instruction), &name)) {
        return deliver_fault(cpu, VECTOR_INVALID_OPCODE, 0);
    }
    if ((cpu_get(cpu, DR7) & DR7_GD) != 0) {
        cpu_set(cpu, DR6, cpu_get(cpu, DR6) | DR6_BD);
        cpu_set(cpu, DR7, cpu_get(cpu, DR7) & ~DR7_GD);
        return deliver_fault(cpu, VECTOR_DEBUG, 0);
    }
    if (instruction->opcode == MOV_FROM_DEBUG_REGISTER) {
        cpu_set(cpu, index, cpu_get(cpu, name));
        return deliver_completion(cpu, instruction->length);
    }
    const uint64_t full = cpu_get(cpu, index);
    const uint64_t value = cpu_code_64(cpu) ? full : (uint32_t)full;
    if (name >= DR6 && value >> 32 != 0) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    cpu_set(cpu, name, with_fixed_bits(name, value));
    return deliver_completion(cpu, instruction->length);
}
