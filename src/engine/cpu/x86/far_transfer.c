// SPDX-License-Identifier: MIT
//
// Far CALL and JMP in protected mode, through call gates too (SDM volume 2; volume 3A, section
// 5.8). The engine ends the process at a gate when TR is not what it expects, and takes 32 bits of
// offset from a 16-bit gate.

#include "engine/cpu/state.h"
#include "engine/cpu/x86/descriptor.h"
#include "engine/cpu/x86/far_code.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/stack.h"
#include "engine/cpu/x86/task_switch.h"

#define OPCODE_GROUP_5 0xff
#define OPCODE_CALL_POINTER 0x9a
#define GROUP_CALL 3u

#define TYPE_CALL_GATE_16 4u
#define TYPE_CALL_GATE 12u

struct transfer {
    bool call;
    uint16_t selector;
    uint64_t offset;
    uint64_t next; // Behind the instruction.
    unsigned size; // The size of the words that CALL pushes.
};

struct call_gate {
    uint16_t selector;
    uint64_t offset;
    unsigned parameters;
    unsigned size; // The size of the words that are pushed.
};

static bool finish(struct cpu *cpu, const struct transfer *transfer, const struct descriptor *code,
                   uint64_t rip, unsigned privilege, const struct stack *stack,
                   struct fault *fault) {
    if (!descriptor_loaded(cpu, code, fault)) {
        return false;
    }
    if (privilege < cpu_privilege(cpu)) {
        cpu_set_segment(cpu, SEGMENT_SS, &stack->segment);
    }
    if (transfer->call) {
        cpu_set(cpu, RSP, stack->pointer);
    }
    far_code_enter(cpu, &code->segment, privilege);
    cpu_set(cpu, RIP, rip);
    return true;
}

static bool check_present(const struct descriptor *code, struct fault *fault) {
    return (code->words[1] & ATTRIBUTE_PRESENT) != 0 ||
           fault_raise(fault, VECTOR_SEGMENT_NOT_PRESENT, code->segment.selector & 0xfffcu);
}

// Straight to a code segment, at the same privilege.
static bool transfer_to_segment(struct cpu *cpu, const struct transfer *transfer,
                                struct descriptor *code, struct fault *fault) {
    const unsigned privilege = cpu_privilege(cpu);
    const unsigned wanted = ATTRIBUTE_DPL(code->words[1]);
    const bool conforming = (code->words[1] & ATTRIBUTE_CONFORMING) != 0;
    const uint64_t frame[2] = {cpu_segment(cpu, SEGMENT_CS).selector, transfer->next};
    struct stack stack = stack_current(cpu);
    if (conforming ? wanted > privilege
                   : (transfer->selector & 3u) > privilege || wanted != privilege) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, transfer->selector & 0xfffcu);
    }
    return check_present(code, fault) &&
           far_code_contains(cpu, &code->segment, transfer->offset, fault) &&
           (!transfer->call || stack_push(cpu, &stack, frame, 2, transfer->size, fault)) &&
           finish(cpu, transfer, code, transfer->offset, privilege, &stack, fault);
}

// --- Call gates ---

// The upper half of a gate of IA-32e mode.
static bool read_upper_gate(struct cpu *cpu, const struct transfer *transfer, uint64_t linear,
                            struct call_gate *gate, struct fault *fault) {
    const uint32_t error_code = transfer->selector & 0xfffcu;
    uint32_t words[2];
    uint64_t upper = 0;
    if (!descriptor_address(cpu, (uint16_t)(transfer->selector + 8), &upper) ||
        transfer->selector > 0xfff7u) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if (!read_system(cpu, linear + 8, words, sizeof words, fault)) {
        return false;
    }
    if ((words[1] & 0x1f00u) != 0) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    gate->offset |= (uint64_t)words[0] << 32;
    gate->parameters = 0;
    gate->size = 8;
    return true;
}

