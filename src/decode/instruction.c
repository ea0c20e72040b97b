// SPDX-License-Identifier: MIT
//
// The length decoder: opcode tables for the one-byte, 0F, 0F 38 and 0F 3A maps, the legacy, REX,
// VEX and EVEX prefixes, and the ModRM rules. Where processors differ it follows Intel's, which
// ignore a 66 prefix of a near branch in 64-bit code.

#include "decode/instruction.h"

#include <string.h>

// What follows an opcode byte. One letter stands for an opcode in the tables below.
enum operand_shape {
    SHAPE_NONE = '.',
    SHAPE_UNDEFINED = 'x',
    SHAPE_PREFIX = 'p', // a prefix or an escape: never looked up as an opcode
    SHAPE_MODRM = 'm',
    SHAPE_MODRM_REGISTER = 'r', // MOV of control and debug registers: the mod field is ignored
    SHAPE_MODRM_IMM8 = 'B',
    SHAPE_MODRM_IMM = 'Z',
    SHAPE_MODRM_TEST8 = 'T', // group 3: only /0 and /1 have an immediate
    SHAPE_MODRM_TEST = 'G',
    SHAPE_MODRM_EXTRQ = 'q', // VMREAD, or with 66 or F2 an instruction with two byte immediates
    SHAPE_IMM8 = 'b',
    SHAPE_IMM16 = 'w',
    SHAPE_IMM = 'z',      // 2 or 4 bytes by operand size
    SHAPE_NEAR = 'j',     // likewise, but 4 bytes in 64-bit code
    SHAPE_IMM_FULL = 'v', // 2, 4 or 8 bytes by operand size
    SHAPE_ADDRESS = 'a',  // 2, 4 or 8 bytes by address size
    SHAPE_FAR = 'f',      // offset by operand size, then a selector
    SHAPE_ENTER = 'e',    // two bytes, then one
};

static const char one_byte_shapes[257] = "mmmmbz..mmmmbz.p" // 00
                                         "mmmmbz..mmmmbz.." // 10
                                         "mmmmbzp.mmmmbzp." // 20
                                         "mmmmbzp.mmmmbzp." // 30
                                         "................" // 40
                                         "................" // 50
                                         "..mmppppzZbB...." // 60
                                         "bbbbbbbbbbbbbbbb" // 70
                                         "BZBBmmmmmmmmmmmm" // 80
                                         "..........f....." // 90
                                         "aaaa....bz......" // A0
                                         "bbbbbbbbvvvvvvvv" // B0
                                         "BBw.mmBZe.w..b.." // C0
                                         "mmmmbb..mmmmmmmm" // D0
                                         "bbbbbbbbjjfb...." // E0
                                         "p.pp..TG......mm" // F0
    ;

static const char map_0f_shapes[257] = "mmmmx.....x.xm.B" // 00
                                       "mmmmmmmmmmmmmmmm" // 10
                                       "rrrrxxxxmmmmmmmm" // 20
                                       "......x.pxpxxxxx" // 30
                                       "mmmmmmmmmmmmmmmm" // 40
                                       "mmmmmmmmmmmmmmmm" // 50
                                       "mmmmmmmmmmmmmmmm" // 60
                                       "BBBBmmm.qmxxmmmm" // 70
                                       "jjjjjjjjjjjjjjjj" // 80
                                       "mmmmmmmmmmmmmmmm" // 90
                                       "...mBmxx...mBmmm" // A0
                                       "mmmmmmmmmmBmmmmm" // B0
                                       "mmBmBBBm........" // C0
                                       "mmmmmmmmmmmmmmmm" // D0
                                       "mmmmmmmmmmmmmmmm" // E0
                                       "mmmmmmmmmmmmmmmm" // F0
    ;

// The bytes still to be read; a read past the end sets `short_of_bytes` and gives 0.
struct cursor {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    bool short_of_bytes;
};

static uint8_t next_byte(struct cursor *cursor) {
    if (cursor->at >= cursor->size) {
        cursor->short_of_bytes = true;
        return 0;
    }
    return cursor->bytes[cursor->at++];
}

// Takes `byte` as a legacy prefix into `out`; false when it is none.
static bool take_legacy_prefix(uint8_t byte, struct instruction *out, bool *address_prefix) {
    switch (byte) {
    case 0x26:
    case 0x2E:
    case 0x36:
    case 0x3E:
        out->segment = (enum segment_override)((byte >> 3) & 3);
        return true;
    case 0x64:
    case 0x65:
        out->segment = byte == 0x64 ? OVERRIDE_FS : OVERRIDE_GS;
        return true;
    case 0x66:
        out->operand_prefix = true;
        return true;
    case 0x67:
        *address_prefix = true;
        return true;
    case 0xF0:
        out->lock = true;
        return true;
    case 0xF2:
    case 0xF3:
        out->repeat_not_equal = byte == 0xF2;
        out->repeat_equal = byte == 0xF3;
        return true;
    default:
        return false;
    }
}

