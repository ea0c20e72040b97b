// SPDX-License-Identifier: MIT
//
// Gates, handlers' segments and flags, alike in protected and long mode (SDM volume 3A, sections
// 6.11 to 6.14; error codes: 6.13).

#include "engine/cpu/x86/deliver_mode.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/descriptor.h"

#define SELECTOR_INDEX(selector) ((selector)&0xfffcu)

bool fault_raise(struct fault *fault, uint8_t vector, uint32_t error_code) {
    *fault = (struct fault){.vector = vector, .error_code = error_code};
    return false;
}

bool fault_access(struct cpu *cpu, struct fault *fault, enum access_result result,
                  const struct access_fault *access, uint8_t vector) {
    if (result == ACCESS_NOT_CANONICAL) {
        return fault_raise(fault, vector, 0);
    }
    *fault = (struct fault){
        .vector = VECTOR_PAGE_FAULT,
        .error_code = access->error_code,
        .address = access->address,
    };
    if (result == ACCESS_NESTED_FAULT) {
        fault->verdict = DELIVERY_UNBACKED;
        cpu_progress(cpu)->unbacked = access->address;
    }
    return false;
}

uint32_t external_bit(const struct vectored_event *event) {
    return event->kind == VECTORED_SOFTWARE ? 0 : 1;
}

bool read_system(struct cpu *cpu, uint64_t linear, void *out, size_t size, struct fault *fault) {
    struct access_fault access;
    const enum access_result result =
        linear_read_as(cpu, ACCESS_AS_SYSTEM, linear, out, size, &access);
    return result == ACCESS_DONE ||
           fault_access(cpu, fault, result, &access, VECTOR_GENERAL_PROTECTION);
}

bool mark_accessed(struct cpu *cpu, uint64_t linear, uint32_t high_word, struct fault *fault) {
    if ((high_word & ATTRIBUTE_ACCESSED) != 0) {
        return true;
    }
    const uint8_t access_byte = (uint8_t)((high_word | ATTRIBUTE_ACCESSED) >> 8);
    struct access_fault access;
    const enum access_result result =
        linear_write_as(cpu, ACCESS_AS_SYSTEM, linear + 5, &access_byte, 1, &access);
    return result == ACCESS_DONE ||
           fault_access(cpu, fault, result, &access, VECTOR_GENERAL_PROTECTION);
}

static bool is_gate(uint8_t type, unsigned size) {
    const bool in_every_mode = type == GATE_INTERRUPT || type == GATE_TRAP;
    return in_every_mode ||
           (size == 8 && (type == GATE_TASK || type == GATE_INTERRUPT_16 || type == GATE_TRAP_16));
}

bool read_gate(struct cpu *cpu, const struct vectored_event *event, unsigned size,
               struct gate *gate, struct fault *fault) {
    const struct segment idt = cpu_segment(cpu, SEGMENT_IDTR);
    const uint32_t error_code = event->vector * 8u + 2u + external_bit(event);
    uint32_t words[4] = {0};
    if (event->vector * size + size - 1 > idt.limit) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if (!read_system(cpu, idt.base + event->vector * size, words, size, fault)) {
        return false;
    }
    *gate = (struct gate){
        .offset = (words[0] & 0xffffu) | (words[1] & 0xffff0000u) | (uint64_t)words[2] << 32,
        .selector = (uint16_t)(words[0] >> 16),
        .stack = words[1] & 7,
        .type = words[1] >> 8 & 0x1f,
    };
    if (gate->type == GATE_INTERRUPT_16 || gate->type == GATE_TRAP_16) {
        gate->offset &= 0xffff;
    }
    const unsigned privilege = ATTRIBUTE_DPL(words[1]);
    if (!is_gate(gate->type, size) ||
        (event->kind == VECTORED_SOFTWARE && privilege < cpu_privilege(cpu))) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if ((words[1] & ATTRIBUTE_PRESENT) == 0) {
        return fault_raise(fault, VECTOR_SEGMENT_NOT_PRESENT, error_code);
    }
    return true;
}

bool read_handler_segment(struct cpu *cpu, const struct vectored_event *event, uint16_t selector,
                          struct segment *code, struct fault *fault) {
    const uint32_t error_code = SELECTOR_INDEX(selector) | external_bit(event);
    const uint32_t executable = ATTRIBUTE_CODE_OR_DATA | ATTRIBUTE_CODE;
    uint32_t words[2];
    uint64_t linear;
    if (SELECTOR_INDEX(selector) == 0 || !descriptor_address(cpu, selector, &linear)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if (!read_system(cpu, linear, words, sizeof words, fault)) {
        return false;
    }
    *code = segment_from_descriptor(selector, words);
    if ((code->attributes & executable) != executable ||
        ATTRIBUTE_DPL(code->attributes) > cpu_privilege(cpu)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if ((code->attributes & ATTRIBUTE_PRESENT) == 0) {
        return fault_raise(fault, VECTOR_SEGMENT_NOT_PRESENT, error_code);
    }
    return mark_accessed(cpu, linear, words[1], fault);
}

static bool is_fault(const struct vectored_event *event) {
    switch (event->vector) {
    case VECTOR_DEBUG:
    case VECTOR_BREAKPOINT:
    case VECTOR_OVERFLOW:
    case VECTOR_DOUBLE_FAULT:
    case VECTOR_MACHINE_CHECK:
        return false;
    default:
        return event->kind == VECTORED_EXCEPTION;
    }
}

// A fault's frame has RF, so that a breakpoint on the instruction does not hit again after IRET. An
// instruction that was carried out has used up the RF that it began with; the engine clears it only
// at the end of a block (SDM volume 3B, section 17.3.1.1).
bool has_error_code(const struct vectored_event *event) {
    const uint8_t vector = event->vector;
    return event->kind == VECTORED_EXCEPTION &&
           (vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_ALIGNMENT_CHECK ||
            (vector >= VECTOR_INVALID_TSS && vector <= VECTOR_PAGE_FAULT));
}

uint64_t saved_flags(const struct cpu *cpu, const struct vectored_event *event) {
    const uint64_t flags = cpu_get(cpu, RFLAGS);
    if (is_fault(event)) {
        return flags | RFLAGS_RF;
    }
    return event->kind == VECTORED_EXTERNAL ? flags : flags & ~RFLAGS_RF;
}

uint64_t handler_flags(const struct cpu *cpu, const struct gate *gate) {
    const bool interrupt = gate->type == GATE_INTERRUPT || gate->type == GATE_INTERRUPT_16;
    return cpu_get(cpu, RFLAGS) &
           ~(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | (interrupt ? RFLAGS_IF : 0));
}
