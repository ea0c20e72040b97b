// SPDX-License-Identifier: MIT
//
// Opcodes as in the SDM, volume 2, appendix A.

#include "decode/replaced_form.h"

static unsigned group_of(const struct instruction *instruction) {
    return instruction->modrm >> 3 & 7;
}

static bool names_register(const struct instruction *instruction) {
    return instruction->modrm >= 0xc0;
}

// PHADDW, PHADDD, PHADDSW, PHSUBW, PHSUBD, PHSUBSW.
static bool is_horizontal(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    if (opcode < 0x01 || opcode > 0x07 || opcode == 0x04 || !names_register(instruction) ||
        instruction->repeat_equal || instruction->repeat_not_equal) {
        return false;
    }
    const bool reg_high = instruction->operand_prefix && (instruction->rex & 4) != 0;
    const bool rm_high = instruction->operand_prefix && (instruction->rex & 1) != 0;
    return group_of(instruction) == (instruction->modrm & 7u) && reg_high == rm_high;
}

#define COMPARE_AGGREGATION 0x0c // Bits of the immediate byte.
#define COMPARE_EQUAL_ORDERED 0x0c

static enum replaced_form form_0f3a(const struct instruction *instruction) {
    if (!instruction->operand_prefix || instruction->repeat_equal ||
        instruction->repeat_not_equal) {
        return REPLACED_NONE;
    }
    switch (instruction->opcode) {
    case 0x40:
        return REPLACED_DOT_PRODUCT;
    case 0x60: // PCMPESTRM, PCMPESTRI
    case 0x61:
        return REPLACED_COMPARE_STRINGS;
    case 0x62: // PCMPISTRM, PCMPISTRI: what strcasecmp() uses is left to the engine.
    case 0x63:
        return (instruction->last_byte & COMPARE_AGGREGATION) == COMPARE_EQUAL_ORDERED
                   ? REPLACED_COMPARE_STRINGS
                   : REPLACED_NONE;
    default:
        return REPLACED_NONE;
    }
}

// The forms with a memory operand, except CLFLUSH. With a prefix they are other instructions.
static bool is_media_state(const struct instruction *instruction) {
    return !names_register(instruction) && group_of(instruction) != 7 &&
           !instruction->operand_prefix && !instruction->repeat_equal &&
           !instruction->repeat_not_equal;
}

// SETcc to memory but for SETB and SETAE, of which the engine makes no flags.
static bool is_set_condition(const struct instruction *instruction) {
    return (instruction->opcode & 0xf0) == 0x90 && (instruction->opcode & 0x0e) != 2 &&
           !names_register(instruction) && !instruction->lock && !instruction->vex;
}

static enum replaced_form form_0f(const struct instruction *instruction, enum code_mode mode,
                                  unsigned conditions) {
    const bool long_mode = (conditions & REPLACED_IF_LONG) != 0;
    switch (instruction->opcode) {
    case 0x01: // LGDT, LIDT
        return mode == CODE_64 && !names_register(instruction) && (instruction->modrm >> 4 & 3) == 1
                   ? REPLACED_TABLE_REGISTER
                   : REPLACED_NONE;
    case 0x0d:
    case 0x18:
        return names_register(instruction) ? REPLACED_HINT : REPLACED_NONE;
    case 0x00: // Group 6
        if ((conditions & REPLACED_IF_PROTECTED) == 0) {
            return REPLACED_NONE;
        }
        return group_of(instruction) == 2   ? REPLACED_LLDT
               : group_of(instruction) == 3 ? REPLACED_LTR
                                            : REPLACED_NONE;
    case 0xae: // Group 15
        return is_media_state(instruction) ? REPLACED_MEDIA_STATE : REPLACED_NONE;
    case 0xa1: // POP FS, GS
    case 0xa9:
        return long_mode ? REPLACED_LOAD_SEGMENT : REPLACED_NONE;
    case 0xb2: // LSS, LFS, LGS
        return mode == CODE_64 && long_mode && !names_register(instruction) ? REPLACED_LOAD_SEGMENT
                                                                            : REPLACED_NONE;
    case 0xb4:
    case 0xb5:
        return long_mode && !names_register(instruction) ? REPLACED_LOAD_SEGMENT : REPLACED_NONE;
    default:
        if (is_set_condition(instruction)) {
            return REPLACED_SET_CONDITION;
        }
        // Jcc
        return mode == CODE_64 && (instruction->opcode & 0xf0) == 0x80 &&
                       instruction->operand_size == 2
                   ? REPLACED_NEAR_BRANCH
                   : REPLACED_NONE;
    }
}

// Near CALL, JMP, Jcc, LOOPcc and JRCXZ.
static bool is_near_branch(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    const unsigned group = group_of(instruction);
    switch (opcode) {
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3:
    case 0xe8:
    case 0xe9:
    case 0xeb:
        return true;
    case 0xff:
        return group == 2 || group == 4;
    default:
        return (opcode & 0xf0) == 0x70;
    }
}

static bool is_near_return(const struct instruction *instruction, bool prefixed) {
    const bool large = instruction->opcode == 0xc2 && instruction->last_byte >= 0x80;
    return large || (prefixed && (instruction->opcode & 0xfe) == 0xc2);
}

static bool is_lock_neg(const struct instruction *instruction) {
    return instruction->lock && (instruction->opcode == 0xf6 || instruction->opcode == 0xf7) &&
           group_of(instruction) == 3 && !names_register(instruction);
}

// C6 and C7. ModRM.reg is a part of the opcode, which REX.R is not.
static bool is_move_immediate(const struct instruction *instruction) {
    return (instruction->opcode & 0xfe) == 0xc6 && group_of(instruction) == 0 &&
           (instruction->rex & 4) != 0;
}

