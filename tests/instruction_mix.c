// SPDX-License-Identifier: MIT
//
// The generator. It follows which flags are undefined, so that no instruction depends on one.

#include "instruction_mix.h"

#include <stdbool.h>

#define CF 0x001u
#define PF 0x004u
#define AF 0x010u
#define ZF 0x040u
#define SF 0x080u
#define OF 0x800u
#define ALL (CF | PF | AF | ZF | SF | OF)

enum { RCX = 1, RSP = 4, R15 = 15 };

uint64_t mix_random(struct mix *mix) {
    mix->random ^= mix->random << 13;
    mix->random ^= mix->random >> 7;
    mix->random ^= mix->random << 17;
    return mix->random;
}

static void emit(struct mix *mix, unsigned byte) {
    mix->code[mix->size++] = (uint8_t)byte;
}

static void emit_word(struct mix *mix, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        emit(mix, (unsigned)(value >> (8 * i)) & 0xff);
    }
}

static unsigned any(struct mix *mix, unsigned count) {
    return (unsigned)(mix_random(mix) % count);
}

static unsigned any_register(struct mix *mix) {
    unsigned index = any(mix, 15);
    while (index == RSP) {
        index = any(mix, 15);
    }
    return index;
}

static void flags(struct mix *mix, unsigned defined, unsigned undefined) {
    mix->undefined = (mix->undefined & ~(uint64_t)defined) | undefined;
}

// --- Encoding ---

// REX, the opcode of one to three bytes (first the highest), and ModR/M with two registers.
static void emit_opcode(struct mix *mix, unsigned rex, unsigned opcode) {
    emit(mix, 0x40 | rex);
    for (int shift = 16; shift >= 0; shift -= 8) {
        if (shift == 0 || opcode >> shift != 0) {
            emit(mix, opcode >> shift & 0xff);
        }
    }
}

// Operand sizes: 8 is by the opcode, 16 by a prefix, 64 by REX.W.
static unsigned any_width(struct mix *mix) {
    const unsigned width = 16u << any(mix, 3);
    if (width == 16) {
        emit(mix, 0x66);
    }
    return width == 64 ? 8 : 0;
}

