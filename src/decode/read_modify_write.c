// SPDX-License-Identifier: MIT
//
// By the opcode maps of the SDM, volume 2, appendix A.

#include "decode/read_modify_write.h"

// By the opcode and what extends it: ADD to XOR, NOT, NEG, INC, DEC, XCHG.
static bool is_lockable_one_byte(uint8_t opcode, unsigned group) {
    switch (opcode) {
    case 0x80:
    case 0x81:
    case 0x82:
    case 0x83:
        return group != 7; // CMP
    case 0x86:
    case 0x87:
        return true;
    case 0xF6:
    case 0xF7:
        return group == 2 || group == 3;
    case 0xFE:
    case 0xFF:
        return group < 2;
    default:
        return opcode < 0x38 && (opcode & 6) == 0;
    }
}

// BTS, BTR, BTC, CMPXCHG, XADD, CMPXCHG8B and 16B.
static bool is_lockable_0f(uint8_t opcode, unsigned group) {
    switch (opcode) {
    case 0xAB:
    case 0xB0:
    case 0xB1:
    case 0xB3:
    case 0xBB:
    case 0xC0:
    case 0xC1:
        return true;
    case 0xBA:
        return group > 4;
    case 0xC7:
        return group == 1;
    default:
        return false;
    }
}

bool is_lockable(const struct instruction *instruction) {
    unsigned group = (instruction->modrm >> 3) & 7;
    if (!instruction->has_modrm || instruction->modrm >= 0xC0 || instruction->vex)
        return false;
    if (instruction->map == MAP_ONE_BYTE)
        return is_lockable_one_byte(instruction->opcode, group);
    return instruction->map == MAP_0F && is_lockable_0f(instruction->opcode, group);
}

// Shifts and rotations, SHLD and SHRD among them.
static bool is_shift(const struct instruction *instruction) {
    uint8_t opcode = instruction->opcode;
    if (instruction->map == MAP_ONE_BYTE)
        return opcode == 0xC0 || opcode == 0xC1 || (opcode & 0xFC) == 0xD0;
    return instruction->map == MAP_0F && ((opcode & 0xF6) == 0xA4);
}

bool is_read_modify_write(const struct instruction *instruction) {
    bool memory = instruction->has_modrm && instruction->modrm < 0xC0 && !instruction->vex;
    return memory && (is_lockable(instruction) || is_shift(instruction));
}
