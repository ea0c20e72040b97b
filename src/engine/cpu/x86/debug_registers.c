// SPDX-License-Identifier: MIT
//
// The rules of SDM volume 3B, section 17.2, for accesses to debug registers.

#include "engine/cpu/x86/debug_registers.h"

#include "engine/cpu/x86/operand.h"

#define DR6_FIXED 0xffff0ff0ull
#define DR6_WRITABLE (0xfull | DR6_BD | DR6_BS | 1ull << 15)
#define DR7_FIXED 0x400ull
#define DR7_WRITABLE 0xffff23ffull

enum delivery debug_register_move(struct cpu *cpu, const struct instruction *instruction) {
    unsigned number = operand_reg(instruction);
    const unsigned index = operand_rm(instruction);
    if (number == 4 || number == 5) {
        if ((cpu_control(cpu, 4) & CR4_DE) != 0) {
            return deliver_fault(cpu, VECTOR_INVALID_OPCODE, 0);
        }
        number += 2;
    }
    if ((cpu->debug[7] & DR7_GD) != 0) {
        cpu->debug[6] |= DR6_BD;
        cpu->debug[7] &= ~DR7_GD;
        return deliver_fault(cpu, VECTOR_DEBUG, 0);
    }
    if (instruction->opcode == 0x21) {
        cpu_set_register(cpu, index, cpu->debug[number]);
        return deliver_completion(cpu, instruction->length);
    }
    const uint64_t full = cpu_register(cpu, index);
    const uint64_t value = cpu_code_64(cpu) ? full : (uint32_t)full;
    if (number >= 6 && value >> 32 != 0) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    if (number == 6) {
        cpu->debug[6] = (value & DR6_WRITABLE) | DR6_FIXED;
    } else if (number == 7) {
        cpu->debug[7] = (value & DR7_WRITABLE) | DR7_FIXED;
    } else {
        cpu->debug[number] = value;
    }
    return deliver_completion(cpu, instruction->length);
}
