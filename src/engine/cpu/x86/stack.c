// SPDX-License-Identifier: MIT
//
// The width of the stack pointer is that of the stack segment, or 64 bits in 64-bit code.

#include "engine/cpu/x86/stack.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/descriptor.h"
#include "engine/cpu/x86/mode.h"

struct stack stack_current(const struct cpu *cpu) {
    return (struct stack){
        .segment = cpu_segment(cpu, SEGMENT_SS),
        .pointer = cpu_get(cpu, RSP),
        .privilege = cpu_privilege(cpu),
        .flat = cpu_code_64(cpu),
    };
}

static bool read_task_stack(struct cpu *cpu, uint32_t external, unsigned privilege,
                            uint16_t *selector, uint32_t *pointer, struct fault *fault) {
    const struct segment tss = cpu_segment(cpu, SEGMENT_TR);
    const unsigned word = (ATTRIBUTE_TYPE(tss.attributes) & 8) != 0 ? 4 : 2;
    const uint32_t offset = word + 2 * word * privilege;
    uint32_t values[2] = {0};
    if (offset + word + 1 > tss.limit) {
        return fault_raise(fault, VECTOR_INVALID_TSS, (tss.selector & 0xfffcu) | external);
    }
    if (!read_system(cpu, tss.base + offset, &values[0], word, fault) ||
        !read_system(cpu, tss.base + offset + word, &values[1], 2, fault)) {
        return false;
    }
    *pointer = values[0];
    *selector = (uint16_t)values[1];
    return true;
}

bool stack_of_task(struct cpu *cpu, uint32_t external, unsigned privilege, struct stack *stack,
                   struct fault *fault) {
    const uint32_t writable = ATTRIBUTE_CODE_OR_DATA | ATTRIBUTE_WRITABLE;
    uint16_t selector = 0;
    uint32_t pointer = 0;
    uint32_t words[2];
    uint64_t linear;
    if (!read_task_stack(cpu, external, privilege, &selector, &pointer, fault)) {
        return false;
    }
    const uint32_t error_code = (selector & 0xfffcu) | external;
    if ((selector & 0xfffcu) == 0 || !descriptor_address(cpu, selector, &linear)) {
        return fault_raise(fault, VECTOR_INVALID_TSS, error_code);
    }
    if (!read_system(cpu, linear, words, sizeof words, fault)) {
        return false;
    }
    *stack = (struct stack){
        .segment = segment_from_descriptor(selector, words),
        .pointer = pointer,
        .privilege = privilege,
        .limit_error = error_code,
    };
    const uint32_t attributes = stack->segment.attributes;
    if ((selector & 3u) != privilege || ATTRIBUTE_DPL(attributes) != privilege ||
        (attributes & (writable | ATTRIBUTE_CODE)) != writable) {
        return fault_raise(fault, VECTOR_INVALID_TSS, error_code);
    }
    if ((attributes & ATTRIBUTE_PRESENT) == 0) {
        return fault_raise(fault, VECTOR_STACK_FAULT, error_code);
    }
    return mark_accessed(cpu, linear, words[1], fault);
}

bool stack_of_long_task(struct cpu *cpu, uint32_t external, uint32_t offset, uint64_t *pointer,
                        struct fault *fault) {
    const struct segment tss = cpu_segment(cpu, SEGMENT_TR);
    if (offset + sizeof *pointer - 1 > tss.limit) {
        return fault_raise(fault, VECTOR_INVALID_TSS, (tss.selector & 0xfffcu) | external);
    }
    return read_system(cpu, tss.base + offset, pointer, sizeof *pointer, fault);
}

static uint64_t pointer_mask(const struct stack *stack) {
    if (stack->flat) {
        return UINT64_MAX;
    }
    return (stack->segment.attributes & ATTRIBUTE_BIG) != 0 ? 0xffffffffu : 0xffffu;
}

