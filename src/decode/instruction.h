// SPDX-License-Identifier: MIT
//
// The shape of one x86 instruction: its prefixes, opcode, ModRM byte, sizes and length.
// This is a length decoder with tables, not a disassembler: it knows where an instruction ends and
// which bytes play which part, and says nothing of whether the operands are allowed. Pure functions
// of their arguments: no state, no allocation, any thread.

#ifndef ZIRCONIA_DECODE_INSTRUCTION_H
#define ZIRCONIA_DECODE_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INSTRUCTION_MAX_LENGTH = 15 };

// The code segment's kind: CS.D clear, CS.D set, or CS.L set in long mode.
enum code_mode { CODE_16 = 16, CODE_32 = 32, CODE_64 = 64 };

// The three 0F maps have the numbers that VEX gives them. The maps of EVEX are not told apart.
enum opcode_map { MAP_ONE_BYTE, MAP_0F, MAP_0F38, MAP_0F3A, MAP_EVEX };

enum segment_override {
    OVERRIDE_ES,
    OVERRIDE_CS,
    OVERRIDE_SS,
    OVERRIDE_DS,
    OVERRIDE_FS,
    OVERRIDE_GS,
    OVERRIDE_NONE,
};

enum instruction_result {
    INSTRUCTION_OK,
    INSTRUCTION_TRUNCATED, // a longer buffer may hold an instruction
    INSTRUCTION_UNDEFINED, // no instruction starts with these bytes
    INSTRUCTION_TOO_LONG,  // it would exceed 15 bytes
};

struct instruction {
    enum opcode_map map;
    enum segment_override segment;
    uint8_t length;
    uint8_t opcode;
    uint8_t modrm;            // 0 without has_modrm
    uint8_t rex;              // 0 without one
    uint8_t operand_size;     // 2, 4 or 8: default, prefix 66 and REX.W, not the opcode's own rules
    uint8_t address_size;     // 2, 4 or 8
    uint8_t opcode_offset;    // from the start of the instruction; of the escape, if there is one
    uint8_t last_byte;        // of the instruction: of its immediate, if there is one
    uint8_t immediate_offset; // likewise; of the address of MOV A0-A3; length if there is none
    bool has_modrm;
    bool vex; // VEX or EVEX encoded
    bool operand_prefix;
    bool lock;
    bool repeat_equal;     // F3 is the last of F2 and F3
    bool repeat_not_equal; // F2 is the last of F2 and F3
};

// Fills `out` only when it returns INSTRUCTION_OK. `size` may be 0 and may exceed 15.
enum instruction_result decode_instruction(const uint8_t *bytes, size_t size, enum code_mode mode,
                                           struct instruction *out);

// The register numbers in ModRM.reg and, when it names a register, ModRM.rm; REX included.
unsigned instruction_reg(const struct instruction *instruction);
unsigned instruction_rm(const struct instruction *instruction);

// The length in bytes, 1 to 15, or 0 where decode_instruction() does not return INSTRUCTION_OK:
// that function says whether more bytes would help.
unsigned instruction_length(const uint8_t *bytes, size_t size, enum code_mode mode);

#endif
