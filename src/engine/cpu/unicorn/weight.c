// SPDX-License-Identifier: MIT
//
// Weights of instructions, as measured: no form keeps more than two values, and those that ordinary
// code consists of keep none. What is not known to keep none is taken for the worst.

#include "engine/cpu/unicorn/weight.h"

enum { HEAVIEST = 2 };

// POP of a segment register, MOV to one, LES, LDS, PUSHF, POPF, INTO, IRET, AAM, AAD, and x87.
static bool is_heavy_one_byte(uint8_t opcode) {
    switch (opcode) {
    case 0x07:
    case 0x17:
    case 0x1F:
    case 0x8E:
    case 0x9C:
    case 0x9D:
    case 0xC4:
    case 0xC5:
    case 0xCE:
    case 0xCF:
    case 0xD4:
    case 0xD5:
        return true;
    default:
        return (opcode & 0xF8) == 0xD8;
    }
}

// MOV, SETcc, CMOVcc, bit and shift instructions, and what SSE and SSE2 have but for the shuffles:
// the engine calls a function for each, with pointers that it makes once a block.
static bool is_light_0f(uint8_t opcode) {
    if (opcode >= 0xC0) {
        return opcode != 0xC6; // SHUFPS, SHUFPD
    }
    switch (opcode >> 4) {
    case 0x1:
    case 0x4:
    case 0x5:
    case 0x6:
    case 0x9:
        return true;
    case 0x2:
        return opcode >= 0x28;
    case 0x7:
        return opcode != 0x70; // PSHUFD and its like
    case 0xA:
        return opcode == 0xA2 || opcode == 0xA3 || opcode == 0xA4 || opcode == 0xA5 ||
               opcode == 0xAB || opcode == 0xAC || opcode == 0xAD || opcode == 0xAF;
    case 0xB:
        return opcode != 0xB2 && opcode != 0xB4 && opcode != 0xB5; // LSS, LFS, LGS
    default:
        return false;
    }
}

unsigned instruction_weight(const struct instruction *instruction) {
    const bool light = instruction->map == MAP_ONE_BYTE
                           ? !is_heavy_one_byte(instruction->opcode)
                           : instruction->map == MAP_0F && is_light_0f(instruction->opcode);
    return light && !instruction->lock ? 0 : HEAVIEST;
}

#define OPCODE_PUSHA 0x60
#define OPCODE_POPA 0x61
#define OPCODE_ENTER 0xC8

// Measured: below 350 bytes, but for PUSHA and POPA with 540, and ENTER, which is repeated up to 31
// times.
unsigned instruction_host_bytes(const struct instruction *instruction) {
    if (instruction->map != MAP_ONE_BYTE) {
        return 512;
    }
    switch (instruction->opcode) {
    case OPCODE_ENTER:
        return 8192;
    case OPCODE_PUSHA:
    case OPCODE_POPA:
        return 1024;
    default:
        return 512;
    }
}