static bool read_call_gate(struct cpu *cpu, const struct transfer *transfer,
                           const struct descriptor *descriptor, struct call_gate *gate,
                           struct fault *fault) {
    const uint32_t *words = descriptor->words;
    const uint32_t error_code = transfer->selector & 0xfffcu;
    const unsigned privilege = ATTRIBUTE_DPL(words[1]);
    const bool wide = ATTRIBUTE_TYPE(words[1]) == TYPE_CALL_GATE;
    if (privilege < cpu_privilege(cpu) || privilege < (transfer->selector & 3u)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    *gate = (struct call_gate){
        .selector = (uint16_t)(words[0] >> 16),
        .offset = (words[0] & 0xffffu) | (wide ? words[1] & 0xffff0000u : 0),
        .parameters = words[1] & 0x1f,
        .size = wide ? 4 : 2,
    };
    if (cpu_long_mode(cpu) && !read_upper_gate(cpu, transfer, descriptor->linear, gate, fault)) {
        return false;
    }
    return (words[1] & ATTRIBUTE_PRESENT) != 0 ||
           fault_raise(fault, VECTOR_SEGMENT_NOT_PRESENT, error_code);
}

// CALL goes to the same or an inner privilege, JMP to the same.
static bool check_gate_code(struct cpu *cpu, const struct transfer *transfer,
                            const struct descriptor *code, struct fault *fault) {
    const uint32_t attributes = code->words[1];
    const unsigned wanted = ATTRIBUTE_DPL(attributes);
    const bool inner_is_open = transfer->call || (attributes & ATTRIBUTE_CONFORMING) != 0;
    const bool is_64_bit = (attributes & ATTRIBUTE_LONG) != 0;
    if (wanted > cpu_privilege(cpu) || (wanted < cpu_privilege(cpu) && !inner_is_open) ||
        (cpu_long_mode(cpu) && !is_64_bit)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, code->segment.selector & 0xfffcu);
    }
    return check_present(code, fault);
}

#define MOST_PARAMETERS 31u

// The stack of the inner privilege, with SS:ESP of the outer one and the gate's parameters on it.
static bool switch_stack(struct cpu *cpu, const struct call_gate *gate, unsigned privilege,
                         struct stack *stack, struct fault *fault) {
    const struct stack outer = stack_current(cpu);
    uint64_t frame[MOST_PARAMETERS + 2] = {outer.segment.selector, outer.pointer};
    if (gate->size == 8) {
        *stack = (struct stack){.segment = null_segment((uint16_t)privilege, privilege),
                                .privilege = privilege,
                                .flat = true};
        if (!stack_of_long_task(cpu, 0, TSS_RSP(privilege), &stack->pointer, fault)) {
            return false;
        }
    } else if (!stack_of_task(cpu, 0, privilege, stack, fault)) {
        return false;
    }
    for (unsigned i = 0; i < gate->parameters; i++) {
        const unsigned behind = gate->parameters - 1 - i; // The last is pushed first.
        const uint64_t offset = stack_moved(&outer, outer.pointer, (int64_t)behind * gate->size);
        if (!stack_read(cpu, &outer, offset, &frame[2 + i], gate->size, fault)) {
            return false;
        }
    }
    return stack_push(cpu, stack, frame, 2 + gate->parameters, gate->size, fault);
}

