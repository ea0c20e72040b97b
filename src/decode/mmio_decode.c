// SPDX-License-Identifier: MIT
//
// The first half of an emulated memory access: which of the known forms an instruction is, and what
// it reads or writes. The second half is mmio_complete.c. Capstone says which instruction it is and
// what its operands are; where it ends, and whether it is one, is the length decoder's to say.

#include <string.h>

#include <zirconia/decode.h>

#include "decode/code_mode.h"
#include "decode/decode.h"
#include "decode/disassembler.h"
#include "decode/register_file.h"

// Both tables are looked up by Capstone's numbers: a VMM decodes each access to a device.

// A LOAD whose destination is the memory is a STORE.
static const struct form {
    enum { UNKNOWN, PLAIN, SIGN_EXTENDING, STRING } kind;
    zirconia_mmio_operation_t operation;
} forms[X86_INS_ENDING] = {
    [X86_INS_MOV] = {PLAIN, ZIRCONIA_MMIO_LOAD},
    [X86_INS_MOVABS] = {PLAIN, ZIRCONIA_MMIO_LOAD},
    [X86_INS_MOVZX] = {PLAIN, ZIRCONIA_MMIO_LOAD},
    [X86_INS_MOVNTI] = {PLAIN, ZIRCONIA_MMIO_LOAD},
    [X86_INS_MOVSX] = {SIGN_EXTENDING, ZIRCONIA_MMIO_LOAD},
    [X86_INS_MOVSXD] = {SIGN_EXTENDING, ZIRCONIA_MMIO_LOAD},
    [X86_INS_LODSB] = {STRING, ZIRCONIA_MMIO_LOAD},
    [X86_INS_LODSW] = {STRING, ZIRCONIA_MMIO_LOAD},
    [X86_INS_LODSD] = {STRING, ZIRCONIA_MMIO_LOAD},
    [X86_INS_LODSQ] = {STRING, ZIRCONIA_MMIO_LOAD},
    [X86_INS_STOSB] = {STRING, ZIRCONIA_MMIO_LOAD},
    [X86_INS_STOSW] = {STRING, ZIRCONIA_MMIO_LOAD},
    [X86_INS_STOSD] = {STRING, ZIRCONIA_MMIO_LOAD},
    [X86_INS_STOSQ] = {STRING, ZIRCONIA_MMIO_LOAD},
    [X86_INS_SCASB] = {STRING, ZIRCONIA_MMIO_COMPARE},
    [X86_INS_SCASW] = {STRING, ZIRCONIA_MMIO_COMPARE},
    [X86_INS_SCASD] = {STRING, ZIRCONIA_MMIO_COMPARE},
    [X86_INS_SCASQ] = {STRING, ZIRCONIA_MMIO_COMPARE},
    [X86_INS_XCHG] = {PLAIN, ZIRCONIA_MMIO_EXCHANGE},
    [X86_INS_CMPXCHG] = {PLAIN, ZIRCONIA_MMIO_COMPARE_EXCHANGE},
    [X86_INS_XADD] = {PLAIN, ZIRCONIA_MMIO_EXCHANGE_ADD},
    [X86_INS_ADD] = {PLAIN, ZIRCONIA_MMIO_ADD},
    [X86_INS_OR] = {PLAIN, ZIRCONIA_MMIO_OR},
    [X86_INS_ADC] = {PLAIN, ZIRCONIA_MMIO_ADC},
    [X86_INS_SBB] = {PLAIN, ZIRCONIA_MMIO_SBB},
    [X86_INS_AND] = {PLAIN, ZIRCONIA_MMIO_AND},
    [X86_INS_SUB] = {PLAIN, ZIRCONIA_MMIO_SUB},
    [X86_INS_XOR] = {PLAIN, ZIRCONIA_MMIO_XOR},
    [X86_INS_CMP] = {PLAIN, ZIRCONIA_MMIO_COMPARE},
    [X86_INS_TEST] = {PLAIN, ZIRCONIA_MMIO_TEST},
    [X86_INS_NOT] = {PLAIN, ZIRCONIA_MMIO_NOT},
    [X86_INS_NEG] = {PLAIN, ZIRCONIA_MMIO_NEGATE},
    [X86_INS_INC] = {PLAIN, ZIRCONIA_MMIO_INCREMENT},
    [X86_INS_DEC] = {PLAIN, ZIRCONIA_MMIO_DECREMENT},
    [X86_INS_BT] = {PLAIN, ZIRCONIA_MMIO_BIT_TEST},
    [X86_INS_BTS] = {PLAIN, ZIRCONIA_MMIO_BIT_SET},
    [X86_INS_BTR] = {PLAIN, ZIRCONIA_MMIO_BIT_RESET},
    [X86_INS_BTC] = {PLAIN, ZIRCONIA_MMIO_BIT_COMPLEMENT},
};