uint64_t stack_moved(const struct stack *stack, uint64_t pointer, int64_t distance) {
    const uint64_t mask = pointer_mask(stack);
    return (pointer & ~mask) | ((pointer + (uint64_t)distance) & mask);
}

static enum access_mode mode_of(const struct stack *stack) {
    return stack->privilege == 3 ? ACCESS_AS_USER : ACCESS_AS_SUPERVISOR;
}

enum stack_access { STACK_READ, STACK_WRITE, STACK_PROBE };

static bool access_word(struct cpu *cpu, const struct stack *stack, uint64_t offset,
                        enum stack_access kind, uint64_t *word, unsigned size,
                        struct fault *fault) {
    const enum access_mode mode = mode_of(stack);
    const uint64_t masked = offset & pointer_mask(stack);
    const uint64_t linear = stack->flat ? offset : (uint32_t)(stack->segment.base + masked);
    struct access_fault access = {0};
    enum access_result result = ACCESS_NOT_CANONICAL;
    if (stack->flat || segment_contains(&stack->segment, masked, size)) {
        result = kind == STACK_READ    ? linear_read_as(cpu, mode, linear, word, size, &access)
                 : kind == STACK_WRITE ? linear_write_as(cpu, mode, linear, word, size, &access)
                                       : linear_probe_write(cpu, mode, linear, size, &access);
    }
    if (result == ACCESS_NOT_CANONICAL) {
        return fault_raise(fault, VECTOR_STACK_FAULT, stack->limit_error);
    }
    if (result != ACCESS_DONE) {
        fault_access(cpu, fault, result, &access, VECTOR_STACK_FAULT);
        fault->write = kind != STACK_READ;
        return false;
    }
    return true;
}

bool stack_push(struct cpu *cpu, struct stack *stack, const uint64_t *words, unsigned count,
                unsigned size, struct fault *fault) {
    uint64_t pointer = stack->pointer;
    for (unsigned i = 0; i < count; i++) {
        pointer = stack_moved(stack, pointer, -(int64_t)size);
        if (!access_word(cpu, stack, pointer, STACK_PROBE, NULL, size, fault)) {
            return false;
        }
    }
    pointer = stack->pointer;
    for (unsigned i = 0; i < count; i++) {
        uint64_t word = words[i];
        pointer = stack_moved(stack, pointer, -(int64_t)size);
        if (!access_word(cpu, stack, pointer, STACK_WRITE, &word, size, fault)) {
            return false;
        }
    }
    stack->pointer = pointer;
    return true;
}

// All of a frame at once, as far as that succeeds.
static bool read_frame(struct cpu *cpu, const struct stack *stack, uint64_t *words,
                       unsigned count) {
    struct access_fault unused;
    return linear_read_as(cpu, mode_of(stack), stack->pointer, words, 8 * count, &unused) ==
           ACCESS_DONE;
}

bool stack_pop(struct cpu *cpu, struct stack *stack, uint64_t *words, unsigned count, unsigned size,
               struct fault *fault) {
    uint64_t pointer = stack->pointer;
    if (stack->flat && size == 8 && read_frame(cpu, stack, words, count)) {
        stack->pointer += 8 * count;
        return true;
    }
    for (unsigned i = 0; i < count; i++) {
        words[i] = 0;
        if (!access_word(cpu, stack, pointer, STACK_READ, &words[i], size, fault)) {
            return false;
        }
        pointer = stack_moved(stack, pointer, size);
    }
    stack->pointer = pointer;
    return true;
}

bool stack_read(struct cpu *cpu, const struct stack *stack, uint64_t offset, uint64_t *word,
                unsigned size, struct fault *fault) {
    *word = 0;
    return access_word(cpu, stack, offset, STACK_READ, word, size, fault);
}

bool stack_probe(struct cpu *cpu, const struct stack *stack, uint64_t offset, unsigned size,
                 struct fault *fault) {
    return access_word(cpu, stack, offset, STACK_PROBE, NULL, size, fault);
}
