// SPDX-License-Identifier: MIT
//
// Near RET (SDM volume 2), where the engine reads it otherwise: with an operand-size prefix in
// 64-bit code, which means nothing there, and with an operand of 0x8000 or more, which it takes for
// a negative number.

#include "engine/cpu/x86/far_code.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/stack.h"

#define OPCODE_RET_RELEASING 0xc2

static uint16_t released(const struct instruction *instruction, const uint8_t *bytes) {
    const uint8_t *operand = bytes + instruction->immediate_offset;
    const unsigned size = operand[0] | (unsigned)operand[1] << 8;
    return (uint16_t)(instruction->opcode == OPCODE_RET_RELEASING ? size : 0);
}

enum delivery replaced_near_return(struct cpu *cpu, const struct instruction *instruction,
                                   const uint8_t *bytes) {
    const struct segment code = cpu_segment(cpu, SEGMENT_CS);
    const unsigned size = cpu_code_64(cpu) ? 8 : instruction->operand_size;
    struct stack stack = stack_current(cpu);
    struct fault fault;
    uint64_t target = 0;
    if (!stack_pop(cpu, &stack, &target, 1, size, &fault) ||
        !far_code_contains(cpu, &code, target, &fault)) {
        return fault_deliver(cpu, &fault);
    }
    cpu_set(cpu, RSP, stack_moved(&stack, stack.pointer, released(instruction, bytes)));
    return deliver_arrival(cpu, target, cpu_get(cpu, RFLAGS));
}