#define REGISTER(number, of_64_bits, of_32_bits, of_16_bits, low_byte)                             \
    [X86_REG_##of_64_bits] = {true, false, number},                                                \
    [X86_REG_##of_32_bits] = {true, false, number},                                                \
    [X86_REG_##of_16_bits] = {true, false, number}, [X86_REG_##low_byte] = {true, false, number}

static const struct general_register {
    bool known;
    bool high_byte;
    uint8_t number;
} registers[X86_REG_ENDING] = {
    REGISTER(0, RAX, EAX, AX, AL),       REGISTER(1, RCX, ECX, CX, CL),
    REGISTER(2, RDX, EDX, DX, DL),       REGISTER(3, RBX, EBX, BX, BL),
    REGISTER(4, RSP, ESP, SP, SPL),      REGISTER(5, RBP, EBP, BP, BPL),
    REGISTER(6, RSI, ESI, SI, SIL),      REGISTER(7, RDI, EDI, DI, DIL),
    REGISTER(8, R8, R8D, R8W, R8B),      REGISTER(9, R9, R9D, R9W, R9B),
    REGISTER(10, R10, R10D, R10W, R10B), REGISTER(11, R11, R11D, R11W, R11B),
    REGISTER(12, R12, R12D, R12W, R12B), REGISTER(13, R13, R13D, R13W, R13B),
    REGISTER(14, R14, R14D, R14W, R14B), REGISTER(15, R15, R15D, R15W, R15B),
    [X86_REG_AH] = {true, true, 0},      [X86_REG_CH] = {true, true, 1},
    [X86_REG_DH] = {true, true, 2},      [X86_REG_BH] = {true, true, 3},
};

static const struct form *find_form(unsigned name) {
    return name < X86_INS_ENDING && forms[name].kind != UNKNOWN ? &forms[name] : NULL;
}

// False for what is no general register.
static bool find_register(x86_reg name, uint8_t *number, bool *high_byte) {
    if ((unsigned)name >= X86_REG_ENDING || !registers[name].known)
        return false;
    *number = registers[name].number;
    *high_byte = registers[name].high_byte;
    return true;
}

// Capstone refuses or misreads some instructions over prefixes that the processor ignores or that
// do not matter to the decoder (LOCK, segments, repetition), so it gets the instruction without
// them. It takes every MOVSXD for one to 64 bits: without REX.W it is a MOV.
static size_t canonical_form(const struct instruction *instruction, const uint8_t *bytes,
                             enum code_mode mode, uint8_t *form) {
    bool wide = instruction->rex & 8;
    size_t size = 0;

    if (instruction->address_size * 8 != (int)mode)
        form[size++] = 0x67;
    if (instruction->operand_prefix && !wide)
        form[size++] = 0x66;
    if (instruction->rex != 0)
        form[size++] = instruction->rex;
    size_t rest = (size_t)instruction->length - instruction->opcode_offset;
    memcpy(form + size, bytes + instruction->opcode_offset, rest);
    if (mode == CODE_64 && form[size] == 0x63 && !wide)
        form[size] = 0x8B;
    return size + rest;
}

// A form's direction, and whether it changes its register, follow from its operation.
static void set_direction(zirconia_mmio_access_t *access, bool to_memory, uint8_t other_size) {
    bool changes_register = !to_memory;

    access->direction = to_memory ? ZIRCONIA_MMIO_READ_WRITE : ZIRCONIA_MMIO_READ;
    switch (access->operation) {
    case ZIRCONIA_MMIO_STORE:
        access->direction = ZIRCONIA_MMIO_WRITE;
        break;
    case ZIRCONIA_MMIO_EXCHANGE:
    case ZIRCONIA_MMIO_EXCHANGE_ADD:
        changes_register = true;
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
    access->value_first = !to_memory && access->operation != ZIRCONIA_MMIO_LOAD;
    access->register_size = changes_register ? other_size : 0;
}

// The operand that is not the memory. False when it is no register of the known ones.
static bool set_value(const cs_x86_op *other, const zx_vcpu_state_t *state,
                      zirconia_mmio_access_t *access) {
    uint64_t value = (uint64_t)other->imm;

    if (other->type == X86_OP_REG) {
        if (!find_register(other->reg, &access->register_number, &access->high_byte))
            return false;
        value = access->high_byte ? read_high_byte(state, access->register_number)
                                  : read_register(state, access->register_number);
    }
    if (access->operation != ZIRCONIA_MMIO_LOAD)
        access->value = low_bytes(value, access->size);
    // A register may name a bit far from the operand; the address that trapped is that of the part
    // which holds it, and only the position in that part is left.
    if (access->operation >= ZIRCONIA_MMIO_BIT_TEST)
        access->value &= UINT64_C(8) * access->size - 1;
    return true;
}

// What Capstone found, as an access; false when the form is not known.
static bool describe(const cs_insn *found, const struct instruction *instruction,
                     const zx_vcpu_state_t *state, zirconia_mmio_access_t *access) {
    const cs_x86 *x86 = &found->detail->x86;
    const struct form *form = find_form(found->id);
    bool to_memory = x86->operands[0].type == X86_OP_MEM;
    const cs_x86_op *memory = &x86->operands[to_memory ? 0 : 1];
    const cs_x86_op *other = x86->op_count == 2 ? &x86->operands[to_memory ? 1 : 0] : NULL;
    bool high_byte;

    if (form == NULL || memory->type != X86_OP_MEM || x86->op_count > 2)
        return false;
    if (found->id == X86_INS_MOVNTI && instruction->operand_prefix) // Capstone 4 ignores the prefix
        return false;
    bool stores = form->operation == ZIRCONIA_MMIO_LOAD && to_memory;
    *access = (zirconia_mmio_access_t){
        .operation = stores ? ZIRCONIA_MMIO_STORE : form->operation,
        .instruction_length = instruction->length,
        .size = memory->size,
        .sign_extend = form->kind == SIGN_EXTENDING,
    };
    if (form->kind == STRING) {
        access->index_size = instruction->address_size;
        if (instruction->repeat_equal || instruction->repeat_not_equal ||
            !find_register(memory->mem.base, &access->index_register, &high_byte))
            return false;
    }
    set_direction(access, to_memory, other != NULL ? other->size : 0);
    return other == NULL || set_value(other, state, access);
}

zx_status_t decode_mmio(const uint8_t *bytes, size_t size, zirconia_code_mode_t mode,
                        const zx_vcpu_state_t *state, zirconia_mmio_access_t *out) {
    enum code_mode code_mode;
    struct instruction instruction;
    uint8_t form[INSTRUCTION_MAX_LENGTH];
    zirconia_mmio_access_t access;

    if (bytes == NULL || state == NULL || out == NULL || !code_mode_from_public(mode, &code_mode))
        return ZX_ERR_INVALID_ARGS;
    zx_status_t status =
        instruction_status(decode_instruction(bytes, size, code_mode, &instruction));
    if (status != ZX_OK)
        return status;
    if (instruction.vex) // vector instructions
        return ZX_ERR_NOT_SUPPORTED;
    struct disassembler *disassembler = disassembler_take(code_mode);
    if (disassembler == NULL)
        return ZX_ERR_NO_MEMORY;
    size_t form_size = canonical_form(&instruction, bytes, code_mode, form);
    bool known = disassembler_read(disassembler, form, form_size, 0) &&
                 describe(disassembler->instruction, &instruction, state, &access);
    disassembler_give_back(disassembler);
    if (!known)
        return ZX_ERR_NOT_SUPPORTED;
    *out = access;
    return ZX_OK;
}
