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

// A LOAD whose destination is the memory is a STORE.
static const struct form {
    zirconia_mmio_operation_t operation;
    enum { PLAIN, SIGN_EXTENDING, STRING } kind;
    x86_insn names[4];
} forms[] = {
    {ZIRCONIA_MMIO_LOAD, PLAIN, {X86_INS_MOV, X86_INS_MOVABS, X86_INS_MOVZX, X86_INS_MOVNTI}},
    {ZIRCONIA_MMIO_LOAD, SIGN_EXTENDING, {X86_INS_MOVSX, X86_INS_MOVSXD}},
    {ZIRCONIA_MMIO_LOAD, STRING, {X86_INS_LODSB, X86_INS_LODSW, X86_INS_LODSD, X86_INS_LODSQ}},
    {ZIRCONIA_MMIO_LOAD, STRING, {X86_INS_STOSB, X86_INS_STOSW, X86_INS_STOSD, X86_INS_STOSQ}},
    {ZIRCONIA_MMIO_COMPARE, STRING, {X86_INS_SCASB, X86_INS_SCASW, X86_INS_SCASD, X86_INS_SCASQ}},
    {ZIRCONIA_MMIO_EXCHANGE, PLAIN, {X86_INS_XCHG}},
    {ZIRCONIA_MMIO_COMPARE_EXCHANGE, PLAIN, {X86_INS_CMPXCHG}},
    {ZIRCONIA_MMIO_EXCHANGE_ADD, PLAIN, {X86_INS_XADD}},
    {ZIRCONIA_MMIO_ADD, PLAIN, {X86_INS_ADD}},
    {ZIRCONIA_MMIO_OR, PLAIN, {X86_INS_OR}},
    {ZIRCONIA_MMIO_ADC, PLAIN, {X86_INS_ADC}},
    {ZIRCONIA_MMIO_SBB, PLAIN, {X86_INS_SBB}},
    {ZIRCONIA_MMIO_AND, PLAIN, {X86_INS_AND}},
    {ZIRCONIA_MMIO_SUB, PLAIN, {X86_INS_SUB}},
    {ZIRCONIA_MMIO_XOR, PLAIN, {X86_INS_XOR}},
    {ZIRCONIA_MMIO_COMPARE, PLAIN, {X86_INS_CMP}},
    {ZIRCONIA_MMIO_TEST, PLAIN, {X86_INS_TEST}},
    {ZIRCONIA_MMIO_NOT, PLAIN, {X86_INS_NOT}},
    {ZIRCONIA_MMIO_NEGATE, PLAIN, {X86_INS_NEG}},
    {ZIRCONIA_MMIO_INCREMENT, PLAIN, {X86_INS_INC}},
    {ZIRCONIA_MMIO_DECREMENT, PLAIN, {X86_INS_DEC}},
    {ZIRCONIA_MMIO_BIT_TEST, PLAIN, {X86_INS_BT}},
    {ZIRCONIA_MMIO_BIT_SET, PLAIN, {X86_INS_BTS}},
    {ZIRCONIA_MMIO_BIT_RESET, PLAIN, {X86_INS_BTR}},
    {ZIRCONIA_MMIO_BIT_COMPLEMENT, PLAIN, {X86_INS_BTC}},
};

// The names of each register, in the order of the numbers.
enum { HIGH_BYTE_COLUMN = 4, REGISTER_NAMES };
static const x86_reg registers[REGISTER_COUNT][REGISTER_NAMES] = {
    {X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH},
    {X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH},
    {X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH},
    {X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH},
    {X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL},
    {X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL},
    {X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL},
    {X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL},
    {X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B},
    {X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B},
    {X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B},
    {X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B},
    {X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B},
    {X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B},
    {X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B},
    {X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B},
};

static const struct form *find_form(unsigned name) {
    for (size_t i = 0; i < 4 * sizeof(forms) / sizeof(forms[0]); i++) {
        if (name != X86_INS_INVALID && forms[i / 4].names[i % 4] == name)
            return &forms[i / 4];
    }
    return NULL;
}

// False for what is no general register.
static bool find_register(x86_reg name, uint8_t *number, bool *high_byte) {
    for (unsigned i = 0; i < REGISTER_COUNT * REGISTER_NAMES; i++) {
        *number = (uint8_t)(i / REGISTER_NAMES);
        *high_byte = i % REGISTER_NAMES == HIGH_BYTE_COLUMN;
        if (name != X86_REG_INVALID && registers[*number][i % REGISTER_NAMES] == name)
            return true;
    }
    return false;
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
