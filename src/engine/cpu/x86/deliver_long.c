// SPDX-License-Identifier: MIT
//
// Delivery in IA-32e mode, from 64-bit and from compatibility-mode code: the handler is always
// 64-bit code, and the frame always has SS:RSP (SDM volume 3A, section 6.14).

#include "engine/cpu/state.h"
#include "engine/cpu/x86/deliver_mode.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/stack.h"

static bool choose_stack(struct cpu *cpu, const struct vectored_event *event,
                         const struct gate *gate, unsigned privilege, uint64_t *stack,
                         struct fault *fault) {
    *stack = cpu_get(cpu, RSP);
    if (gate->stack != 0 || privilege < cpu_privilege(cpu)) {
        const uint32_t offset = gate->stack != 0 ? TSS_IST(gate->stack) : TSS_RSP(privilege);
        if (!stack_of_long_task(cpu, external_bit(event), offset, stack, fault)) {
            return false;
        }
    }
    *stack &= ~15ull;
    return cpu_canonical(*stack) || fault_raise(fault, VECTOR_STACK_FAULT, external_bit(event));
}

// The fault of the push that fails first: pushes go downwards.
static bool push_fault(struct cpu *cpu, const struct vectored_event *event, enum access_mode mode,
                       uint64_t stack, size_t count, struct fault *fault) {
    struct access_fault access = {0};
    enum access_result result = ACCESS_NOT_CANONICAL;
    for (size_t i = count; i > 0; i--) {
        result = linear_probe_write(cpu, mode, stack + 8 * (i - 1), 8, &access);
        if (result != ACCESS_DONE) {
            break;
        }
    }
    if (result == ACCESS_NOT_CANONICAL) {
        return fault_raise(fault, VECTOR_STACK_FAULT, external_bit(event));
    }
    return fault_access(cpu, fault, result, &access, VECTOR_STACK_FAULT);
}

static bool push_frame(struct cpu *cpu, const struct vectored_event *event, unsigned privilege,
                       uint64_t *stack, struct fault *fault) {
    const enum access_mode mode = privilege == 3 ? ACCESS_AS_USER : ACCESS_AS_SUPERVISOR;
    uint64_t frame[6];
    size_t count = 0;
    if (has_error_code(event)) {
        frame[count++] = event->error_code;
    }
    frame[count++] = event->return_rip;
    frame[count++] = cpu_segment(cpu, SEGMENT_CS).selector;
    frame[count++] = saved_flags(cpu, event);
    frame[count++] = cpu_get(cpu, RSP);
    frame[count++] = cpu_segment(cpu, SEGMENT_SS).selector;
    *stack -= 8 * count;
    struct access_fault access;
    return linear_write_as(cpu, mode, *stack, frame, 8 * count, &access) == ACCESS_DONE ||
           push_fault(cpu, event, mode, *stack, count, fault);
}

bool deliver_long(struct cpu *cpu, const struct vectored_event *event, struct fault *fault) {
    struct gate gate;
    struct segment code;
    uint64_t stack;
    if (!read_gate(cpu, event, 16, &gate, fault) ||
        !read_handler_segment(cpu, event, gate.selector, &code, fault)) {
        return false;
    }
    if ((code.attributes & (ATTRIBUTE_LONG | ATTRIBUTE_BIG)) != ATTRIBUTE_LONG) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION,
                           (gate.selector & 0xfffcu) | external_bit(event));
    }
    const unsigned old_privilege = cpu_privilege(cpu);
    const bool conforming = (code.attributes & ATTRIBUTE_CONFORMING) != 0;
    const unsigned privilege = conforming ? old_privilege : ATTRIBUTE_DPL(code.attributes);
    if (!choose_stack(cpu, event, &gate, privilege, &stack, fault)) {
        return false;
    }
    if (!cpu_canonical(gate.offset)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, external_bit(event));
    }
    if (!push_frame(cpu, event, privilege, &stack, fault)) {
        return false;
    }
    if (privilege < old_privilege) {
        const struct segment null = {.selector = (uint16_t)privilege,
                                     .attributes = privilege << ATTRIBUTE_DPL_SHIFT};
        cpu_set_segment(cpu, SEGMENT_SS, &null);
    }
    code.selector = (uint16_t)((code.selector & ~3u) | privilege);
    code.base = 0; // Ignored in 64-bit code by a processor, added by the engine.
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set(cpu, RSP, stack);
    cpu_set(cpu, RIP, gate.offset);
    cpu_set(cpu, RFLAGS, handler_flags(cpu, &gate));
    return true;
}
