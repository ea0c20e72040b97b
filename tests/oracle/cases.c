// SPDX-License-Identifier: MIT
//
// Random states that reach the corners of an instruction; see the header.

#include "oracle/cases.h"

#include "corner_word.h"

#include <string.h>

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };
enum { FRAME = 640, SOURCE = 384, DESTINATION = 512, STACK = 896 };

#define CONTROL_DEFAULT 0x037fu
#define CONTROL_RESERVED 0x0040u
#define CONTROL_MASKS 0x003fu
#define MXCSR_DEFAULT 0x1f80u
#define MXCSR_MASKS 0x1f80u
#define MXCSR_ROUNDING 0x6000u
#define MXCSR_DAZ 0x0040u
#define MXCSR_FTZ 0x8000u
#define SUMMARY 0x8080u // ES and B

struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *dice) { // splitmix64
    uint64_t z = dice->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t below(struct dice *dice, uint64_t count) {
    return roll(dice) % count;
}

static struct dice dice_of(const struct form *form, uint64_t number) {
    struct dice dice = {number * 0x100000001b3u + 0xcbf29ce484222325u};
    for (unsigned i = 0; i < form->size; i++) {
        dice.state = (dice.state ^ form->bytes[i]) * 0x100000001b3u;
    }
    return dice;
}

// --- Numbers ---

static uint64_t any_word(struct dice *dice) {
    return corner_word(roll(dice));
}

static uint32_t any_single(struct dice *dice, bool special) {
    static const uint32_t specials[] = {0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000,
                                        0x7f800001, 0xffc12345, 1,          0x807fffff, 0x00800000,
                                        0x7f7fffff, 0x3f800000, 0x4f000000, 0xcf000000, 0x00c00000};
    static const uint32_t ordinary[] = {0, 0x3f800000, 0xc0000000, 0x3f000000, 0x40400000};
    const uint32_t word = (uint32_t)roll(dice);
    if (special && below(dice, 4) != 0) {
        return specials[below(dice, 15)];
    }
    if (below(dice, 5) == 0) {
        return ordinary[below(dice, 5)];
    }
    return (word & 0x807fffff) | (uint32_t)(112 + below(dice, 32)) << 23;
}

static uint64_t any_double(struct dice *dice, bool special) {
    static const uint64_t specials[] = {0,
                                        0x8000000000000000,
                                        0x7ff0000000000000,
                                        0xfff0000000000000,
                                        0x7ff8000000000000,
                                        0x7ff0000000000001,
                                        0xfff8000012345678,
                                        1,
                                        0x800fffffffffffff,
                                        0x0010000000000000,
                                        0x7fefffffffffffff,
                                        0x41dfffffffffffff,
                                        0x41e0000000000000,
                                        0x43e0000000000000,
                                        0xc1e0000000200000,
                                        0x37a16c262777579c};
    static const uint64_t ordinary[] = {0, 0x3ff0000000000000, 0xc000000000000000,
                                        0x3fe0000000000000, 0x4008000000000000};
    if (special && below(dice, 4) != 0) {
        return specials[below(dice, 16)];
    }
    if (below(dice, 5) == 0) {
        return ordinary[below(dice, 5)];
    }
    return (roll(dice) & 0x800fffffffffffff) | (1008 + below(dice, 32)) << 52;
}

struct extended {
    uint64_t mantissa;
    uint16_t exponent;
};

#define INTEGER_BIT 0x8000000000000000u

static struct extended any_extended(struct dice *dice, bool special) {
    static const struct extended specials[] = {
        {0, 0},
        {0, 0x8000},
        {INTEGER_BIT, 0x7fff}, // infinity
        {INTEGER_BIT, 0xffff},
        {0xc000000000000000, 0xffff}, // indefinite
        {0xa000000000000000, 0x7fff}, // signalling
        {0xc123456789abcdef, 0x7fff}, // quiet
        {1, 0},                       // denormal
        {0x7fffffffffffffff, 0x8000},
        {INTEGER_BIT, 0},             // pseudo-denormal
        {0x0000000100000064, 0x3fff}, // unnormal
        {1, 0x7fff},                  // pseudo-NaN
        {0, 0x7fff},                  // pseudo-infinity
        {INTEGER_BIT, 1},
        {UINT64_MAX, 0x7ffe},
        {INTEGER_BIT, 0x3fff},
        {INTEGER_BIT, 0xbfff},
        {INTEGER_BIT, 0x403e}, // 2 ** 63
        {0xffffffffffffffff, 0xc03d},
        {0x8000000000000001, 0x43fe}, // beyond double precision
        {0x8000000000000001, 0x3c00},
    };
    if (special && below(dice, 4) != 0) {
        return specials[below(dice, sizeof specials / sizeof specials[0])];
    }
    const uint64_t sign = below(dice, 2) << 15;
    if (below(dice, 5) == 0) {
        const uint64_t small = below(dice, 8);
        const struct extended one = {INTEGER_BIT, (uint16_t)(sign | (0x3ffd + small))};
        const struct extended zero = {0, (uint16_t)sign};
        return small == 7 ? zero : one;
    }
    const uint64_t near = 0x3fff - 20 + below(dice, 40);
    const uint64_t far = 0x3fff - 500 + below(dice, 1000);
    return (struct extended){roll(dice) | INTEGER_BIT,
                             (uint16_t)(sign | (below(dice, 4) == 0 ? far : near))};
}

// A vector of what the instruction computes with.
static void fill_vector(struct dice *dice, enum kind kind, bool special, uint64_t vector[2]) {
    for (unsigned i = 0; i < 2; i++) {
        if (kind == SINGLE) {
            const uint64_t high = any_single(dice, special);
            vector[i] = high << 32 | any_single(dice, special);
        } else if (kind == DOUBLE) {
            vector[i] = any_double(dice, special);
        } else {
            vector[i] = any_word(dice);
        }
    }
}

// --- The parts of a state ---

static enum circumstance circumstance_of(uint64_t number) {
    static const enum circumstance order[16] = {
        PLAIN,   PLAIN, PLAIN, PLAIN, ROUNDING, ROUNDING, SPECIAL, SPECIAL,
        SPECIAL, FLUSH, FLUSH, EMPTY, EMPTY,    UNMASKED, STICKY,  PENDING,
    };
    return order[number % 16];
}

static bool is_special(enum circumstance circumstance) {
    return circumstance == SPECIAL || circumstance == FLUSH;
}

static void fill_control(struct dice *dice, enum circumstance circumstance, struct fx_image *fx) {
    static const uint16_t precisions[] = {0x000, 0x200, 0x300}; // 24, 53 and 64 bits
    fx->control = CONTROL_DEFAULT;
    fx->mxcsr = MXCSR_DEFAULT;
    fx->status = (uint16_t)(below(dice, 8) << 11 | (roll(dice) & (C0 | C1 | C2 | C3)));
    fx->tags = 0xff;
    switch (circumstance) {
    case ROUNDING:
        fx->control = (uint16_t)(CONTROL_RESERVED | CONTROL_MASKS | below(dice, 4) << 10 |
                                 precisions[below(dice, 3)]);
        fx->mxcsr |= (uint32_t)roll(dice) & MXCSR_ROUNDING;
        break;
    case FLUSH:
        fx->mxcsr |= ((uint32_t)roll(dice) & MXCSR_DAZ) | MXCSR_FTZ;
        break;
    case EMPTY:
        fx->tags = (uint8_t)roll(dice);
        break;
    case UNMASKED:
        fx->control &= (uint16_t) ~(roll(dice) & CONTROL_MASKS);
        fx->mxcsr &= ~((uint32_t)roll(dice) & MXCSR_MASKS);
        break;
    case STICKY:
        fx->status |= (uint16_t)(roll(dice) & 0x3f);
        fx->mxcsr |= (uint32_t)roll(dice) & 0x3f;
        break;
    case PENDING:
        fx->control &= (uint16_t)~CONTROL_MASKS;
        fx->status |= (uint16_t)(SUMMARY | 1u << below(dice, 6));
        break;
    default:
        break;
    }
}

// A push needs an empty register, but in EMPTY, where it may fail.
static void make_room(const struct form *form, struct fx_image *fx,
                      enum circumstance circumstance) {
    const char *name = form->row->name;
    const bool pushes = strncmp(name, "fld", 3) == 0 || strncmp(name, "fild", 4) == 0 ||
                        strcmp(name, "fbld") == 0 || strcmp(name, "fptan") == 0 ||
                        strcmp(name, "fsincos") == 0 || strcmp(name, "fxtract") == 0;
    if (pushes && circumstance != EMPTY) {
        const unsigned top = fx->status >> 11 & 7;
        fx->tags &= (uint8_t) ~(1u << ((top + 7) & 7));
    }
}

static void fill_fx(struct dice *dice, const struct form *form, enum circumstance circumstance,
                    struct fx_image *fx) {
    const bool special = is_special(circumstance);
    memset(fx, 0, sizeof *fx);
    fill_control(dice, circumstance, fx);
    make_room(form, fx, circumstance);
    for (unsigned i = 0; i < 8; i++) {
        const struct extended number = any_extended(dice, special);
        fx->st[i].mantissa = number.mantissa;
        fx->st[i].exponent = number.exponent;
        if (form->row->file == MMX) {
            uint64_t vector[2];
            fill_vector(dice, form->row->kind, special, vector);
            fx->st[i].mantissa = vector[0];
        }
    }
    if (form->row->largest != 0 && (fx->st[0].exponent & 0x7fff) > form->row->largest) {
        fx->st[0].exponent = (uint16_t)((fx->st[0].exponent & 0x8000) | form->row->largest);
    }
    for (unsigned i = 0; i < 16; i++) {
        fill_vector(dice, form->row->kind, special, fx->xmm[i]);
    }
}

static void put_u64(struct oracle_case *filled, size_t offset, uint64_t value) {
    memcpy(filled->memory + offset, &value, sizeof value);
}

static void fill_x87_operand(struct dice *dice, struct oracle_case *filled, bool special) {
    for (size_t i = 0; i < CASE_MEMORY; i += 16) {
        const struct extended number = any_extended(dice, special);
        const uint64_t single = any_single(dice, special);
        switch (below(dice, 4)) {
        case 0:
            put_u64(filled, i, any_double(dice, special));
            break;
        case 1:
            put_u64(filled, i, single << 32 | any_single(dice, special));
            break;
        case 2:
            put_u64(filled, i, number.mantissa);
            memcpy(filled->memory + i + 8, &number.exponent, 2);
            break;
        default: // A BCD number of 18 digits
            put_u64(filled, i, 0x1234567890123456u + 0x100 * below(dice, 8));
            put_u64(filled, i + 8, 0x98 | below(dice, 2) << 15);
            break;
        }
    }
}

static void fill_memory(struct dice *dice, const struct form *form, enum circumstance circumstance,
                        struct oracle_case *filled) {
    for (size_t i = 0; i < CASE_MEMORY; i += 16) {
        uint64_t vector[2];
        fill_vector(dice, form->row->kind, is_special(circumstance), vector);
        put_u64(filled, i, vector[0]);
        put_u64(filled, i + 8, vector[1]);
    }
    if (form->row->kind == X87) {
        fill_x87_operand(dice, filled, is_special(circumstance));
    }
    if (form->row->kind == FX_IMAGE && circumstance != UNMASKED) {
        for (size_t i = 0; i < CASE_MEMORY; i += 8) { // No reserved bit of MXCSR.
            put_u64(filled, i, roll(dice) & 0x0000ffff0000ffff);
        }
    }
}

static uint64_t small_dividend(struct dice *dice, unsigned width) {
    const uint64_t high = below(dice, 4);
    return high == 3 ? UINT64_MAX : width == 8 ? high << 60 : high;
}

static void fill_registers(struct dice *dice, const struct form *form, uint64_t base,
                           struct oracle_case *filled) {
    uint64_t *registers = filled->registers;
    for (unsigned i = 0; i < 16; i++) {
        registers[i] = any_word(dice);
    }
    registers[RSP] = base + STACK;
    if (form->memory || form->row->kind != ANY || form->row->operands == 0) {
        registers[RBX] = base + OPERAND;
    }
    switch (form->row->kind) {
    case DIVIDE:
        registers[RDX] = small_dividend(dice, form->width);
        registers[RAX] = below(dice, 2) ? registers[RAX] : registers[RAX] & 0xffff;
        break;
    case DOUBLE_SHIFT:
        registers[RCX] &= ~UINT64_C(0x30);
        break;
    case BIT_OFFSET:
        registers[RCX] = below(dice, 2048) - 512;
        registers[10] = below(dice, 2048) - 512;
        break;
    case STRING:
        registers[RSI] = base + SOURCE;
        registers[RDI] = base + DESTINATION;
        registers[RBP] = base + FRAME;
        registers[RCX] = below(dice, 8);
        registers[RAX] = below(dice, 2) ? registers[RAX] : 0;
        break;
    case LENGTHS:
        registers[RAX] = below(dice, 40) - 20;
        registers[RDX] = below(dice, 40) - 20;
        break;
    case ENVIRONMENT:
    case X87:
        registers[RAX] = roll(dice);
        break;
    default:
        break;
    }
}

// CMPXCHG and the like find what they compare with in half of the cases.
static void make_equal(struct dice *dice, const struct form *form, struct oracle_case *filled) {
    uint64_t operand[2];
    memcpy(operand, filled->memory + case_operand(form), sizeof operand);
    if (strncmp(form->row->name, "cmpxchg", 7) != 0 || below(dice, 2) == 0 || !form->memory) {
        return;
    }
    filled->registers[RAX] = operand[0];
    filled->registers[RDX] = operand[1];
    if (strcmp(form->row->name, "cmpxchg8b") == 0) {
        filled->registers[RDX] = operand[0] >> 32;
    }
}

static void prepare_jump(struct oracle_case *filled, uint64_t after) {
    filled->registers[RCX] = after;
    put_u64(filled, OPERAND, after);
    put_u64(filled, STACK, after);
}

size_t case_operand(const struct form *form) {
    return OPERAND + form->displacement;
}

void case_fill(struct oracle_case *filled, const struct form *form, uint64_t number,
               uint64_t address) {
    struct dice dice = dice_of(form, number);
    const enum circumstance circumstance = circumstance_of(number);
    const uint64_t base = address + offsetof(struct oracle_case, memory);
    memset(filled, 0, sizeof *filled);
    fill_fx(&dice, form, circumstance, &filled->fx);
    fill_memory(&dice, form, circumstance, filled);
    fill_registers(&dice, form, base, filled);
    make_equal(&dice, form, filled);
    filled->flags = (roll(&dice) & (STATUS_FLAGS | DF)) | 0x202;
    filled->circumstance = form->displacement % 16 != 0 ? UNALIGNED
                           : form->beyond               ? BEYOND
                                                        : circumstance;
    filled->vector = NO_FAULT;
    if (form->row->kind == POP_FLAGS) {
        put_u64(filled, STACK, roll(&dice) & (STATUS_FLAGS | DF | 0x200));
    }
    if (form->row->kind == TARGET) {
        prepare_jump(filled, form->address + form->size);
    }
}
