// SPDX-License-Identifier: MIT
//
// The first half of an emulated memory access: which of the known forms an instruction is, and what
// it reads or writes. The second half is mmio_complete.c. It works from the opcode itself: each
// form's direction, sizes and destination follow from a few bits of it.

#include <zirconia/decode.h>

#include "decode/code_mode.h"
#include "decode/register_file.h"

// The operand that is not the memory.
enum other_operand {
    OTHER_NONE,
    OTHER_REGISTER, // the reg field of ModRM
    OTHER_ACCUMULATOR,
    OTHER_IMMEDIATE,
};

struct form {
    zirconia_mmio_operation_t operation;
    enum other_operand other;
    uint8_t size;     // of the memory operand
    bool to_register; // the result goes to the other operand, a register
    bool to_memory;
    bool sign_extend;
    uint8_t register_size; // of the register when it differs from `size`, else 0
    bool index;            // steps index_register
    uint8_t index_register;
};

static const zirconia_mmio_operation_t arithmetic_group[8] = {
    ZIRCONIA_MMIO_ADD, ZIRCONIA_MMIO_OR,  ZIRCONIA_MMIO_ADC, ZIRCONIA_MMIO_SBB,
    ZIRCONIA_MMIO_AND, ZIRCONIA_MMIO_SUB, ZIRCONIA_MMIO_XOR, ZIRCONIA_MMIO_COMPARE,
};

static const zirconia_mmio_operation_t bit_group[4] = {
    ZIRCONIA_MMIO_BIT_TEST,
    ZIRCONIA_MMIO_BIT_SET,
    ZIRCONIA_MMIO_BIT_RESET,
    ZIRCONIA_MMIO_BIT_COMPLEMENT,
};

// In almost all opcodes, bit 0 clear means a byte operand.
static uint8_t size_by_bit_0(const struct instruction *instruction) {
    return instruction->opcode & 1 ? instruction->operand_size : 1;
}

static unsigned reg_field(const struct instruction *instruction) {
    return (instruction->modrm >> 3) & 7;
}

static bool has_memory_operand(const struct instruction *instruction) {
    return instruction->has_modrm && instruction->modrm < 0xC0;
}

// 00 to 3B: eight operations with memory and register, bit 1 clear when memory is the destination.
static bool arithmetic_form(const struct instruction *instruction, struct form *form) {
    if ((instruction->opcode & 7) > 3)
        return false;
    form->operation = arithmetic_group[instruction->opcode >> 3];
    form->other = OTHER_REGISTER;
    form->to_register = instruction->opcode & 2;
    form->to_memory = !form->to_register;
    return true;
}

// F6, F7, FE and FF: the reg field chooses the operation.
static bool unary_form(const struct instruction *instruction, struct form *form) {
    bool low_group = instruction->opcode < 0xF8;
    unsigned field = reg_field(instruction);

    form->to_memory = true;
    if (!low_group) {
        form->operation = field == 0 ? ZIRCONIA_MMIO_INCREMENT : ZIRCONIA_MMIO_DECREMENT;
        return field <= 1;
    }
    switch (field) {
    case 0:
    case 1:
        form->operation = ZIRCONIA_MMIO_TEST;
        form->other = OTHER_IMMEDIATE;
        return true;
    case 2:
        form->operation = ZIRCONIA_MMIO_NOT;
        return true;
    case 3:
        form->operation = ZIRCONIA_MMIO_NEGATE;
        return true;
    default:
        return false;
    }
}

// STOS, LODS and SCAS without a repeat prefix.
static bool string_form(const struct instruction *instruction, struct form *form) {
    form->other = OTHER_ACCUMULATOR;
    form->index = true;
    form->index_register = REGISTER_RDI;
    switch (instruction->opcode & 0xFE) {
    case 0xAA:
        form->operation = ZIRCONIA_MMIO_STORE;
        break;
    case 0xAC:
        form->operation = ZIRCONIA_MMIO_LOAD;
        form->index_register = REGISTER_RSI;
        break;
    default:
        form->operation = ZIRCONIA_MMIO_COMPARE;
        form->to_register = true;
        break;
    }
    return !instruction->repeat_equal && !instruction->repeat_not_equal;
}

