// SPDX-License-Identifier: MIT
//
// LLDT, LTR, LGDT and LIDT (SDM volume 2). The engine takes a null selector for LTR and bases that
// are not canonical, and ends the process when it later finds what it took.

#include "engine/cpu/state.h"
#include "engine/cpu/x86/deliver_mode.h"
#include "engine/cpu/x86/descriptor.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/replaced.h"

#include <string.h>

#define BUSY (1u << 9) // The busy bit of a task-state segment, in the second doubleword.

// A descriptor of the global table as it is loaded: 16 bytes in IA-32e mode.
static bool read_system_descriptor(struct cpu *cpu, uint16_t selector, unsigned types,
                                   uint32_t words[4], struct fault *fault) {
    const uint32_t error_code = selector & 0xfffcu;
    const unsigned size = cpu_long_mode(cpu) ? 16 : 8;
    const struct segment table = cpu_segment(cpu, SEGMENT_GDTR);
    const uint32_t offset = selector & 0xfff8u;
    if ((selector & 4) != 0 || offset + size - 1 > table.limit) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    if (!read_system(cpu, table.base + offset, words, size, fault)) {
        return false;
    }
    const bool upper_is_system = ATTRIBUTE_TYPE(words[3]) != 0 || (words[3] & (1u << 12)) != 0;
    const uint64_t base = segment_from_descriptor(selector, words).base | (uint64_t)words[2] << 32;
    if ((words[1] & ATTRIBUTE_CODE_OR_DATA) != 0 || (types >> ATTRIBUTE_TYPE(words[1]) & 1) == 0 ||
        upper_is_system || !cpu_canonical(base)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    return (words[1] & ATTRIBUTE_PRESENT) != 0 ||
           fault_raise(fault, VECTOR_SEGMENT_NOT_PRESENT, error_code);
}

static struct segment system_segment(uint16_t selector, const uint32_t words[4]) {
    struct segment segment = segment_from_descriptor(selector, words);
    segment.base |= (uint64_t)words[2] << 32;
    segment.attributes = words[1] & 0x00f0ff00u;
    return segment;
}

// The selector, or false with the fault delivered.
static bool load_selector(struct cpu *cpu, const struct instruction *instruction,
                          const uint8_t *bytes, uint16_t *selector, enum delivery *failure) {
    if (cpu_privilege(cpu) != 0) {
        *failure = deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
        return false;
    }
    if (operand_is_register(instruction)) {
        *selector = (uint16_t)cpu_get(cpu, instruction_rm(instruction));
        return true;
    }
    return operand_read(cpu, instruction, bytes, selector, sizeof *selector, failure);
}

#define TYPE_LDT (1u << 2)
#define TYPE_TASK_16 (1u << 1)
#define TYPE_TASK (1u << 9)

enum delivery replaced_lldt(struct cpu *cpu, const struct instruction *instruction,
                            const uint8_t *bytes) {
    uint16_t selector = 0;
    uint32_t words[4] = {0};
    struct fault fault;
    enum delivery failure;
    if (!load_selector(cpu, instruction, bytes, &selector, &failure)) {
        return failure;
    }
    struct segment table = {.selector = selector};
    if ((selector & 0xfffcu) != 0) {
        if (!read_system_descriptor(cpu, selector, TYPE_LDT, words, &fault)) {
            return fault_deliver(cpu, &fault);
        }
        table = system_segment(selector, words);
    }
    cpu_set_segment(cpu, SEGMENT_LDTR, &table);
    return deliver_completion(cpu, instruction->length);
}

// The descriptor becomes busy in memory and in the register.
static bool mark_busy(struct cpu *cpu, uint16_t selector, uint32_t *high_word,
                      struct fault *fault) {
    const uint64_t linear = cpu_segment(cpu, SEGMENT_GDTR).base + (selector & 0xfff8u);
    struct access_fault access;
    *high_word |= BUSY;
    const uint8_t byte = (uint8_t)(*high_word >> 8);
    const enum access_result result =
        linear_write_as(cpu, ACCESS_AS_SYSTEM, linear + 5, &byte, sizeof byte, &access);
    return result == ACCESS_DONE ||
           fault_access(cpu, fault, result, &access, VECTOR_GENERAL_PROTECTION);
}

enum delivery replaced_ltr(struct cpu *cpu, const struct instruction *instruction,
                           const uint8_t *bytes) {
    uint16_t selector = 0;
    uint32_t words[4] = {0};
    struct fault fault;
    enum delivery failure;
    if (!load_selector(cpu, instruction, bytes, &selector, &failure)) {
        return failure;
    }
    const unsigned types = cpu_long_mode(cpu) ? TYPE_TASK : TYPE_TASK | TYPE_TASK_16;
    if ((selector & 0xfffcu) == 0) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    if (!read_system_descriptor(cpu, selector, types, words, &fault) ||
        !mark_busy(cpu, selector, &words[1], &fault)) {
        return fault_deliver(cpu, &fault);
    }
    const struct segment task = system_segment(selector, words);
    cpu_set_segment(cpu, SEGMENT_TR, &task);
    return deliver_completion(cpu, instruction->length);
}

#define OPERAND_LIMIT_SIZE 2u

enum delivery replaced_table_register(struct cpu *cpu, const struct instruction *instruction,
                                      const uint8_t *bytes) {
    const bool interrupts = (instruction_reg(instruction) & 7) == 3;
    const enum segment_register index = interrupts ? SEGMENT_IDTR : SEGMENT_GDTR;
    struct segment table = cpu_segment(cpu, index);
    uint8_t operand[OPERAND_LIMIT_SIZE + sizeof table.base];
    uint16_t limit = 0;
    enum delivery failure;
    if (cpu_privilege(cpu) != 0) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    if (!operand_read(cpu, instruction, bytes, operand, sizeof operand, &failure)) {
        return failure;
    }
    memcpy(&limit, operand, OPERAND_LIMIT_SIZE);
    memcpy(&table.base, operand + OPERAND_LIMIT_SIZE, sizeof table.base);
    if (!cpu_canonical(table.base)) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    table.limit = limit;
    cpu_set_segment(cpu, index, &table);
    return deliver_completion(cpu, instruction->length);
}
