// SPDX-License-Identifier: MIT
//
// Delivery in protected mode outside of IA-32e mode, with 16- and 32-bit gates and task-state
// segments, and out of virtual-8086 mode (SDM volume 3A, section 6.12; volume 3B, section 20.3).

#include "engine/cpu/state.h"
#include "engine/cpu/x86/deliver_mode.h"
#include "engine/cpu/x86/descriptor.h"
#include "engine/cpu/x86/stack.h"
#include "engine/cpu/x86/task_switch.h"

static bool in_virtual_8086(const struct cpu *cpu) {
    return (cpu_system_flags(cpu) & RFLAGS_VM) != 0;
}

// Puts the words into `frame` in the order of their pushes. Returns how many.
static unsigned build_frame(const struct cpu *cpu, const struct vectored_event *event,
                            bool switched, uint64_t *frame) {
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
    if (has_error_code(event)) {
        frame[count++] = event->error_code;
    }
    return count;
}

// Which stack, and at which privilege, the handler runs.
static bool choose_stack(struct cpu *cpu, const struct vectored_event *event,
                         const struct segment *code, struct stack *stack, struct fault *fault) {
    const uint32_t external = external_bit(event);
    const uint32_t error_code = (code->selector & 0xfffcu) | external;
    const unsigned old_privilege = cpu_privilege(cpu);
    const unsigned privilege = ATTRIBUTE_DPL(code->attributes);
    const bool inner = (code->attributes & ATTRIBUTE_CONFORMING) == 0 && privilege < old_privilege;
    if (in_virtual_8086(cpu) && (!inner || privilege != 0)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if (inner) {
        return stack_of_task(cpu, external, privilege, stack, fault);
    }
    *stack = stack_current(cpu);
    stack->limit_error = external;
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

bool deliver_legacy(struct cpu *cpu, const struct vectored_event *event, struct fault *fault) {
    struct gate gate;
    struct segment code;
    struct stack stack = {0};
    uint64_t frame[10];
    if (!read_gate(cpu, event, 8, &gate, fault)) {
        return false;
    }
    if (gate.type == GATE_TASK) {
        return task_switch_through_gate(cpu, gate.selector, external_bit(event), fault);
    }
    if (!read_handler_segment(cpu, event, gate.selector, &code, fault) ||
        !choose_stack(cpu, event, &code, &stack, fault)) {
        return false;
    }
    const bool switched = stack.privilege < cpu_privilege(cpu);
    const bool wide = gate.type == GATE_INTERRUPT || gate.type == GATE_TRAP;
    const unsigned count = build_frame(cpu, event, switched, frame);
    if (!segment_contains(&code, gate.offset, 1)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, external_bit(event));
    }
    if (!stack_push(cpu, &stack, frame, count, wide ? 4 : 2, fault)) {
        return false;
    }
    enter_handler(cpu, &gate, &code, &stack);
    return true;
}