static bool one_byte_modrm_form(const struct instruction *instruction, enum code_mode mode,
                                struct form *form) {
    uint8_t opcode = instruction->opcode;

    form->other = OTHER_REGISTER;
    switch (opcode) {
    case 0x63: // MOVSXD; outside 64-bit code ARPL
        form->operation = ZIRCONIA_MMIO_LOAD;
        form->size = instruction->operand_size == 2 ? 2 : 4;
        form->register_size = instruction->operand_size;
        form->sign_extend = true;
        return mode == CODE_64;
    case 0x80:
    case 0x81:
    case 0x82:
    case 0x83:
        form->operation = arithmetic_group[reg_field(instruction)];
        form->other = OTHER_IMMEDIATE;
        form->to_memory = true;
        return true;
    case 0x84:
    case 0x85:
        form->operation = ZIRCONIA_MMIO_TEST;
        return true;
    case 0x86:
    case 0x87:
        form->operation = ZIRCONIA_MMIO_EXCHANGE;
        return true;
    case 0x88:
    case 0x89:
        form->operation = ZIRCONIA_MMIO_STORE;
        return true;
    case 0x8A:
    case 0x8B:
        form->operation = ZIRCONIA_MMIO_LOAD;
        return true;
    case 0xC6:
    case 0xC7:
        form->operation = ZIRCONIA_MMIO_STORE;
        form->other = OTHER_IMMEDIATE;
        return reg_field(instruction) == 0;
    case 0xF6:
    case 0xF7:
    case 0xFE:
    case 0xFF:
        form->other = OTHER_NONE;
        return unary_form(instruction, form);
    default:
        return opcode < 0x40 && arithmetic_form(instruction, form);
    }
}

static bool one_byte_form(const struct instruction *instruction, enum code_mode mode,
                          struct form *form) {
    form->size = size_by_bit_0(instruction);
    if (has_memory_operand(instruction))
        return one_byte_modrm_form(instruction, mode, form);
    switch (instruction->opcode & 0xFE) {
    case 0xA0:
    case 0xA2:
        form->operation = instruction->opcode & 2 ? ZIRCONIA_MMIO_STORE : ZIRCONIA_MMIO_LOAD;
        form->other = OTHER_ACCUMULATOR;
        return true;
    case 0xAA:
    case 0xAC:
    case 0xAE:
        return string_form(instruction, form);
    default:
        return false;
    }
}

static bool two_byte_form(const struct instruction *instruction, struct form *form) {
    uint8_t opcode = instruction->opcode;

    if (!has_memory_operand(instruction))
        return false;
    form->other = OTHER_REGISTER;
    form->size = size_by_bit_0(instruction);
    switch (opcode) {
    case 0xA3:
    case 0xAB:
    case 0xB3:
    case 0xBB:
        form->operation = bit_group[(opcode >> 3) & 3];
        form->to_memory = true;
        return true;
    case 0xBA:
        form->operation = bit_group[reg_field(instruction) & 3];
        form->other = OTHER_IMMEDIATE;
        form->size = instruction->operand_size;
        form->to_memory = true;
        return reg_field(instruction) >= 4;
    case 0xB0:
    case 0xB1:
        form->operation = ZIRCONIA_MMIO_COMPARE_EXCHANGE;
        return true;
    case 0xB6:
    case 0xB7:
    case 0xBE:
    case 0xBF:
        form->operation = ZIRCONIA_MMIO_LOAD;
        form->size = opcode & 1 ? 2 : 1;
        form->register_size = instruction->operand_size;
        form->sign_extend = opcode >= 0xBE;
        return true;
    case 0xC0:
    case 0xC1:
        form->operation = ZIRCONIA_MMIO_EXCHANGE_ADD;
        return true;
    case 0xC3: // MOVNTI, 32-bit at least
        form->operation = ZIRCONIA_MMIO_STORE;
        form->size = instruction->operand_size == 8 ? 8 : 4;
        return !instruction->operand_prefix;
    default:
        return false;
    }
}

static bool find_form(const struct instruction *instruction, enum code_mode mode,
                      struct form *form) {
    *form = (struct form){.operation = ZIRCONIA_MMIO_LOAD};
    if (instruction->vex)
        return false;
    if (instruction->map == MAP_ONE_BYTE)
        return one_byte_form(instruction, mode, form);
    return instruction->map == MAP_0F && two_byte_form(instruction, form);
}

