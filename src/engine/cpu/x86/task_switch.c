// SPDX-License-Identifier: MIT
//
// Descriptor types of SDM volume 3A, section 3.5; checks of section 7.3.

#include "engine/cpu/x86/task_switch.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/descriptor.h"

#define TYPES_FREE_TASK (1u << 1 | 1u << 9)
#define TYPES_BUSY_TASK (1u << 3 | 1u << 11)
#define TYPE_TASK_GATE (1u << 5)

static bool is_one_of(uint32_t attributes, unsigned types) {
    return (attributes & ATTRIBUTE_CODE_OR_DATA) == 0 &&
           (types >> ATTRIBUTE_TYPE(attributes) & 1) != 0;
}

#define SMALLEST_LIMIT_16 0x2b
#define SMALLEST_LIMIT_32 0x67

static bool is_too_small(const struct segment *task) {
    const bool wide = (ATTRIBUTE_TYPE(task->attributes) & 8) != 0;
    return task->limit < (wide ? SMALLEST_LIMIT_32 : SMALLEST_LIMIT_16);
}

// The last checks, of a descriptor that has the right type.
static bool switch_if_present(const struct segment *task, uint32_t error_code,
                              struct fault *fault) {
    if ((task->attributes & ATTRIBUTE_PRESENT) == 0) {
        return fault_raise(fault, VECTOR_SEGMENT_NOT_PRESENT, error_code);
    }
    if (is_too_small(task)) {
        return fault_raise(fault, VECTOR_INVALID_TSS, error_code);
    }
    *fault = (struct fault){.verdict = DELIVERY_UNSUPPORTED};
    return false;
}

// Not null, and of the global table.
static bool is_global(uint16_t selector) {
    return (selector & 4) == 0 && (selector & 0xfffcu) != 0;
}

bool task_switch_through_gate(struct cpu *cpu, uint16_t selector, uint32_t external,
                              struct fault *fault) {
    const uint32_t error_code = (selector & 0xfffcu) | external;
    uint32_t words[2];
    uint64_t linear;
    if (!is_global(selector) || !descriptor_address(cpu, selector, &linear)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if (!read_system(cpu, linear, words, sizeof words, fault)) {
        return false;
    }
    const struct segment task = segment_from_descriptor(selector, words);
    if (!is_one_of(words[1], TYPES_FREE_TASK)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    return switch_if_present(&task, error_code, fault);
}

bool task_switch_to(struct cpu *cpu, const struct descriptor *descriptor, struct fault *fault) {
    const uint16_t selector = descriptor->segment.selector;
    const uint32_t attributes = descriptor->words[1];
    const uint32_t error_code = selector & 0xfffcu;
    const unsigned privilege = ATTRIBUTE_DPL(attributes);
    const bool gate = is_one_of(attributes, TYPE_TASK_GATE);
    const bool task = is_one_of(attributes, TYPES_FREE_TASK) && is_global(selector);
    if (!(gate || task) || privilege < cpu_privilege(cpu) || privilege < (selector & 3u)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if (task) {
        return switch_if_present(&descriptor->segment, error_code, fault);
    }
    if ((attributes & ATTRIBUTE_PRESENT) == 0) {
        return fault_raise(fault, VECTOR_SEGMENT_NOT_PRESENT, error_code);
    }
    return task_switch_through_gate(cpu, (uint16_t)(descriptor->words[0] >> 16), 0, fault);
}

// The task-state segment begins with the selector of the task before.
bool task_switch_back(struct cpu *cpu, struct fault *fault) {
    uint16_t link = 0;
    struct descriptor descriptor;
    if (!read_system(cpu, cpu_segment(cpu, SEGMENT_TR).base, &link, sizeof link, fault)) {
        return false;
    }
    const bool global = is_global(link);
    if (!global || !read_descriptor(cpu, link, &descriptor, fault)) {
        if (global && fault->vector != VECTOR_GENERAL_PROTECTION) {
            return false; // In reading it.
        }
        return fault_raise(fault, VECTOR_INVALID_TSS, link & 0xfffcu);
    }
    if (!is_one_of(descriptor.words[1], TYPES_BUSY_TASK)) {
        return fault_raise(fault, VECTOR_INVALID_TSS, link & 0xfffcu);
    }
    return switch_if_present(&descriptor.segment, link & 0xfffcu, fault);
}