static bool is_rotate_carry(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    return ((opcode & 0xfe) == 0xc0 || (opcode & 0xfc) == 0xd0) &&
           (group_of(instruction) & 6) == 2 && !names_register(instruction) && !instruction->lock;
}

static enum replaced_form form_far(const struct instruction *instruction, unsigned conditions) {
    const unsigned group = group_of(instruction);
    if ((conditions & REPLACED_IF_PROTECTED) == 0) {
        const bool big_real = (conditions & REPLACED_IF_BIG_REAL) != 0;
        return big_real && instruction->opcode == 0xcf ? REPLACED_FAR_RETURN : REPLACED_NONE;
    }
    switch (instruction->opcode) {
    case 0x9a:
    case 0xea:
        return REPLACED_FAR_TRANSFER;
    case 0xff:
        return (group == 3 || group == 5) && !names_register(instruction) ? REPLACED_FAR_TRANSFER
                                                                          : REPLACED_NONE;
    case 0xca:
    case 0xcb:
        return REPLACED_FAR_RETURN;
    case 0xcf: // In IA-32e mode it is intercepted.
        return (conditions & REPLACED_IF_LEGACY) != 0 ? REPLACED_FAR_RETURN : REPLACED_NONE;
    default:
        return REPLACED_NONE;
    }
}

// Behind D9: what the engine computes in double precision, FXAM, and constants.
static bool is_replaced_x87(uint8_t modrm) {
    switch (modrm) {
    case 0xe5: // FXAM
    case 0xe9: // FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2
    case 0xea:
    case 0xeb:
    case 0xec:
    case 0xed:
    case 0xf0: // F2XM1
    case 0xf1: // FYL2X
    case 0xf2: // FPTAN
    case 0xf3: // FPATAN
    case 0xf4: // FXTRACT
    case 0xf5: // FPREM1
    case 0xf8: // FPREM
    case 0xf9: // FYL2XP1
    case 0xfb: // FSINCOS
    case 0xfd: // FSCALE
    case 0xfe: // FSIN
    case 0xff: // FCOS
        return true;
    default:
        return false;
    }
}

// Instructions that load or store the status word and its surroundings. With a memory operand:
// FLDENV, FNSTENV, FRSTOR, FNSAVE, FNSTSW; with registers: FNSTSW AX, FNCLEX, FNINIT.
static bool is_x87_state(const struct instruction *instruction) {
    const unsigned group = group_of(instruction);
    switch (instruction->opcode) {
    case 0xd9:
        return !names_register(instruction) && (group == 4 || group == 6);
    case 0xdb:
        return instruction->modrm == 0xe2 || instruction->modrm == 0xe3;
    case 0xdd:
        return !names_register(instruction) && (group == 4 || group >= 6);
    default:
        return instruction->modrm == 0xe0;
    }
}

static enum replaced_form form_x87(const struct instruction *instruction) {
    const unsigned group = group_of(instruction);
    if (is_x87_state(instruction)) {
        return REPLACED_X87_STATE;
    }
    if (instruction->opcode == 0xd9) {
        return is_replaced_x87(instruction->modrm) ? REPLACED_X87 : REPLACED_NONE;
    }
    if (names_register(instruction)) {
        return REPLACED_NONE;
    }
    const bool decimal = instruction->opcode == 0xdf && group == 6;
    return decimal || group == 1 ? REPLACED_X87_STORE : REPLACED_NONE;
}

static enum replaced_form form_one_byte(const struct instruction *instruction, enum code_mode mode,
                                        unsigned conditions) {
    const unsigned group = group_of(instruction);
    switch (instruction->opcode) {
    case 0x8e: // MOV to a segment register
        if ((conditions & REPLACED_IF_LONG) == 0) {
            return REPLACED_NONE;
        }
        return group == 4 || group == 5 || (group == 2 && mode == CODE_64) ? REPLACED_LOAD_SEGMENT
                                                                           : REPLACED_NONE;
    case 0x9c:
        return (conditions & REPLACED_IF_RESUME) != 0 ? REPLACED_PUSHF : REPLACED_NONE;
    case 0x9b:
        return REPLACED_WAIT;
    case 0x9e: // SAHF, LAHF
    case 0x9f:
        return instruction->rex != 0 ? REPLACED_FLAGS_OF_AH : REPLACED_NONE;
    case 0xc8:
        return REPLACED_ENTER;
    case 0xd9:
    case 0xdb:
    case 0xdd:
    case 0xdf:
        return form_x87(instruction);
    default:
        break;
    }
    if (is_lock_neg(instruction)) {
        return REPLACED_LOCK_NEG;
    }
    if (is_move_immediate(instruction)) {
        return REPLACED_MOVE_IMMEDIATE;
    }
    if (is_rotate_carry(instruction)) {
        return REPLACED_ROTATE_CARRY;
    }
    const bool prefixed = mode == CODE_64 && instruction->operand_size == 2;
    if (is_near_return(instruction, prefixed)) {
        return REPLACED_NEAR_RETURN;
    }
    if (prefixed && is_near_branch(instruction)) {
        return REPLACED_NEAR_BRANCH;
    }
    return form_far(instruction, conditions);
}

enum replaced_form replaced_form(const struct instruction *instruction, enum code_mode mode,
                                 unsigned conditions) {
    switch (instruction->map) {
    case MAP_ONE_BYTE:
        return form_one_byte(instruction, mode, conditions);
    case MAP_0F:
        return form_0f(instruction, mode, conditions);
    case MAP_0F38:
        return is_horizontal(instruction) ? REPLACED_HORIZONTAL : REPLACED_NONE;
    case MAP_0F3A:
        return form_0f3a(instruction);
    default:
        return REPLACED_NONE;
    }
}
