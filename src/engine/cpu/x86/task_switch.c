// SPDX-License-Identifier: MIT
//
// Descriptor types of SDM volume 3A, section 3.5.

#include "engine/cpu/x86/task_switch.h"

#include "engine/cpu/state.h"

#define TYPES_FREE_TASK (1u << 1 | 1u << 9)
#define TYPES_BUSY_TASK (1u << 3 | 1u << 11)
#define TYPE_TASK_GATE (1u << 5)

static bool is_one_of(uint32_t attributes, unsigned types) {
    return (attributes & ATTRIBUTE_CODE_OR_DATA) == 0 &&
           (types >> ATTRIBUTE_TYPE(attributes) & 1) != 0;
}

static bool switch_if_present(uint16_t selector, uint32_t attributes, struct fault *fault) {
    if ((attributes & ATTRIBUTE_PRESENT) == 0) {
        return fault_raise(fault, VECTOR_SEGMENT_NOT_PRESENT, selector & 0xfffcu);
    }
    *fault = (struct fault){.verdict = DELIVERY_UNSUPPORTED};
    return false;
}

bool task_switch_to(struct cpu *cpu, const struct descriptor *descriptor, struct fault *fault) {
    const uint16_t selector = descriptor->segment.selector;
    const uint32_t attributes = descriptor->words[1];
    const unsigned privilege = ATTRIBUTE_DPL(attributes);
    if (!is_one_of(attributes, TYPES_FREE_TASK | TYPE_TASK_GATE) ||
        privilege < cpu_privilege(cpu) || privilege < (selector & 3u)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, selector & 0xfffcu);
    }
    return switch_if_present(selector, attributes, fault);
}

// The task-state segment begins with the selector of the task before.
bool task_switch_back(struct cpu *cpu, struct fault *fault) {
    uint16_t link = 0;
    struct descriptor descriptor;
    if (!read_system(cpu, cpu_segment(cpu, SEGMENT_TR).base, &link, sizeof link, fault)) {
        return false;
    }
    const bool global = (link & 4) == 0 && (link & 0xfffcu) != 0;
    if (!global || !read_descriptor(cpu, link, &descriptor, fault)) {
        if (global && fault->vector != VECTOR_GENERAL_PROTECTION) {
            return false; // In reading it.
        }
        return fault_raise(fault, VECTOR_INVALID_TSS, link & 0xfffcu);
    }
    if (!is_one_of(descriptor.words[1], TYPES_BUSY_TASK)) {
        return fault_raise(fault, VECTOR_INVALID_TSS, link & 0xfffcu);
    }
    return switch_if_present(link, descriptor.words[1], fault);
}
