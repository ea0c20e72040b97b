// SPDX-License-Identifier: MIT
//
// Event delivery in IA-32e mode. An attempt changes nothing unless it succeeds.

#include "engine/cpu/deliver.h"

#include "engine/cpu/linear.h"

#include <string.h>

enum {
    GATE_INTERRUPT = 14,
    GATE_TRAP = 15,
    TSS_RSP0 = 4,
    TSS_IST1 = 0x24,
};

struct gate {
    uint64_t offset;
    uint16_t selector;
    uint8_t stack; // IST number, 0 for none.
    uint8_t type;
    uint8_t privilege;
    bool present;
};

// What went wrong in an attempt, itself an exception.
struct fault {
    uint8_t vector;
    uint32_t error_code;
    uint64_t address;
};

bool vector_has_error_code(uint8_t vector) {
    return vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_ALIGNMENT_CHECK ||
           (vector >= VECTOR_INVALID_TSS && vector <= VECTOR_PAGE_FAULT);
}

static bool raise(struct fault *fault, uint8_t vector, uint32_t error_code) {
    fault->vector = vector;
    fault->error_code = error_code;
    return false;
}

// A failed access of system structures. Memory that is not there at all counts as #GP.
static bool raise_access(struct fault *fault, enum access_result result,
                         const struct access_fault *access) {
    if (result == ACCESS_NESTED_FAULT) {
        return raise(fault, VECTOR_GENERAL_PROTECTION, 0);
    }
    fault->address = access->address;
    return raise(fault, VECTOR_PAGE_FAULT, access->error_code);
}

static bool read_system(struct cpu *cpu, uint64_t linear, void *out, size_t size,
                        struct fault *fault) {
    struct access_fault access;
    const enum access_result result = linear_read(cpu, linear, out, size, &access);
    return result == ACCESS_DONE || raise_access(fault, result, &access);
}

