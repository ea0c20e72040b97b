// SPDX-License-Identifier: MIT
//
// The response to stack faults, masked and not. Opcodes as in the SDM, volume 2, appendix A.

#include "engine/cpu/x86/x87_fault.h"

#include "decode/x87_use.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/x87_unit.h"

#include <string.h>

// Where the indefinite number goes, or what tells that operands cannot be compared.
enum result {
    RESULT_ST0,
    RESULT_STI,
    RESULT_PUSHED,
    RESULT_MEMORY,
    RESULT_EXCHANGED,
    RESULT_CODES,
    RESULT_FLAGS,
};

enum { LARGEST_OPERAND = 10 };

static enum result result_in_memory(uint8_t opcode, unsigned group, bool pushes) {
    const bool arithmetic = (opcode & 1) == 0;
    if (arithmetic) {
        return group == 2 || group == 3 ? RESULT_CODES : RESULT_ST0;
    }
    return pushes ? RESULT_PUSHED : RESULT_MEMORY;
}

static enum result result_of_d9(uint8_t modrm) {
    return modrm == 0xe4 ? RESULT_CODES : RESULT_ST0; // FTST; FCHS, FABS, FSQRT, FRNDINT
}

static enum result result_in_register(uint8_t opcode, uint8_t modrm) {
    const unsigned group = modrm >> 3 & 7;
    switch (opcode) {
    case 0xd8:
    case 0xdc:
    case 0xde:
        return group == 2 || group == 3 ? RESULT_CODES : opcode == 0xd8 ? RESULT_ST0 : RESULT_STI;
    case 0xd9:
        return group == 1 ? RESULT_EXCHANGED : group == 3 ? RESULT_STI : result_of_d9(modrm);
    case 0xda: // FCMOVcc; FUCOMPP
        return group == 5 ? RESULT_CODES : RESULT_ST0;
    case 0xdb: // FCMOVNcc; FUCOMI, FCOMI
        return group < 4 ? RESULT_ST0 : RESULT_FLAGS;
    case 0xdd:
        return group == 1 ? RESULT_EXCHANGED : group < 4 ? RESULT_STI : RESULT_CODES;
    default:
        return group == 1 ? RESULT_EXCHANGED : group < 4 ? RESULT_STI : RESULT_FLAGS;
    }
}

static size_t memory_size(uint8_t opcode, unsigned group) {
    switch (opcode) {
    case 0xdb:
        return group < 4 ? 4 : LARGEST_OPERAND;
    case 0xdc:
    case 0xdd:
        return 8;
    case 0xde:
        return 2;
    case 0xdf:
        return group < 4 ? 2 : group == 4 ? LARGEST_OPERAND : 8;
    default:
        return 4;
    }
}

static void indefinite(uint8_t opcode, size_t size, uint8_t out[LARGEST_OPERAND]) {
    static const uint8_t extended[LARGEST_OPERAND] = {[7] = 0xc0, [8] = 0xff, [9] = 0xff};
    static const uint8_t single[] = {[2] = 0xc0, [3] = 0xff};
    static const uint8_t real[] = {[6] = 0xf8, [7] = 0xff};
    memset(out, 0, LARGEST_OPERAND);
    if (size == LARGEST_OPERAND) {
        memcpy(out, extended, sizeof extended);
    } else if (opcode == 0xd9) {
        memcpy(out, single, sizeof single);
    } else if (opcode == 0xdd) {
        memcpy(out, real, sizeof real);
    } else { // An integer
        out[size - 1] = 0x80;
    }
}

// A number that cannot be read is a fault of its own, before the stack's.
static bool access_memory(struct cpu *cpu, const struct instruction *instruction,
                          const uint8_t *bytes, bool store, enum delivery *failure) {
    const size_t size = memory_size(instruction->opcode, instruction->modrm >> 3 & 7);
    uint8_t data[LARGEST_OPERAND];
    if (!store) {
        return operand_read(cpu, instruction, bytes, data, size, failure);
    }
    indefinite(instruction->opcode, size, data);
    return operand_write(cpu, instruction, bytes, data, size, failure);
}

static void exchange(struct x87_unit *unit, unsigned index) {
    const struct extended first = x87_is_empty(unit, 0) ? extended_indefinite : x87_get(unit, 0);
    const struct extended second =
        x87_is_empty(unit, index) ? extended_indefinite : x87_get(unit, index);
    x87_set(unit, 0, second);
    x87_set(unit, index, first);
}

static void give(struct x87_unit *unit, enum result result, unsigned index) {
    const uint64_t flags = cpu_get(unit->cpu, RFLAGS);
    switch (result) {
    case RESULT_ST0:
        x87_set(unit, 0, extended_indefinite);
        break;
    case RESULT_STI:
        x87_set(unit, index, extended_indefinite);
        break;
    case RESULT_PUSHED:
        x87_push(unit, extended_indefinite);
        break;
    case RESULT_EXCHANGED:
        exchange(unit, index);
        break;
    case RESULT_CODES:
        unit->status |= X87_C0 | X87_C2 | X87_C3;
        break;
    case RESULT_FLAGS:
        cpu_set(unit->cpu, RFLAGS,
                (flags & ~RFLAGS_ARITHMETIC) | RFLAGS_ZF | RFLAGS_PF | RFLAGS_CF);
        break;
    case RESULT_MEMORY:
        break;
    }
}

static void pop_all(struct x87_unit *unit, int count) {
    for (int i = 0; i < count; i++) {
        x87_pop(unit);
    }
}

// FST and FSTP to a register that is empty: no fault.
static enum delivery copy(struct x87_unit *unit, const struct instruction *instruction,
                          const struct x87_use *use) {
    x87_record(unit, 0, X87_C1);
    x87_set(unit, instruction->modrm & 7, x87_get(unit, 0));
    pop_all(unit, use->moves);
    return x87_finish(unit, instruction);
}

enum delivery x87_fault(struct cpu *cpu, const struct instruction *instruction,
                        const uint8_t *bytes) {
    const struct x87_use use = x87_use(instruction);
    const uint8_t opcode = instruction->opcode;
    const bool memory = !operand_is_register(instruction);
    const enum result result =
        memory       ? result_in_memory(opcode, instruction->modrm >> 3 & 7, use.pushes)
        : use.pushes ? RESULT_PUSHED
                     : result_in_register(opcode, instruction->modrm);
    struct x87_unit unit;
    enum delivery failure;
    if (!x87_begin(cpu, &unit, &failure)) {
        return failure;
    }
    if (use.fills != 0 && !x87_is_empty(&unit, 0)) {
        return copy(&unit, instruction, &use);
    }
    const bool overflow = use.pushes && !x87_is_empty(&unit, X87_REGISTERS - 1);
    const bool masked = x87_record(&unit, X87_IE | X87_SF | (overflow ? X87_C1 : 0), X87_C1);
    const bool store = result == RESULT_MEMORY;
    if (memory && (masked || !store) && !access_memory(cpu, instruction, bytes, store, &failure)) {
        return failure;
    }
    if (masked) {
        give(&unit, result, instruction->modrm & 7);
        pop_all(&unit, use.moves);
    }
    return x87_finish(&unit, instruction);
}