static void register_form(struct mix *mix, unsigned wide, unsigned opcode, unsigned reg,
                          unsigned rm) {
    emit_opcode(mix, wide | (reg >> 3) << 2 | rm >> 3, opcode);
    emit(mix, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

// [R15 + offset in the block]
static void block_form(struct mix *mix, unsigned wide, unsigned opcode, unsigned reg,
                       size_t offset) {
    emit_opcode(mix, wide | (reg >> 3) << 2 | 1, opcode);
    emit(mix, 0x80 | (reg & 7) << 3 | (R15 & 7));
    emit_word(mix, offset, 4);
}

static size_t any_operand(struct mix *mix) {
    return offsetof(struct mix_block, memory) + any(mix, 56);
}

// --- Instructions ---

static void arithmetic(struct mix *mix) {
    static const unsigned operations[] = {0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38};
    unsigned operation = operations[any(mix, 8)];
    if ((operation == 0x10 || operation == 0x18) && (mix->undefined & CF) != 0) {
        operation = 0; // ADC and SBB need a carry.
    }
    const unsigned reg = any_register(mix);
    switch (any(mix, 4)) {
    case 0:
        register_form(mix, 0, operation, reg, any_register(mix));
        break;
    case 1:
        block_form(mix, any_width(mix), operation + 3, reg, any_operand(mix));
        break;
    case 2:
        block_form(mix, any_width(mix), operation + 1, reg, any_operand(mix));
        break;
    default:
        register_form(mix, any_width(mix), operation + 1, reg, any_register(mix));
        break;
    }
    const bool logic = operation == 0x08 || operation == 0x20 || operation == 0x30;
    flags(mix, ALL, logic ? AF : 0);
}

static void immediate(struct mix *mix) {
    static const unsigned operations[] = {0, 1, 4, 5, 6, 7};
    const unsigned operation = operations[any(mix, 6)];
    register_form(mix, any_width(mix), 0x83, operation, any_register(mix));
    emit(mix, any(mix, 256));
    flags(mix, ALL, operation == 1 || operation == 4 || operation == 6 ? AF : 0);
}

// By one: the only count for which OF is defined.
static void shift(struct mix *mix) {
    unsigned operation = any(mix, 8);
    if ((operation == 2 || operation == 3) && (mix->undefined & CF) != 0) {
        operation = 0;
    }
    operation = operation == 6 ? 4 : operation;
    register_form(mix, any_width(mix), 0xd1, operation, any_register(mix));
    flags(mix, operation < 4 ? CF | OF : ALL, operation < 4 ? 0 : AF);
}

static void shift_by_count(struct mix *mix) {
    static const unsigned operations[] = {4, 5, 7};
    register_form(mix, 8, 0xc1, operations[any(mix, 3)], any_register(mix));
    emit(mix, 2 + any(mix, 60));
    flags(mix, ALL, AF | OF);
}

static void unary(struct mix *mix) {
    const unsigned kind = any(mix, 4);
    const unsigned reg = any_register(mix);
    if (kind < 2) { // INC, DEC
        register_form(mix, any_width(mix), 0xff, kind, reg);
        flags(mix, ALL & ~CF, 0);
    } else { // NOT, NEG
        register_form(mix, any_width(mix), 0xf7, kind, reg);
        flags(mix, kind == 3 ? ALL : 0, 0);
    }
}

static void multiply(struct mix *mix) {
    if (any(mix, 2) == 0) {
        register_form(mix, any_width(mix), 0x0faf, any_register(mix), any_register(mix));
    } else {
        register_form(mix, any_width(mix), 0xf7, 4 + any(mix, 2), any_register(mix));
    }
    flags(mix, CF | OF, SF | ZF | AF | PF);
}

static void bit_test(struct mix *mix) {
    register_form(mix, any_width(mix), 0x0fa3 + 8 * any(mix, 4), any_register(mix),
                  any_register(mix));
    flags(mix, CF, OF | SF | AF | PF);
}

static void move(struct mix *mix) {
    static const unsigned opcodes[] = {0x8b, 0x89, 0x87, 0x0fb7, 0x0fbf, 0x0fb6, 0x0fbe};
    const unsigned opcode = opcodes[any(mix, 7)];
    const unsigned wide = any(mix, 2) * 8;
    register_form(mix, wide, opcode, any_register(mix), any_register(mix));
}

// XADD and CMPXCHG, with LOCK. A CMPXCHG of 32 bits has its fault in the engine: docs/caveats.md.
static void exchange(struct mix *mix) {
    const bool add = any(mix, 2) == 0;
    emit(mix, 0xf0);
    block_form(mix, add ? any(mix, 2) * 8 : 8, add ? 0x0fc1 : 0x0fb1, any_register(mix),
               any_operand(mix));
    flags(mix, ALL, 0);
}

static void conditional(struct mix *mix) {
    if ((mix->undefined & (ALL & ~AF)) != 0) {
        return;
    }
    const unsigned condition = any(mix, 16);
    if (any(mix, 2) == 0) {
        register_form(mix, any_width(mix), 0x0f40 + condition, any_register(mix),
                      any_register(mix));
    } else {
        register_form(mix, 0, 0x0f90 + condition, 0, any_register(mix));
    }
}

static void extend(struct mix *mix) { // CDQE, CQO; BSWAP
    if (any(mix, 2) == 0) {
        emit_opcode(mix, 8, 0x98 + any(mix, 2));
    } else {
        const unsigned reg = any_register(mix);
        emit_opcode(mix, 8 | reg >> 3, 0x0fc8 + (reg & 7));
    }
}

static void address(struct mix *mix) { // LEA reg, [base + index * 4 + displacement]
    const unsigned reg = any_register(mix);
    const unsigned base = any_register(mix);
    const unsigned index = any_register(mix);
    emit_opcode(mix, 8 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3, 0x8d);
    emit(mix, 0x44 | (reg & 7) << 3);
    emit(mix, 0x80 | (index & 7) << 3 | (base & 7));
    emit(mix, any(mix, 256));
}

// PADDQ, PSUBQ, PXOR, PAND, POR, PMULUDQ, PADDB, PCMPEQD, PUNPCKLBW of XMM0 to XMM3.
static void vector(struct mix *mix) {
    static const unsigned opcodes[] = {0xd4, 0xfb, 0xef, 0xdb, 0xeb, 0xf4, 0xfc, 0x76, 0x60};
    emit(mix, 0x66);
    emit(mix, 0x0f);
    emit(mix, opcodes[any(mix, 9)]);
    emit(mix, 0xc0 | any(mix, 4) << 3 | any(mix, 4));
}

static void any_instruction(struct mix *mix) {
    static void (*const makers[])(struct mix *) = {
        arithmetic,  arithmetic, arithmetic, immediate, shift,    shift_by_count,
        unary,       multiply,   bit_test,   move,      exchange, conditional,
        conditional, extend,     address,    vector,
    };
    makers[any(mix, sizeof makers / sizeof makers[0])](mix);
}

// --- Load and store ---

static void for_registers(struct mix *mix, unsigned opcode) {
    for (unsigned i = 0; i < 15; i++) {
        if (i != RSP) {
            block_form(mix, 8, opcode, i, offsetof(struct mix_block, registers) + 8 * i);
        }
    }
}

static void for_vectors(struct mix *mix, unsigned opcode) { // MOVDQU
    for (unsigned i = 0; i < 4; i++) {
        emit(mix, 0xf3);
        block_form(mix, 0, opcode, i, offsetof(struct mix_block, vectors) + 16 * i);
    }
}

void mix_make(struct mix *mix, unsigned count) {
    mix->undefined = 0;
    for_vectors(mix, 0x0f6f);
    block_form(mix, 0, 0xff, 6, offsetof(struct mix_block, flags)); // PUSH
    emit(mix, 0x9d);                                                // POPFQ
    for_registers(mix, 0x8b);
    for (unsigned i = 0; i < count; i++) {
        any_instruction(mix);
    }
    for_registers(mix, 0x89);
    emit(mix, 0x9c);                                                // PUSHFQ
    block_form(mix, 0, 0x8f, 0, offsetof(struct mix_block, flags)); // POP
    for_vectors(mix, 0x0f7f);
}
