// SPDX-License-Identifier: MIT
//
// Replaced instructions of the x87 unit (SDM volume 1, chapter 8): what the register stack and its
// faults are around the functions of x87_functions.h. The engine computes these in the host's
// double precision.

#include "engine/cpu/state.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/x87_functions.h"
#include "engine/cpu/x86/x87_unit.h"

#include <string.h>

#define X87_CODES (X87_C0 | X87_C1 | X87_C2 | X87_C3)

typedef struct x87_result x87_unary(struct extended x, unsigned control);
typedef struct x87_result x87_binary(struct extended x, struct extended y, unsigned control);

// How the result goes to the stack.
enum shape {
    SHAPE_NONE,
    SHAPE_UNARY,      // ST(0) = f(ST(0))
    SHAPE_UNARY_PUSH, // ST(0) = f(ST(0)), and the second result is pushed.
    SHAPE_BINARY,     // ST(0) = f(ST(0), ST(1))
    SHAPE_BINARY_POP, // ST(1) = f(ST(0), ST(1)), and ST(0) is popped.
    SHAPE_CONSTANT,
    SHAPE_EXAMINE,
};

struct operation {
    enum shape shape;
    unsigned codes; // Condition codes that it defines
    x87_unary *unary;
    x87_binary *binary;
};

// --- Operations ---

// A push onto a register in use sets C1; a missing operand clears it, and C2 as well where the
// operation defines C2.
static bool record_stack_fault(struct x87_unit *unit, const struct operation *operation,
                               bool overflow) {
    const unsigned codes = operation->codes & (X87_C1 | X87_C2);
    return x87_record(unit, X87_IE | X87_SF | (overflow ? X87_C1 : 0), codes);
}

static struct x87_result prem(struct extended x, struct extended y, unsigned control) {
    (void)control;
    return x87_remainder(x, y, false);
}

static struct x87_result prem1(struct extended x, struct extended y, unsigned control) {
    (void)control;
    return x87_remainder(x, y, true);
}

static struct x87_result extract(struct extended x, unsigned control) {
    (void)control;
    return x87_fxtract(x);
}

#define FIRST_OPERATION 0xe0u // By the ModRM byte behind D9

static const struct operation operations[] = {
    [0xe5 - FIRST_OPERATION] = {SHAPE_EXAMINE, X87_CODES, NULL, NULL},
    [0xe9 - FIRST_OPERATION] = {SHAPE_CONSTANT, X87_C1, NULL, NULL},
    [0xea - FIRST_OPERATION] = {SHAPE_CONSTANT, X87_C1, NULL, NULL},
    [0xeb - FIRST_OPERATION] = {SHAPE_CONSTANT, X87_C1, NULL, NULL},
    [0xec - FIRST_OPERATION] = {SHAPE_CONSTANT, X87_C1, NULL, NULL},
    [0xed - FIRST_OPERATION] = {SHAPE_CONSTANT, X87_C1, NULL, NULL},
    [0xf0 - FIRST_OPERATION] = {SHAPE_UNARY, X87_C1, x87_f2xm1, NULL},
    [0xf1 - FIRST_OPERATION] = {SHAPE_BINARY_POP, X87_C1, NULL, x87_fyl2x},
    [0xf2 - FIRST_OPERATION] = {SHAPE_UNARY_PUSH, X87_C1 | X87_C2, x87_fptan, NULL},
    [0xf3 - FIRST_OPERATION] = {SHAPE_BINARY_POP, X87_C1, NULL, x87_fpatan},
    [0xf4 - FIRST_OPERATION] = {SHAPE_UNARY_PUSH, X87_C1, extract, NULL},
    [0xf5 - FIRST_OPERATION] = {SHAPE_BINARY, X87_CODES, NULL, prem1},
    [0xf8 - FIRST_OPERATION] = {SHAPE_BINARY, X87_CODES, NULL, prem},
    [0xf9 - FIRST_OPERATION] = {SHAPE_BINARY_POP, X87_C1, NULL, x87_fyl2xp1},
    [0xfb - FIRST_OPERATION] = {SHAPE_UNARY_PUSH, X87_C1 | X87_C2, x87_fsincos, NULL},
    [0xfd - FIRST_OPERATION] = {SHAPE_BINARY, X87_C1, NULL, x87_fscale},
    [0xfe - FIRST_OPERATION] = {SHAPE_UNARY, X87_C1 | X87_C2, x87_fsin, NULL},
    [0xff - FIRST_OPERATION] = {SHAPE_UNARY, X87_C1 | X87_C2, x87_fcos, NULL},
};

static void unary(struct x87_unit *unit, const struct operation *operation) {
    struct x87_result result = {.value = extended_indefinite};
    if (x87_is_empty(unit, 0)) {
        if (!record_stack_fault(unit, operation, false)) {
            return;
        }
    } else {
        result = operation->unary(x87_get(unit, 0), unit->control);
        if (!x87_record(unit, result.status, operation->codes)) {
            return;
        }
    }
    x87_set(unit, 0, result.value);
}