static bool read_gate(struct cpu *cpu, const struct event *event, struct gate *gate,
                      struct fault *fault) {
    const struct segment idt = cpu_segment(cpu, SEGMENT_IDTR);
    const uint32_t external = event->kind == EVENT_SOFTWARE ? 0 : 1;
    const uint32_t error_code = event->vector * 8u + 2u + external;
    uint32_t words[4];
    if (event->vector * 16u + 15u > idt.limit) {
        return raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if (!read_system(cpu, idt.base + event->vector * 16u, words, sizeof words, fault)) {
        return false;
    }
    *gate = (struct gate){
        .offset = (words[0] & 0xffffu) | (words[1] & 0xffff0000u) | (uint64_t)words[2] << 32,
        .selector = (uint16_t)(words[0] >> 16),
        .stack = words[1] & 7,
        .type = words[1] >> 8 & 0x1f,
        .privilege = words[1] >> 13 & 3,
        .present = (words[1] & ATTRIBUTE_PRESENT) != 0,
    };
    if ((gate->type != GATE_INTERRUPT && gate->type != GATE_TRAP) ||
        (event->kind == EVENT_SOFTWARE && gate->privilege < cpu_privilege(cpu))) {
        return raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    return gate->present || raise(fault, VECTOR_SEGMENT_NOT_PRESENT, error_code);
}

static bool read_code_segment(struct cpu *cpu, uint16_t selector, struct segment *code,
                              struct fault *fault) {
    const struct segment table =
        cpu_segment(cpu, (selector & 4) != 0 ? SEGMENT_LDTR : SEGMENT_GDTR);
    const uint32_t error_code = selector & 0xfffcu;
    uint32_t words[2];
    if (error_code == 0 || (selector | 7u) > table.limit) {
        return raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if (!read_system(cpu, table.base + (selector & 0xfff8u), words, sizeof words, fault)) {
        return false;
    }
    const uint32_t attributes = words[1];
    if ((attributes & (ATTRIBUTE_CODE_OR_DATA | ATTRIBUTE_CODE)) !=
            (ATTRIBUTE_CODE_OR_DATA | ATTRIBUTE_CODE) ||
        (attributes & ATTRIBUTE_LONG) == 0 || (attributes & ATTRIBUTE_BIG) != 0 ||
        ATTRIBUTE_DPL(attributes) > cpu_privilege(cpu)) {
        return raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if ((attributes & ATTRIBUTE_PRESENT) == 0) {
        return raise(fault, VECTOR_SEGMENT_NOT_PRESENT, error_code);
    }
    uint32_t limit = (words[0] & 0xffffu) | (attributes & 0xf0000u);
    limit = (attributes & ATTRIBUTE_GRANULARITY) != 0 ? limit << 12 | 0xfffu : limit;
    *code = (struct segment){
        .selector = selector,
        .base = words[0] >> 16 | (attributes & 0xffu) << 16 | (attributes & 0xff000000u),
        .limit = limit,
        .attributes = (attributes & 0x00f0ff00u) | ATTRIBUTE_ACCESSED,
    };
    return true;
}

static bool choose_stack(struct cpu *cpu, const struct gate *gate, unsigned privilege,
                         uint64_t *stack, struct fault *fault) {
    *stack = cpu_register(cpu, RSP);
    if (gate->stack != 0 || privilege < cpu_privilege(cpu)) {
        const struct segment tss = cpu_segment(cpu, SEGMENT_TR);
        const uint32_t offset =
            gate->stack != 0 ? TSS_IST1 + 8u * (gate->stack - 1u) : TSS_RSP0 + 8u * privilege;
        if (offset + 7 > tss.limit) {
            return raise(fault, VECTOR_INVALID_TSS, tss.selector & 0xfffcu);
        }
        if (!read_system(cpu, tss.base + offset, stack, sizeof *stack, fault)) {
            return false;
        }
    }
    *stack &= ~15ull;
    return true;
}

static bool push_frame(struct cpu *cpu, const struct event *event, uint64_t *stack,
                       struct fault *fault) {
    uint64_t frame[6];
    size_t count = 0;
    if (event->has_error_code) {
        frame[count++] = event->error_code;
    }
    frame[count++] = event->return_rip;
    frame[count++] = cpu_segment(cpu, SEGMENT_CS).selector;
    frame[count++] = cpu_rflags(cpu);
    frame[count++] = cpu_register(cpu, RSP);
    frame[count++] = cpu_segment(cpu, SEGMENT_SS).selector;
    *stack -= 8 * count;
    struct access_fault access;
    const enum access_result result = linear_write(cpu, *stack, frame, 8 * count, &access);
    return result == ACCESS_DONE || raise_access(fault, result, &access);
}

static bool attempt(struct cpu *cpu, const struct event *event, struct fault *fault) {
    struct gate gate;
    struct segment code;
    uint64_t stack;
    if (!read_gate(cpu, event, &gate, fault) ||
        !read_code_segment(cpu, gate.selector, &code, fault)) {
        return false;
    }
    const unsigned old_privilege = cpu_privilege(cpu);
    const bool conforming = (code.attributes & ATTRIBUTE_CONFORMING) != 0;
    const unsigned privilege = conforming ? old_privilege : ATTRIBUTE_DPL(code.attributes);
    if (!choose_stack(cpu, &gate, privilege, &stack, fault) ||
        !push_frame(cpu, event, &stack, fault)) {
        return false;
    }
    if (privilege < old_privilege) {
        const struct segment null = {.selector = (uint16_t)privilege,
                                     .attributes = privilege << ATTRIBUTE_DPL_SHIFT};
        cpu_set_segment(cpu, SEGMENT_SS, &null);
    }
    code.selector = (uint16_t)((code.selector & ~3u) | privilege);
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set_register(cpu, RSP, stack);
    cpu_set_rip(cpu, gate.offset);
    const uint64_t cleared = RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM |
                             (gate.type == GATE_INTERRUPT ? RFLAGS_IF : 0);
    cpu_set_rflags(cpu, cpu_rflags(cpu) & ~cleared);
    cpu_clear_interrupt_shadow(cpu);
    cpu_update_mode(cpu);
    return true;
}

static bool contributory(uint8_t vector) {
    return vector == VECTOR_DIVIDE_ERROR ||
           (vector >= VECTOR_INVALID_TSS && vector <= VECTOR_GENERAL_PROTECTION);
}

// SDM volume 3A, table 6-5.
static bool makes_double_fault(const struct event *first, uint8_t second) {
    if (first->kind != EVENT_EXCEPTION) {
        return false;
    }
    if (first->vector == VECTOR_PAGE_FAULT) {
        return contributory(second) || second == VECTOR_PAGE_FAULT;
    }
    return contributory(first->vector) && contributory(second);
}

enum delivery deliver_event(struct cpu *cpu, const struct event *event) {
    if (!cpu_long_mode(cpu)) {
        return DELIVERY_UNSUPPORTED;
    }
    struct event next = *event;
    struct fault fault = {0};
    while (!attempt(cpu, &next, &fault)) {
        if (next.kind == EVENT_EXCEPTION && next.vector == VECTOR_DOUBLE_FAULT) {
            return DELIVERY_TRIPLE_FAULT;
        }
        const bool twice = makes_double_fault(&next, fault.vector);
        if (!twice && fault.vector == VECTOR_PAGE_FAULT) {
            cpu_set_control(cpu, 2, fault.address);
        }
        next = (struct event){
            .kind = EVENT_EXCEPTION,
            .vector = twice ? VECTOR_DOUBLE_FAULT : fault.vector,
            .has_error_code = true,
            .error_code = twice ? 0 : fault.error_code,
            .return_rip = cpu_rip(cpu),
        };
    }
    return DELIVERED;
}