static bool transfer_through_gate(struct cpu *cpu, const struct transfer *transfer,
                                  const struct descriptor *descriptor, struct fault *fault) {
    struct call_gate gate = {0};
    struct descriptor code = {0};
    if (!read_call_gate(cpu, transfer, descriptor, &gate, fault) ||
        !far_code_read(cpu, gate.selector, &code, fault) ||
        !check_gate_code(cpu, transfer, &code, fault)) {
        return false;
    }
    const unsigned wanted = ATTRIBUTE_DPL(code.words[1]);
    const bool conforming = (code.words[1] & ATTRIBUTE_CONFORMING) != 0;
    const unsigned privilege = conforming ? cpu_privilege(cpu) : wanted;
    const uint64_t frame[2] = {cpu_segment(cpu, SEGMENT_CS).selector, transfer->next};
    struct stack stack = stack_current(cpu);
    stack.flat = gate.size == 8; // The push is of 64-bit code already.
    if (!far_code_contains(cpu, &code.segment, gate.offset, fault)) {
        return false;
    }
    if (privilege < cpu_privilege(cpu) && !switch_stack(cpu, &gate, privilege, &stack, fault)) {
        return false;
    }
    return (!transfer->call || stack_push(cpu, &stack, frame, 2, gate.size, fault)) &&
           finish(cpu, transfer, &code, gate.offset, privilege, &stack, fault);
}

// --- The instructions ---

static bool transfer_to_system(struct cpu *cpu, const struct transfer *transfer,
                               const struct descriptor *descriptor, struct fault *fault) {
    switch (ATTRIBUTE_TYPE(descriptor->words[1])) {
    case TYPE_CALL_GATE_16:
        if (cpu_long_mode(cpu)) {
            break;
        }
        return transfer_through_gate(cpu, transfer, descriptor, fault);
    case TYPE_CALL_GATE:
        return transfer_through_gate(cpu, transfer, descriptor, fault);
    default:
        if (!cpu_long_mode(cpu)) {
            return task_switch_to(cpu, descriptor, fault);
        }
        break;
    }
    return fault_raise(fault, VECTOR_GENERAL_PROTECTION, transfer->selector & 0xfffcu);
}

static bool carry_out(struct cpu *cpu, const struct transfer *transfer, struct fault *fault) {
    struct descriptor descriptor = {0};
    if ((transfer->selector & 0xfffcu) == 0) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, 0);
    }
    if (!read_descriptor(cpu, transfer->selector, &descriptor, fault)) {
        return false;
    }
    if ((descriptor.words[1] & ATTRIBUTE_CODE_OR_DATA) == 0) {
        return transfer_to_system(cpu, transfer, &descriptor, fault);
    }
    return far_code_read(cpu, transfer->selector, &descriptor, fault) &&
           transfer_to_segment(cpu, transfer, &descriptor, fault);
}

static bool read_pointer(struct cpu *cpu, const struct instruction *instruction,
                         const uint8_t *bytes, struct transfer *transfer, enum delivery *failure) {
    if (instruction->opcode == OPCODE_GROUP_5) {
        return operand_read_far(cpu, instruction, bytes, &transfer->offset, &transfer->selector,
                                failure);
    }
    const uint8_t *pointer = bytes + instruction->immediate_offset;
    const unsigned size = instruction->operand_size;
    for (unsigned i = 0; i < size; i++) {
        transfer->offset |= (uint64_t)pointer[i] << (8 * i);
    }
    transfer->selector = (uint16_t)(pointer[size] | pointer[size + 1] << 8);
    return true;
}

enum delivery replaced_far_transfer(struct cpu *cpu, const struct instruction *instruction,
                                    const uint8_t *bytes) {
    const bool group = instruction->opcode == OPCODE_GROUP_5;
    const uint64_t next = cpu_get(cpu, RIP) + instruction->length;
    struct transfer transfer = {
        .call = group ? (instruction_reg(instruction) & 7) == GROUP_CALL
                      : instruction->opcode == OPCODE_CALL_POINTER,
        .next = cpu_code_64(cpu) ? next : (uint32_t)next,
        .size = instruction->operand_size,
    };
    struct fault fault;
    enum delivery failure;
    if (!read_pointer(cpu, instruction, bytes, &transfer, &failure)) {
        return failure;
    }
    if (!carry_out(cpu, &transfer, &fault)) {
        return fault_deliver(cpu, &fault);
    }
    return deliver_arrival(cpu, cpu_get(cpu, RIP), cpu_get(cpu, RFLAGS));
}
