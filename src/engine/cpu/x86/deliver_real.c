// SPDX-License-Identifier: MIT
//
// Delivery in real-address mode: through the interrupt vector table, three words on the stack,
// never an error code (SDM volume 3B, section 20.1.4).

#include "engine/cpu/x86/deliver_mode.h"
#include "engine/cpu/x86/descriptor.h"

static bool push(struct cpu *cpu, const uint16_t words[3], uint64_t *stack, struct fault *fault) {
    const struct segment segment = cpu_segment(cpu, SEGMENT_SS);
    const uint64_t mask = (segment.attributes & ATTRIBUTE_BIG) != 0 ? 0xffffffffu : 0xffffu;
    struct access_fault access;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < 3; i++) {
            const uint64_t offset = (*stack - 2 * (i + 1)) & mask;
            const uint64_t linear = segment.base + offset;
            if (!segment_contains(&segment, offset, 2)) {
                return fault_raise(fault, VECTOR_STACK_FAULT, 0);
            }
            const enum access_result result =
                pass == 0
                    ? linear_probe_write(cpu, ACCESS_AS_SUPERVISOR, linear, 2, &access)
                    : linear_write_as(cpu, ACCESS_AS_SUPERVISOR, linear, &words[i], 2, &access);
            if (result != ACCESS_DONE) {
                return fault_access(cpu, fault, result, &access, VECTOR_STACK_FAULT);
            }
        }
    }
    *stack = (*stack & ~mask) | ((*stack - 6) & mask);
    return true;
}

bool deliver_real(struct cpu *cpu, const struct vectored_event *event, struct fault *fault) {
    const struct segment table = cpu_segment(cpu, SEGMENT_IDTR);
    uint16_t vector[2];
    if (event->vector * 4u + 3u > table.limit) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, 0);
    }
    if (!read_system(cpu, table.base + event->vector * 4u, vector, sizeof vector, fault)) {
        return false;
    }
    struct segment code = cpu_segment(cpu, SEGMENT_CS);
    uint64_t stack = cpu_get(cpu, RSP);
    const uint64_t flags = cpu_get(cpu, RFLAGS);
    const uint16_t words[3] = {(uint16_t)flags, code.selector, (uint16_t)event->return_rip};
    if (!push(cpu, words, &stack, fault)) {
        return false;
    }
    code.selector = vector[1];
    code.base = (uint64_t)vector[1] << 4;
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set(cpu, RSP, stack);
    cpu_set(cpu, RIP, vector[0]);
    cpu_set(cpu, RFLAGS, flags & ~(RFLAGS_IF | RFLAGS_TF | RFLAGS_RF | RFLAGS_AC));
    return true;
}