static void take_prefixes(struct cursor *cursor, enum code_mode mode, struct instruction *out) {
    bool address_prefix = false;

    out->segment = OVERRIDE_NONE;
    for (; cursor->at < cursor->size; cursor->at++) {
        uint8_t byte = cursor->bytes[cursor->at];
        if (take_legacy_prefix(byte, out, &address_prefix))
            out->rex = 0; // a REX prefix counts only straight before the opcode
        else if (mode == CODE_64 && (byte & 0xF0) == 0x40)
            out->rex = byte;
        else
            break;
    }
    if (mode == CODE_64)
        out->address_size = address_prefix ? 4 : 8;
    else
        out->address_size = (mode == CODE_32) != address_prefix ? 4 : 2;
    if (out->rex & 8)
        out->operand_size = 8;
    else
        out->operand_size = (mode != CODE_16) != out->operand_prefix ? 4 : 2;
}

static bool undefined_in_64_bit_code(uint8_t opcode) {
    switch (opcode) {
    case 0x06:
    case 0x07:
    case 0x0E:
    case 0x16:
    case 0x17:
    case 0x1E:
    case 0x1F:
    case 0x27:
    case 0x2F:
    case 0x37:
    case 0x3F:
    case 0x60:
    case 0x61:
    case 0x82:
    case 0x9A:
    case 0xCE:
    case 0xD4:
    case 0xD5:
    case 0xD6:
    case 0xEA:
        return true;
    default:
        return false;
    }
}

// Is the byte 62, C4 or C5 at the cursor a prefix here, not BOUND, LES or LDS? Outside 64-bit code
// those need a memory operand, so a register form marks the prefix.
static bool is_vex_prefix(const struct cursor *cursor, enum code_mode mode) {
    uint8_t byte = cursor->bytes[cursor->at];
    if (byte != 0x62 && byte != 0xC4 && byte != 0xC5)
        return false;
    return mode == CODE_64 ||
           (cursor->at + 1 < cursor->size && cursor->bytes[cursor->at + 1] >= 0xC0);
}

// Map 1 is the 0F map. Its opcodes that have no VEX form keep the plain form's shape, because the
// engine's processor runs them so; EVEX adds some that the plain map leaves out.
static enum operand_shape shape_of_vex(unsigned map, uint8_t opcode) {
    if (map == 3)
        return SHAPE_MODRM_IMM8;
    if (map != 1 || map_0f_shapes[opcode] == SHAPE_UNDEFINED)
        return SHAPE_MODRM;
    if (map_0f_shapes[opcode] == SHAPE_PREFIX)
        return SHAPE_UNDEFINED;
    return (enum operand_shape)map_0f_shapes[opcode];
}

static bool is_defined_map(unsigned map, bool evex) {
    return (map >= 1 && map <= 3) || (evex && (map == 5 || map == 6));
}

static enum operand_shape take_vex(struct cursor *cursor, struct instruction *out) {
    uint8_t first = next_byte(cursor);
    bool evex = first == 0x62;
    bool fixed_bit = true;
    unsigned map = 1;

    if (evex) {
        map = next_byte(cursor) & 0x0F;
        fixed_bit = next_byte(cursor) & 4;
    } else if (first == 0xC4) {
        map = next_byte(cursor) & 0x1F;
    }
    (void)next_byte(cursor);
    out->opcode = next_byte(cursor);
    out->vex = true;
    if (cursor->short_of_bytes)
        return SHAPE_NONE;
    if (out->operand_prefix || out->lock || out->repeat_equal || out->repeat_not_equal || out->rex)
        return SHAPE_UNDEFINED;
    if (!fixed_bit || !is_defined_map(map, evex))
        return SHAPE_UNDEFINED;
    out->map = evex ? MAP_EVEX : (enum opcode_map)map;
    return shape_of_vex(map, out->opcode);
}

static enum operand_shape take_opcode(struct cursor *cursor, enum code_mode mode,
                                      struct instruction *out) {
    if (cursor->at >= cursor->size) {
        cursor->short_of_bytes = true;
        return SHAPE_NONE;
    }
    if (is_vex_prefix(cursor, mode))
        return take_vex(cursor, out);
    out->opcode = next_byte(cursor);
    if (out->opcode != 0x0F) {
        if (mode == CODE_64 && undefined_in_64_bit_code(out->opcode))
            return SHAPE_UNDEFINED;
        return (enum operand_shape)one_byte_shapes[out->opcode];
    }
    out->opcode = next_byte(cursor);
    out->map = MAP_0F;
    if (out->opcode != 0x38 && out->opcode != 0x3A)
        return (enum operand_shape)map_0f_shapes[out->opcode];
    out->map = out->opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
    out->opcode = next_byte(cursor);
    return out->map == MAP_0F38 ? SHAPE_MODRM : SHAPE_MODRM_IMM8;
}