// A form's direction, and whether it changes its register, follow from its operation.
static void set_direction(const struct form *form, zirconia_mmio_access_t *access) {
    bool changes_register = form->to_register;

    access->direction = form->to_memory ? ZIRCONIA_MMIO_READ_WRITE : ZIRCONIA_MMIO_READ;
    switch (form->operation) {
    case ZIRCONIA_MMIO_LOAD:
        changes_register = true;
        break;
    case ZIRCONIA_MMIO_STORE:
        access->direction = ZIRCONIA_MMIO_WRITE;
        break;
    case ZIRCONIA_MMIO_EXCHANGE:
    case ZIRCONIA_MMIO_EXCHANGE_ADD:
        access->direction = ZIRCONIA_MMIO_READ_WRITE;
        changes_register = true;
        break;
    case ZIRCONIA_MMIO_COMPARE_EXCHANGE:
        access->direction = ZIRCONIA_MMIO_READ_WRITE;
        break;
    case ZIRCONIA_MMIO_COMPARE:
    case ZIRCONIA_MMIO_TEST:
    case ZIRCONIA_MMIO_BIT_TEST:
        access->direction = ZIRCONIA_MMIO_READ;
        changes_register = false;
        break;
    default:
        break;
    }
    access->value_first = form->to_register;
    if (changes_register)
        access->register_size = form->register_size != 0 ? form->register_size : form->size;
}

// Without a REX prefix the byte registers 4 to 7 are AH, CH, DH and BH.
static void set_register(const struct instruction *instruction, const struct form *form,
                         zirconia_mmio_access_t *access) {
    unsigned number = REGISTER_RAX;
    unsigned width = form->register_size != 0 ? form->register_size : form->size;

    if (form->other == OTHER_REGISTER) {
        number = reg_field(instruction) | (instruction->rex & 4 ? 8u : 0u);
        access->high_byte = width == 1 && instruction->rex == 0 && number >= 4;
    }
    access->register_number = (uint8_t)(access->high_byte ? number - 4 : number);
}

static void set_value(const struct instruction *instruction, const uint8_t *bytes,
                      const struct form *form, const zx_vcpu_state_t *state,
                      zirconia_mmio_access_t *access) {
    uint64_t value = 0;

    if (form->other == OTHER_NONE || form->operation == ZIRCONIA_MMIO_LOAD)
        return;
    if (form->other == OTHER_IMMEDIATE)
        value = instruction_immediate(instruction, bytes);
    else if (access->high_byte)
        value = read_high_byte(state, access->register_number);
    else
        value = read_register(state, access->register_number);
    access->value = low_bytes(value, form->size);
    // A register may name a bit far from the operand; the address that trapped is that of the part
    // which holds it, and only the position in that part is left.
    if (form->operation >= ZIRCONIA_MMIO_BIT_TEST)
        access->value &= UINT64_C(8) * form->size - 1;
}

zx_status_t zirconia_mmio_decode(const uint8_t *bytes, size_t size, zirconia_code_mode_t mode,
                                 const zx_vcpu_state_t *state, zirconia_mmio_access_t *out) {
    enum code_mode code_mode;
    struct instruction instruction;
    struct form form;

    if (bytes == NULL || state == NULL || out == NULL || !code_mode_from_public(mode, &code_mode))
        return ZX_ERR_INVALID_ARGS;
    switch (decode_instruction(bytes, size, code_mode, &instruction)) {
    case INSTRUCTION_TRUNCATED:
        return ZX_ERR_BUFFER_TOO_SMALL;
    case INSTRUCTION_UNDEFINED:
        return ZX_ERR_NOT_SUPPORTED;
    case INSTRUCTION_OK:
        break;
    }
    if (!find_form(&instruction, code_mode, &form))
        return ZX_ERR_NOT_SUPPORTED;

    zirconia_mmio_access_t access = {
        .operation = form.operation,
        .instruction_length = instruction.length,
        .size = form.size,
        .sign_extend = form.sign_extend,
        .index_register = form.index_register,
        .index_size = form.index ? instruction.address_size : 0,
    };
    set_direction(&form, &access);
    set_register(&instruction, &form, &access);
    set_value(&instruction, bytes, &form, state, &access);
    *out = access;
    return ZX_OK;
}
