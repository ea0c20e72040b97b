// SPDX-License-Identifier: MIT
//
// Finding task switches; see the header.

#include "engine/cpu/task_switch.h"

#include "engine/cpu/descriptor.h"
#include "engine/cpu/operand.h"

#define OPCODE_GROUP_5 0xff // The far pointer is in memory.

bool task_switches_exist(const struct cpu *cpu) {
    return (cpu_control(cpu, 0) & CR0_PE) != 0 && (cpu_rflags(cpu) & RFLAGS_VM) == 0 &&
           !cpu_long_mode(cpu);
}

// A far pointer is an offset of the operand size and then the selector, at the instruction's end
// or in memory.
static bool selector_of(struct cpu *cpu, const struct instruction *instruction,
                        const uint8_t *bytes, uint16_t *selector) {
    if (instruction->opcode == OPCODE_GROUP_5) {
        return operand_peek16(cpu, instruction, bytes, instruction->operand_size, selector);
    }
    const uint8_t *last = bytes + instruction->length - 2;
    *selector = (uint16_t)(last[0] | last[1] << 8);
    return true;
}

// Descriptor types of SDM volume 3A, section 3.5. Other tasks than those are busy.
static bool is_task(uint32_t attributes) {
    const unsigned type = ATTRIBUTE_TYPE(attributes);
    return (attributes & ATTRIBUTE_CODE_OR_DATA) == 0 && (type == 1 || type == 5 || type == 9);
}

bool is_task_switch(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes) {
    uint16_t selector = 0;
    uint64_t linear = 0;
    uint32_t words[2];
    struct access_fault fault;
    if (!selector_of(cpu, instruction, bytes, &selector) || (selector & 0xfffcu) == 0 ||
        !descriptor_address(cpu, selector, &linear) ||
        linear_read(cpu, linear, words, sizeof words, &fault) != ACCESS_DONE) {
        return false;
    }
    const unsigned privilege = ATTRIBUTE_DPL(words[1]);
    return is_task(words[1]) && (words[1] & ATTRIBUTE_PRESENT) != 0 &&
           privilege >= cpu_privilege(cpu) && privilege >= (selector & 3u);
}
