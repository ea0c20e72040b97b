// SPDX-License-Identifier: MIT
//
// Replaced instructions of the x87 unit (SDM volume 1, chapter 8): the register stack, its faults
// and the exceptions around the functions of x87_functions.h. The engine computes these in the
// host's double precision.

#include "engine/cpu/state.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/x87_functions.h"

#include <string.h>

#define X87_CODES (X87_C0 | X87_C1 | X87_C2 | X87_C3)
#define X87_BEFORE (X87_IE | X87_DE | X87_ZE) // Exceptions that keep an operation from its result.

struct unit {
    struct cpu *cpu;
    unsigned control;
    unsigned status;
};

typedef struct x87_result x87_unary(struct extended x, unsigned control);
typedef struct x87_result x87_binary(struct extended x, struct extended y, unsigned control);

// How the result goes to the stack.
enum shape {
    SHAPE_NONE,
    SHAPE_UNARY,      // ST(0) = f(ST(0))
    SHAPE_UNARY_PUSH, // and then the second result is pushed.
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

// --- The register stack ---

static unsigned place_of(const struct unit *unit, unsigned index) {
    return ((unit->status >> FSW_TOP_SHIFT) + index) % X87_COUNT;
}

static bool is_empty(const struct unit *unit, unsigned index) {
    return (cpu_get(unit->cpu, FTW) >> place_of(unit, index) & 1) == 0;
}

static struct extended get(const struct unit *unit, unsigned index) {
    uint8_t bytes[10];
    struct extended value;
    cpu_get_x87(unit->cpu, place_of(unit, index), bytes);
    memcpy(&value.significand, bytes, sizeof value.significand);
    memcpy(&value.exponent, bytes + sizeof value.significand, sizeof value.exponent);
    return value;
}

static void set(const struct unit *unit, unsigned index, struct extended value) {
    uint8_t bytes[10];
    memcpy(bytes, &value.significand, sizeof value.significand);
    memcpy(bytes + sizeof value.significand, &value.exponent, sizeof value.exponent);
    cpu_set_x87(unit->cpu, place_of(unit, index), bytes);
    cpu_set(unit->cpu, FTW, cpu_get(unit->cpu, FTW) | 1u << place_of(unit, index));
}

static void move_top(struct unit *unit, unsigned by) {
    const unsigned top = ((unit->status >> FSW_TOP_SHIFT) + by) % X87_COUNT;
    unit->status = (unit->status & ~FSW_TOP_BITS) | top << FSW_TOP_SHIFT;
}

static void push(struct unit *unit, struct extended value) {
    move_top(unit, X87_COUNT - 1);
    set(unit, 0, value);
}

static void pop(struct unit *unit) {
    cpu_set(unit->cpu, FTW, cpu_get(unit->cpu, FTW) & ~(1ull << place_of(unit, 0)));
    move_top(unit, 1);
}

// --- Exceptions ---

// Adds exceptions and condition codes. False when an exception is not masked that keeps the
// operation from its result.
static bool record(struct unit *unit, unsigned status, unsigned codes) {
    unit->status = (unit->status & ~codes) | status;
    const unsigned unmasked = status & ~unit->control & X87_EXCEPTIONS;
    unit->status |= unmasked != 0 ? X87_ES | X87_BUSY : 0;
    return (unmasked & X87_BEFORE) == 0;
}

// Of a push onto a register in use C1 is set, of a missing operand it is cleared, and so is C2
// where the operation defines it.
static bool record_stack_fault(struct unit *unit, const struct operation *operation,
                               bool overflow) {
    const unsigned codes = operation->codes & (X87_C1 | X87_C2);
    return record(unit, X87_IE | X87_SF | (overflow ? X87_C1 : 0), codes);
}

// Is the unit to be had now? False with the fault delivered. An exception that an earlier
// instruction left unmasked is raised first.
static bool begin(struct cpu *cpu, struct unit *unit, enum delivery *failure) {
    const uint64_t cr0 = cpu_get(cpu, CR0);
    *unit = (struct unit){cpu, (unsigned)cpu_get(cpu, FCW), (unsigned)cpu_get(cpu, FSW)};
    if ((cr0 & (CR0_EM | CR0_TS)) != 0) {
        *failure = deliver_fault(cpu, VECTOR_DEVICE_NOT_AVAILABLE, 0);
        return false;
    }
    if ((unit->status & X87_ES) != 0 && (cr0 & CR0_NE) != 0) {
        *failure = deliver_fault(cpu, VECTOR_X87, 0);
        return false;
    }
    return true;
}

static enum delivery finish(const struct unit *unit, const struct instruction *instruction) {
    cpu_set(unit->cpu, FSW, (uint16_t)unit->status);
    return deliver_completion(unit->cpu, instruction->length);
}

// --- Operations ---

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

static void unary(struct unit *unit, const struct operation *operation) {
    struct x87_result result = {.value = extended_indefinite};
    if (is_empty(unit, 0)) {
        if (!record_stack_fault(unit, operation, false)) {
            return;
        }
    } else {
        result = operation->unary(get(unit, 0), unit->control);
        if (!record(unit, result.status, operation->codes)) {
            return;
        }
    }
    set(unit, 0, result.value);
}

static void unary_push(struct unit *unit, const struct operation *operation) {
    struct x87_result result = {.value = extended_indefinite, .second = extended_indefinite};
    const bool missing = is_empty(unit, 0);
    if (missing || !is_empty(unit, X87_COUNT - 1)) {
        if (!record_stack_fault(unit, operation, !missing)) {
            return;
        }
    } else {
        result = operation->unary(get(unit, 0), unit->control);
        if (!record(unit, result.status, operation->codes) || (result.status & X87_C2) != 0) {
            return;
        }
    }
    set(unit, 0, result.value);
    push(unit, result.second);
}

static void binary(struct unit *unit, const struct operation *operation) {
    struct x87_result result = {.value = extended_indefinite};
    const bool pops = operation->shape == SHAPE_BINARY_POP;
    if (is_empty(unit, 0) || is_empty(unit, 1)) {
        if (!record_stack_fault(unit, operation, false)) {
            return;
        }
    } else {
        result = operation->binary(get(unit, 0), get(unit, 1), unit->control);
        // Without a quotient C0 and C3 stay.
        const bool number = extended_class(result.value) != EXTENDED_NAN;
        if (!record(unit, result.status,
                    operation->codes & (number ? X87_CODES : X87_C1 | X87_C2))) {
            return;
        }
    }
    set(unit, pops ? 1 : 0, result.value);
    if (pops) {
        pop(unit);
    }
}

#define FIRST_CONSTANT 0xe9u // FLDL2T

static void load_constant(struct unit *unit, const struct operation *operation, unsigned number) {
    struct extended value = x87_constant(number, unit->control);
    if (!is_empty(unit, X87_COUNT - 1)) {
        value = extended_indefinite;
        if (!record_stack_fault(unit, operation, true)) {
            return;
        }
    } else {
        record(unit, 0, X87_C1);
    }
    push(unit, value);
}

enum delivery replaced_x87(struct cpu *cpu, const struct instruction *instruction,
                           const uint8_t *bytes) {
    const struct operation *const operation = &operations[instruction->modrm - FIRST_OPERATION];
    struct unit unit;
    enum delivery failure;
    (void)bytes;
    if (!begin(cpu, &unit, &failure)) {
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
        record(&unit, x87_fxam(get(&unit, 0), is_empty(&unit, 0)), X87_CODES);
        break;
    case SHAPE_NONE:
        break;
    }
    return finish(&unit, instruction);
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
    struct unit unit;
    enum delivery failure;
    unsigned status = 0;
    if (!begin(cpu, &unit, &failure)) {
        return failure;
    }
    const bool missing = is_empty(&unit, 0);
    const struct extended value = missing ? extended_indefinite : get(&unit, 0);
    if (decimal) {
        x87_fbstp(value, unit.control, data, &status);
    } else {
        const uint64_t integer = x87_fisttp(value, (unsigned)size, &status);
        memcpy(data, &integer, sizeof integer);
    }
    if (!record(&unit, status | (missing ? X87_SF : 0), X87_C1)) {
        return finish(&unit, instruction);
    }
    if (!operand_write(cpu, instruction, bytes, data, size, &failure)) {
        return failure;
    }
    pop(&unit);
    return finish(&unit, instruction);
}
