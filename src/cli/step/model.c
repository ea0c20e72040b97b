// SPDX-License-Identifier: MIT
//
// What follows from the registers (SDM volume 3A, chapters 3 and 5).

#include "cli/step/model.h"

static const uint32_t attribute_long = 1u << 21;
static const uint32_t attribute_default = 1u << 22;
static const uint64_t efer_lma = 1u << 10;
static const uint64_t cr0_pe = 1;
static const uint64_t rflags_vm = 1u << 17;

bool model_is_long_mode(const zirconia_registers_t *registers) {
    return (registers->efer & efer_lma) != 0;
}

zirconia_code_mode_t model_code_mode(const zirconia_registers_t *registers) {
    const uint32_t attributes = registers->segments[MODEL_CS].attributes;
    if (model_is_long_mode(registers) && (attributes & attribute_long) != 0)
        return ZIRCONIA_CODE_64;
    return (attributes & attribute_default) != 0 ? ZIRCONIA_CODE_32 : ZIRCONIA_CODE_16;
}

unsigned model_ring(const zirconia_registers_t *registers) {
    if ((registers->cr0 & cr0_pe) == 0)
        return 0;
    if ((registers->rflags & rflags_vm) != 0)
        return 3;
    return registers->segments[MODEL_SS].attributes >> 13 & 3;
}

static uint64_t address(const zirconia_registers_t *registers, unsigned segment, uint64_t offset) {
    if (model_code_mode(registers) == ZIRCONIA_CODE_64)
        return offset;
    return (uint32_t)(registers->segments[segment].base + offset);
}

uint64_t model_code_address(const zirconia_registers_t *registers) {
    return address(registers, MODEL_CS, registers->rip);
}

uint64_t model_stack_address(const zirconia_registers_t *registers) {
    uint64_t top = registers->general[MODEL_RSP];
    if (model_code_mode(registers) != ZIRCONIA_CODE_64 &&
        (registers->segments[MODEL_SS].attributes & attribute_default) == 0)
        top = (uint16_t)top;
    return address(registers, MODEL_SS, top);
}

bool model_has_breakpoint(const struct model *model, uint64_t linear) {
    for (size_t i = 0; i < model->breakpoint_count; i++)
        if (model->breakpoints[i] == linear)
            return true;
    return false;
}
