// SPDX-License-Identifier: MIT
//
// Delivery in protected mode outside of IA-32e mode, with 16- and 32-bit gates and task-state
// segments, and out of virtual-8086 mode (SDM volume 3A, section 6.12; volume 3B, section 20.3).

#include "engine/cpu/x86/deliver_mode.h"
#include "engine/cpu/x86/descriptor.h"

// A handler's stack, before the frame.
struct stack {
    struct segment segment;
    uint64_t pointer;
    unsigned privilege;
};

static bool in_virtual_8086(const struct cpu *cpu) {
    return (cpu_get(cpu, RFLAGS) & RFLAGS_VM) != 0;
}

// SS:ESP for the privilege, as the task-state segment has them.
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

static bool load_task_stack(struct cpu *cpu, uint32_t external, struct stack *stack,
                            struct fault *fault) {
    const uint32_t writable = ATTRIBUTE_CODE_OR_DATA | ATTRIBUTE_WRITABLE;
    uint16_t selector = 0;
    uint32_t pointer = 0;
    uint32_t words[2];
    uint64_t linear;
    if (!read_task_stack(cpu, external, stack->privilege, &selector, &pointer, fault)) {
        return false;
    }
    const uint32_t error_code = (selector & 0xfffcu) | external;
    if ((selector & 0xfffcu) == 0 || !descriptor_address(cpu, selector, &linear)) {
        return fault_raise(fault, VECTOR_INVALID_TSS, error_code);
    }
    if (!read_system(cpu, linear, words, sizeof words, fault)) {
        return false;
    }
    stack->segment = segment_from_descriptor(selector, words);
    stack->pointer = pointer;
    const uint32_t attributes = stack->segment.attributes;
    if ((selector & 3u) != stack->privilege || ATTRIBUTE_DPL(attributes) != stack->privilege ||
        (attributes & (writable | ATTRIBUTE_CODE)) != writable) {
        return fault_raise(fault, VECTOR_INVALID_TSS, error_code);
    }
    if ((attributes & ATTRIBUTE_PRESENT) == 0) {
        return fault_raise(fault, VECTOR_STACK_FAULT, error_code);
    }
    return mark_accessed(cpu, linear, words[1], fault);
}

// The words in the order of their pushes; their number.
static unsigned build_frame(const struct cpu *cpu, const struct event *event, bool switched,
                            uint32_t *frame) {
    static const enum segment_register data[] = {SEGMENT_GS, SEGMENT_FS, SEGMENT_DS, SEGMENT_ES};
    unsigned count = 0;
    for (unsigned i = 0; in_virtual_8086(cpu) && i < 4; i++) {
        frame[count++] = cpu_segment(cpu, data[i]).selector;
    }
    if (switched) {
        frame[count++] = cpu_segment(cpu, SEGMENT_SS).selector;
        frame[count++] = (uint32_t)cpu_get(cpu, RSP);
    }
    frame[count++] = (uint32_t)saved_flags(cpu, event);
    frame[count++] = cpu_segment(cpu, SEGMENT_CS).selector;
    frame[count++] = (uint32_t)event->return_rip;
    if (event->has_error_code) {
        frame[count++] = event->error_code;
    }
    return count;
}

// Nothing is written unless all can be. `limit_error` is the #SS error code of a stack too small.
static bool push_frame(struct cpu *cpu, struct stack *stack, const uint32_t *frame, unsigned count,
                       unsigned size, uint32_t limit_error, struct fault *fault) {
    const enum access_mode mode = stack->privilege == 3 ? ACCESS_AS_USER : ACCESS_AS_SUPERVISOR;
    const struct segment *segment = &stack->segment;
    const uint64_t mask = (segment->attributes & ATTRIBUTE_BIG) != 0 ? 0xffffffffu : 0xffffu;
    struct access_fault access;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < count; i++) {
            const uint64_t offset = (stack->pointer - size * (i + 1)) & mask;
            const uint64_t linear = (uint32_t)(segment->base + offset);
            if (!segment_contains(segment, offset, size)) {
                return fault_raise(fault, VECTOR_STACK_FAULT, limit_error);
            }
            const enum access_result result =
                pass == 0 ? linear_probe_write(cpu, mode, linear, size, &access)
                          : linear_write_as(cpu, mode, linear, &frame[i], size, &access);
            if (result != ACCESS_DONE) {
                return fault_access(cpu, fault, result, &access, VECTOR_STACK_FAULT);
            }
        }
    }
    stack->pointer = (stack->pointer & ~mask) | ((stack->pointer - size * count) & mask);
    return true;
}

// Which stack, and at which privilege, the handler runs.
static bool choose_stack(struct cpu *cpu, const struct event *event, const struct segment *code,
                         struct stack *stack, struct fault *fault) {
    const uint32_t external = external_bit(event);
    const uint32_t error_code = (code->selector & 0xfffcu) | external;
    const unsigned old_privilege = cpu_privilege(cpu);
    const unsigned privilege = ATTRIBUTE_DPL(code->attributes);
    const bool inner = (code->attributes & ATTRIBUTE_CONFORMING) == 0 && privilege < old_privilege;
    if (in_virtual_8086(cpu) && (!inner || privilege != 0)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if (inner) {
        stack->privilege = privilege;
        return load_task_stack(cpu, external, stack, fault);
    }
    stack->privilege = old_privilege;
    stack->segment = cpu_segment(cpu, SEGMENT_SS);
    stack->pointer = cpu_get(cpu, RSP);
    return true;
}

static void enter_handler(struct cpu *cpu, const struct gate *gate, struct segment *code,
                          const struct stack *stack) {
    static const enum segment_register data[] = {SEGMENT_GS, SEGMENT_FS, SEGMENT_DS, SEGMENT_ES};
    const struct segment null = {0};
    for (unsigned i = 0; in_virtual_8086(cpu) && i < 4; i++) {
        cpu_set_segment(cpu, data[i], &null);
    }
    code->selector = (uint16_t)((code->selector & ~3u) | stack->privilege);
    cpu_set_segment(cpu, SEGMENT_CS, code);
    cpu_set_segment(cpu, SEGMENT_SS, &stack->segment);
    cpu_set(cpu, RSP, stack->pointer);
    cpu_set(cpu, RIP, gate->offset);
    cpu_set(cpu, RFLAGS, handler_flags(cpu, gate));
}

bool deliver_legacy(struct cpu *cpu, const struct event *event, struct fault *fault) {
    struct gate gate;
    struct segment code;
    struct stack stack = {0};
    uint32_t frame[10];
    if (!read_gate(cpu, event, 8, &gate, fault) ||
        !read_handler_segment(cpu, event, gate.selector, &code, fault) ||
        !choose_stack(cpu, event, &code, &stack, fault)) {
        return false;
    }
    const bool switched = stack.privilege < cpu_privilege(cpu);
    const bool wide = gate.type == GATE_INTERRUPT || gate.type == GATE_TRAP;
    const uint32_t stack_selector = switched ? stack.segment.selector & 0xfffcu : 0;
    const uint32_t limit_error = stack_selector | external_bit(event);
    const unsigned count = build_frame(cpu, event, switched, frame);
    if (!segment_contains(&code, gate.offset, 1)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, external_bit(event));
    }
    if (!push_frame(cpu, &stack, frame, count, wide ? 4 : 2, limit_error, fault)) {
        return false;
    }
    enter_handler(cpu, &gate, &code, &stack);
    return true;
}
