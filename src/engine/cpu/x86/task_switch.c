// SPDX-License-Identifier: MIT
//
// Finding task switches; see the header.

#include "engine/cpu/x86/task_switch.h"

#include "engine/cpu/x86/descriptor.h"
#include "engine/cpu/x86/operand.h"

#define OPCODE_IRET 0xcf
#define OPCODE_GROUP_5 0xff // The far pointer is in memory.

// Descriptor types of SDM volume 3A, section 3.5: tasks that are free, with 16 or 32 bits, or busy,
// and the gate.
#define FREE_TASKS (1u << 1 | 1u << 9)
#define BUSY_TASKS (1u << 3 | 1u << 11)
#define TASK_GATE (1u << 5)

bool task_switches_exist(const struct cpu *cpu) {
    return (cpu_get(cpu, CR0) & CR0_PE) != 0 && (cpu_get(cpu, RFLAGS) & RFLAGS_VM) == 0 &&
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

// A present descriptor of one of the types; its privilege.
static bool leads_to(struct cpu *cpu, uint16_t selector, unsigned types, unsigned *privilege) {
    uint64_t linear = 0;
    uint32_t words[2];
    struct access_fault fault;
    if ((selector & 0xfffcu) == 0 || !descriptor_address(cpu, selector, &linear) ||
        linear_read(cpu, linear, words, sizeof words, &fault) != ACCESS_DONE) {
        return false;
    }
    *privilege = ATTRIBUTE_DPL(words[1]);
    return (words[1] & ATTRIBUTE_CODE_OR_DATA) == 0 && (words[1] & ATTRIBUTE_PRESENT) != 0 &&
           (types >> ATTRIBUTE_TYPE(words[1]) & 1) != 0;
}

// IRET in a nested task, back to the one that the task-state segment begins with.
static bool returns_to_task(struct cpu *cpu) {
    uint16_t link = 0;
    unsigned privilege = 0;
    struct access_fault fault;
    const uint64_t tss = cpu_segment(cpu, SEGMENT_TR).base;
    return (cpu_get(cpu, RFLAGS) & RFLAGS_NT) != 0 &&
           linear_read(cpu, tss, &link, sizeof link, &fault) == ACCESS_DONE && (link & 4) == 0 &&
           leads_to(cpu, link, BUSY_TASKS, &privilege);
}

bool is_task_switch(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes) {
    uint16_t selector = 0;
    unsigned privilege = 0;
    if (instruction->opcode == OPCODE_IRET) {
        return returns_to_task(cpu);
    }
    return selector_of(cpu, instruction, bytes, &selector) &&
           leads_to(cpu, selector, FREE_TASKS | TASK_GATE, &privilege) &&
           privilege >= cpu_privilege(cpu) && privilege >= (selector & 3u);
}
