// SPDX-License-Identifier: MIT
//
// Loads of FS and GS in IA-32e mode, after each of which returns may have to be intercepted
// (far_return.c), and of SS in 64-bit code, where the engine takes a null selector whatever its
// RPL.

#include "engine/cpu/x86/load_segment.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/descriptor.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/stack.h"

bool read_descriptor(struct cpu *cpu, uint16_t selector, struct descriptor *out,
                     struct fault *fault) {
    if (!descriptor_address(cpu, selector, &out->linear)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, selector & 0xfffcu);
    }
    if (!read_system(cpu, out->linear, out->words, sizeof out->words, fault)) {
        return false;
    }
    out->segment = segment_from_descriptor(selector, out->words);
    return true;
}

bool descriptor_loaded(struct cpu *cpu, const struct descriptor *descriptor, struct fault *fault) {
    return mark_accessed(cpu, descriptor->linear, descriptor->words[1], fault);
}

struct segment null_segment(uint16_t selector, unsigned privilege) {
    return (struct segment){.selector = selector, .attributes = privilege << ATTRIBUTE_DPL_SHIFT};
}

bool load_stack_segment(struct cpu *cpu, uint16_t selector, unsigned privilege, struct segment *out,
                        struct fault *fault) {
    const uint32_t writable = ATTRIBUTE_CODE_OR_DATA | ATTRIBUTE_WRITABLE;
    const uint32_t error_code = selector & 0xfffcu;
    struct descriptor descriptor;
    if (error_code == 0) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, 0);
    }
    if (!read_descriptor(cpu, selector, &descriptor, fault)) {
        return false;
    }
    const uint32_t attributes = descriptor.words[1];
    if ((selector & 3u) != privilege || ATTRIBUTE_DPL(attributes) != privilege ||
        (attributes & (writable | ATTRIBUTE_CODE)) != writable) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if ((attributes & ATTRIBUTE_PRESENT) == 0) {
        return fault_raise(fault, VECTOR_STACK_FAULT, error_code);
    }
    *out = descriptor.segment;
    return descriptor_loaded(cpu, &descriptor, fault);
}

static bool load_data_segment(struct cpu *cpu, uint16_t selector, struct segment *out,
                              struct fault *fault) {
    const uint32_t error_code = selector & 0xfffcu;
    const uint32_t conforming = ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING;
    struct descriptor descriptor;
    if (error_code == 0) {
        *out = null_segment(selector, 0);
        return true;
    }
    if (!read_descriptor(cpu, selector, &descriptor, fault)) {
        return false;
    }
    const uint32_t attributes = descriptor.words[1];
    const unsigned privilege = ATTRIBUTE_DPL(attributes);
    const bool unreadable =
        (attributes & ATTRIBUTE_CODE) != 0 && (attributes & ATTRIBUTE_READABLE) == 0;
    const bool guarded = (attributes & conforming) != conforming;
    if ((attributes & ATTRIBUTE_CODE_OR_DATA) == 0 || unreadable ||
        (guarded && ((selector & 3u) > privilege || cpu_privilege(cpu) > privilege))) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if ((attributes & ATTRIBUTE_PRESENT) == 0) {
        return fault_raise(fault, VECTOR_SEGMENT_NOT_PRESENT, error_code);
    }
    *out = descriptor.segment;
    return descriptor_loaded(cpu, &descriptor, fault);
}

// In 64-bit code of CPL 0 to 2, SS may be null.
static bool load_segment(struct cpu *cpu, enum segment_register index, uint16_t selector,
                         struct segment *out, struct fault *fault) {
    const unsigned privilege = cpu_privilege(cpu);
    if (index != SEGMENT_SS) {
        return load_data_segment(cpu, selector, out, fault);
    }
    if (selector == privilege && privilege != 3) {
        *out = null_segment(selector, privilege);
        return true;
    }
    return load_stack_segment(cpu, selector, privilege, out, fault);
}

struct load {
    enum segment_register index;
    uint16_t selector;
    bool shadows;     // MOV SS
    uint64_t pointer; // POP: RSP afterwards.
    bool far;         // LSS, LFS or LGS.
    uint64_t offset;  // The new value of its general register.
};

static bool source_of_pop(struct cpu *cpu, const struct instruction *instruction, struct load *load,
                          enum delivery *failure) {
    struct stack stack = stack_current(cpu);
    struct fault fault;
    uint64_t word = 0;
    if (!stack_pop(cpu, &stack, &word, 1, stack_operand_size(cpu, instruction), &fault)) {
        *failure = fault_deliver(cpu, &fault);
        return false;
    }
    load->index = instruction->opcode == 0xa1 ? SEGMENT_FS : SEGMENT_GS;
    load->selector = (uint16_t)word;
    load->pointer = stack.pointer;
    return true;
}

static bool source_of_far_pointer(struct cpu *cpu, const struct instruction *instruction,
                                  const uint8_t *bytes, struct load *load, enum delivery *failure) {
    static const enum segment_register by_opcode[] = {
        [0xb2 & 7] = SEGMENT_SS, [0xb4 & 7] = SEGMENT_FS, [0xb5 & 7] = SEGMENT_GS};
    load->index = by_opcode[instruction->opcode & 7];
    load->far = true;
    return operand_read_far(cpu, instruction, bytes, &load->offset, &load->selector, failure);
}

static bool source(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                   struct load *load, enum delivery *failure) {
    load->pointer = cpu_get(cpu, RSP);
    if (instruction->map == MAP_0F) {
        return (instruction->opcode & 7) == 1
                   ? source_of_pop(cpu, instruction, load, failure)
                   : source_of_far_pointer(cpu, instruction, bytes, load, failure);
    }
    load->index = (enum segment_register)(instruction_reg(instruction) & 7);
    load->shadows = load->index == SEGMENT_SS;
    if (operand_is_register(instruction)) {
        load->selector = (uint16_t)cpu_get(cpu, instruction_rm(instruction));
        return true;
    }
    return operand_read(cpu, instruction, bytes, &load->selector, sizeof load->selector, failure);
}

// After MOV SS neither an interrupt nor a single-step trap comes before the next instruction,
// unless one was kept away from this one already.
static enum delivery complete_shadowing(struct cpu *cpu, uint8_t length) {
    const bool shadowed = cpu_get(cpu, INTERRUPT_SHADOW) != 0;
    const uint64_t flags = cpu_get(cpu, RFLAGS);
    cpu_set(cpu, RFLAGS, flags & ~RFLAGS_TF);
    const enum delivery result = deliver_completion(cpu, length);
    cpu_set(cpu, RFLAGS, cpu_get(cpu, RFLAGS) | (flags & RFLAGS_TF));
    if (!shadowed) {
        cpu_set(cpu, INTERRUPT_SHADOW, 1);
    }
    return result;
}

enum delivery replaced_load_segment(struct cpu *cpu, const struct instruction *instruction,
                                    const uint8_t *bytes) {
    struct load load = {0};
    struct segment segment;
    struct fault fault;
    enum delivery failure;
    if (!source(cpu, instruction, bytes, &load, &failure)) {
        return failure;
    }
    if (!load_segment(cpu, load.index, load.selector, &segment, &fault)) {
        return fault_deliver(cpu, &fault);
    }
    cpu_set_segment(cpu, load.index, &segment);
    cpu_set(cpu, RSP, load.pointer);
    if (load.far) {
        register_set_low(cpu, instruction_reg(instruction), load.offset, instruction->operand_size);
    }
    return load.shadows ? complete_shadowing(cpu, instruction->length)
                        : deliver_completion(cpu, instruction->length);
}