static void unary_push(struct x87_unit *unit, const struct operation *operation) {
    struct x87_result result = {.value = extended_indefinite, .second = extended_indefinite};
    const bool missing = x87_is_empty(unit, 0);
    if (missing || !x87_is_empty(unit, X87_COUNT - 1)) {
        if (!record_stack_fault(unit, operation, !missing)) {
            return;
        }
    } else {
        result = operation->unary(x87_get(unit, 0), unit->control);
        if (!x87_record(unit, result.status, operation->codes) || (result.status & X87_C2) != 0) {
            return;
        }
    }
    x87_set(unit, 0, result.value);
    x87_push(unit, result.second);
}

static void binary(struct x87_unit *unit, const struct operation *operation) {
    struct x87_result result = {.value = extended_indefinite};
    const bool pops = operation->shape == SHAPE_BINARY_POP;
    if (x87_is_empty(unit, 0) || x87_is_empty(unit, 1)) {
        if (!record_stack_fault(unit, operation, false)) {
            return;
        }
    } else {
        result = operation->binary(x87_get(unit, 0), x87_get(unit, 1), unit->control);
        // Without a quotient C0 and C3 stay.
        const bool number = extended_class(result.value) != EXTENDED_NAN;
        if (!x87_record(unit, result.status,
                        operation->codes & (number ? X87_CODES : X87_C1 | X87_C2))) {
            return;
        }
    }
    x87_set(unit, pops ? 1 : 0, result.value);
    if (pops) {
        x87_pop(unit);
    }
}

#define FIRST_CONSTANT 0xe9u // FLDL2T

static void load_constant(struct x87_unit *unit, const struct operation *operation,
                          unsigned number) {
    struct extended value = x87_constant(number, unit->control);
    if (!x87_is_empty(unit, X87_COUNT - 1)) {
        value = extended_indefinite;
        if (!record_stack_fault(unit, operation, true)) {
            return;
        }
    } else {
        x87_record(unit, 0, X87_C1);
    }
    x87_push(unit, value);
}

enum delivery replaced_x87(struct cpu *cpu, const struct instruction *instruction,
                           const uint8_t *bytes) {
    const struct operation *const operation = &operations[instruction->modrm - FIRST_OPERATION];
    struct x87_unit unit;
    enum delivery failure;
    (void)bytes;
    if (!x87_begin(cpu, &unit, &failure)) {
        return failure;
    }
    switch (operation->shape) {
    case SHAPE_UNARY:
        unary(&unit, operation);
        break;
    case SHAPE_UNARY_PUSH:
        unary_push(&unit, operation);
        break;
    case SHAPE_BINARY:
    case SHAPE_BINARY_POP:
        binary(&unit, operation);
        break;
    case SHAPE_CONSTANT:
        load_constant(&unit, operation, instruction->modrm - FIRST_CONSTANT);
        break;
    case SHAPE_EXAMINE:
        x87_record(&unit, x87_fxam(x87_get(&unit, 0), x87_is_empty(&unit, 0)), X87_CODES);
        break;
    case SHAPE_NONE:
        break;
    }
    return x87_finish(&unit, instruction);
}

// --- FISTTP, FBSTP ---

#define OPCODE_FISTTP_32 0xdb
#define OPCODE_FISTTP_64 0xdd

static size_t store_size(const struct instruction *instruction, bool decimal) {
    if (decimal) {
        return X87_BCD_SIZE;
    }
    return instruction->opcode == OPCODE_FISTTP_32   ? 4
           : instruction->opcode == OPCODE_FISTTP_64 ? 8
                                                     : 2;
}

// FBSTP is DF /6, FISTTP is /1.
enum delivery replaced_x87_store(struct cpu *cpu, const struct instruction *instruction,
                                 const uint8_t *bytes) {
    const bool decimal = (instruction->modrm >> 3 & 7) == 6;
    const size_t size = store_size(instruction, decimal);
    uint8_t data[X87_BCD_SIZE];
    struct x87_unit unit;
    enum delivery failure;
    unsigned status = 0;
    if (!x87_begin(cpu, &unit, &failure)) {
        return failure;
    }
    const bool missing = x87_is_empty(&unit, 0);
    const struct extended value = missing ? extended_indefinite : x87_get(&unit, 0);
    if (decimal) {
        x87_fbstp(value, unit.control, data, &status);
    } else {
        const uint64_t integer = x87_fisttp(value, (unsigned)size, &status);
        memcpy(data, &integer, sizeof integer);
    }
    if (!x87_record(&unit, status | (missing ? X87_SF : 0), X87_C1)) {
        return x87_finish(&unit, instruction);
    }
    if (!operand_write(cpu, instruction, bytes, data, size, &failure)) {
        return failure;
    }
    x87_pop(&unit);
    return x87_finish(&unit, instruction);
}