// Reads the ModRM and SIB bytes; returns the number of displacement bytes after them.
static unsigned take_modrm(struct cursor *cursor, struct instruction *out) {
    out->has_modrm = true;
    out->modrm = next_byte(cursor);
    unsigned mod = out->modrm >> 6;
    unsigned base = out->modrm & 7;

    if (mod == 3)
        return 0;
    if (out->address_size == 2) {
        if (mod == 0)
            return base == 6 ? 2 : 0;
        return mod;
    }
    if (base == 4)
        base = next_byte(cursor) & 7;
    if (mod == 0)
        return base == 5 ? 4 : 0;
    return mod == 1 ? 1 : 4;
}

static unsigned immediate_bytes(enum operand_shape shape, enum code_mode mode,
                                const struct instruction *out) {
    unsigned by_operand_size = out->operand_size == 2 ? 2 : 4;
    bool is_test = (out->modrm & 0x30) == 0; // /0 or /1

    switch (shape) {
    case SHAPE_IMM8:
    case SHAPE_MODRM_IMM8:
        return 1;
    case SHAPE_IMM16:
        return 2;
    case SHAPE_ENTER:
        return 3;
    case SHAPE_IMM:
    case SHAPE_MODRM_IMM:
        return by_operand_size;
    case SHAPE_NEAR:
        return mode == CODE_64 ? 4 : by_operand_size;
    case SHAPE_IMM_FULL:
        return out->operand_size;
    case SHAPE_ADDRESS:
        return out->address_size;
    case SHAPE_FAR:
        return by_operand_size + 2;
    case SHAPE_MODRM_TEST8:
        return is_test ? 1 : 0;
    case SHAPE_MODRM_TEST:
        return is_test ? by_operand_size : 0;
    case SHAPE_MODRM_EXTRQ:
        return out->operand_prefix || out->repeat_not_equal ? 2 : 0;
    default:
        return 0;
    }
}

static bool shape_has_modrm(enum operand_shape shape) {
    switch (shape) {
    case SHAPE_MODRM:
    case SHAPE_MODRM_REGISTER:
    case SHAPE_MODRM_IMM8:
    case SHAPE_MODRM_IMM:
    case SHAPE_MODRM_TEST8:
    case SHAPE_MODRM_TEST:
    case SHAPE_MODRM_EXTRQ:
        return true;
    default:
        return false;
    }
}

enum instruction_result decode_instruction(const uint8_t *bytes, size_t size, enum code_mode mode,
                                           struct instruction *out) {
    size_t readable = size < INSTRUCTION_MAX_LENGTH ? size : INSTRUCTION_MAX_LENGTH;
    struct cursor cursor = {.bytes = bytes, .size = readable};
    struct instruction found = {.map = MAP_ONE_BYTE};
    unsigned displacement = 0;

    take_prefixes(&cursor, mode, &found);
    found.opcode_offset = (uint8_t)cursor.at;
    enum operand_shape shape = take_opcode(&cursor, mode, &found);
    if (shape == SHAPE_UNDEFINED && !cursor.short_of_bytes)
        return INSTRUCTION_UNDEFINED;
    if (shape == SHAPE_MODRM_REGISTER) {
        found.has_modrm = true;
        found.modrm = next_byte(&cursor) | 0xC0;
    } else if (shape_has_modrm(shape)) {
        displacement = take_modrm(&cursor, &found);
    }
    size_t immediate_size = immediate_bytes(shape, mode, &found);
    size_t length = cursor.at + displacement + immediate_size;
    if (cursor.short_of_bytes || length > readable) {
        bool too_long = readable == INSTRUCTION_MAX_LENGTH || length > INSTRUCTION_MAX_LENGTH;
        return too_long ? INSTRUCTION_TOO_LONG : INSTRUCTION_TRUNCATED;
    }
    found.length = (uint8_t)length;
    found.immediate_offset = (uint8_t)(length - immediate_size);
    found.last_byte = bytes[length - 1];
    *out = found;
    return INSTRUCTION_OK;
}

unsigned instruction_length(const uint8_t *bytes, size_t size, enum code_mode mode) {
    struct instruction instruction;

    if (decode_instruction(bytes, size, mode, &instruction) != INSTRUCTION_OK)
        return 0;
    return instruction.length;
}

unsigned instruction_reg(const struct instruction *instruction) {
    return (instruction->modrm >> 3 & 7u) | ((instruction->rex & 4) != 0 ? 8u : 0u);
}

unsigned instruction_rm(const struct instruction *instruction) {
    return (instruction->modrm & 7u) | ((instruction->rex & 1) != 0 ? 8u : 0u);
}
