// SPDX-License-Identifier: MIT
//
// Opcodes as in the SDM, volume 2, appendix A.

#include "decode/x87_use.h"

enum { ST0 = 1, ST1 = 2 };

// Reserved, or not one that raises what waits.
static const struct x87_use unused = {.kind = X87_UNUSED};

static struct x87_use reading(unsigned registers) {
    return (struct x87_use){.kind = X87_STACK, .reads = (uint8_t)registers};
}

static struct x87_use pushing(unsigned source) {
    return (struct x87_use){
        .kind = X87_STACK, .reads = (uint8_t)source, .pushes = true, .moves = -1};
}

static struct x87_use popping(unsigned registers, unsigned count) {
    const unsigned freed = (1u << count) - 1;
    return (struct x87_use){.kind = X87_STACK,
                            .reads = (uint8_t)registers,
                            .frees = (uint8_t)freed,
                            .moves = (int8_t)count};
}

// FST and FSTP to a register. The engine does not put one that is empty in use.
static struct x87_use filling(unsigned destination, bool pops) {
    struct x87_use use = pops ? popping(ST0 | destination, 1) : reading(ST0 | destination);
    use.fills = (uint8_t)destination;
    return use;
}

static struct x87_use of_memory(uint8_t opcode, unsigned group) {
    switch (opcode) {
    case 0xd9: // FLD; FST, FSTP; FLDCW, FNSTCW
        return group == 0   ? pushing(0)
               : group == 2 ? reading(ST0)
               : group == 3 ? popping(ST0, 1)
               : group == 5 ? reading(0)
                            : unused;
    case 0xdb: // FILD; FIST, FISTP; FLD, FSTP of 80 bits
        return group == 0 || group == 5   ? pushing(0)
               : group == 2               ? reading(ST0)
               : group == 3 || group == 7 ? popping(ST0, 1)
                                          : unused;
    case 0xdd: // FLD; FST, FSTP
        return group == 0   ? pushing(0)
               : group == 2 ? reading(ST0)
               : group == 3 ? popping(ST0, 1)
                            : unused;
    case 0xdf: // FILD; FIST, FISTP; FBLD, FILD, FISTP of 64 bits
        return group == 0 || group == 4 || group == 5 ? pushing(0)
               : group == 2                           ? reading(ST0)
                                                      : popping(ST0, 1);
    default: // Arithmetic; FCOM, FCOMP
        return group == 3 ? popping(ST0, 1) : reading(ST0);
    }
}

// Behind D9, from D0 on, but for FSTP.
static struct x87_use of_d9(uint8_t modrm) {
    switch (modrm) {
    case 0xd0: // FNOP
        return reading(0);
    case 0xe0: // FCHS, FABS, FTST, FSQRT, FRNDINT
    case 0xe1:
    case 0xe4:
    case 0xfa:
    case 0xfc:
        return reading(ST0);
    case 0xe8: // FLD1, FLDZ
    case 0xee:
        return pushing(0);
    case 0xf6: // FDECSTP, FINCSTP
        return (struct x87_use){.kind = X87_STACK, .moves = -1};
    case 0xf7:
        return (struct x87_use){.kind = X87_STACK, .moves = 1};
    default:
        return unused;
    }
}

static struct x87_use of_d9_registers(uint8_t modrm) {
    const unsigned sti = 1u << (modrm & 7);
    switch (modrm >> 3 & 7) {
    case 0: // FLD
        return pushing(sti);
    case 1: // FXCH
        return reading(ST0 | sti);
    case 3: // FSTP
        return filling(sti, true);
    default:
        return of_d9(modrm);
    }
}

static struct x87_use of_dd_registers(unsigned group, unsigned sti) {
    switch (group) {
    case 0: // FFREE
        return (struct x87_use){.kind = X87_STACK, .frees = (uint8_t)sti};
    case 1: // FXCH
    case 4: // FUCOM
        return reading(ST0 | sti);
    case 2: // FST, FSTP
    case 3:
        return filling(sti, group == 3);
    case 5: // FUCOMP
        return popping(ST0 | sti, 1);
    default:
        return unused;
    }
}

static struct x87_use of_df_registers(unsigned group, unsigned sti) {
    switch (group) {
    case 0: // FFREEP
        return (struct x87_use){.kind = X87_STACK, .frees = (uint8_t)(sti | ST0), .moves = 1};
    case 1: // FXCH
        return reading(ST0 | sti);
    case 2: // FSTP
    case 3:
        return filling(sti, true);
    case 5: // FUCOMIP, FCOMIP
    case 6:
        return popping(ST0 | sti, 1);
    default:
        return unused;
    }
}

// Some forms are others' aliases: DC D0 is FCOM, DF D0 is FSTP.
static struct x87_use of_registers(uint8_t opcode, uint8_t modrm) {
    const unsigned group = modrm >> 3 & 7;
    const unsigned sti = 1u << (modrm & 7);
    switch (opcode) {
    case 0xd9:
        return of_d9_registers(modrm);
    case 0xda: // FCMOVcc; FUCOMPP
        return modrm == 0xe9 ? popping(ST0 | ST1, 2) : group < 4 ? reading(ST0 | sti) : unused;
    case 0xdb: // FCMOVNcc; FUCOMI, FCOMI
        return group == 4 || group == 7 ? unused : reading(ST0 | sti);
    case 0xdd:
        return of_dd_registers(group, sti);
    case 0xde: // Arithmetic, FCOMP; FCOMPP
        return group != 3 ? popping(ST0 | sti, 1) : modrm == 0xd9 ? popping(ST0 | ST1, 2) : unused;
    case 0xdf:
        return of_df_registers(group, sti);
    default: // Arithmetic, FCOM; FCOMP
        return group == 3 ? popping(ST0 | sti, 1) : reading(ST0 | sti);
    }
}

// MMX registers have no prefix, but in MOVDQ2Q, MOVQ2DQ and the conversions of doubles.
static bool is_mmx_0f(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    const bool repeat = instruction->repeat_equal || instruction->repeat_not_equal;
    const bool memory = instruction->modrm < 0xc0;
    switch (opcode) {
    case 0x2a: // CVTPI2PS and CVTPI2PD, of a register alone
        return !repeat && !memory;
    case 0x2c:
    case 0x2d:
        return !repeat;
    case 0xd6:
        return repeat;
    case 0x6c: // Forms of XMM registers alone.
    case 0x6d:
    case 0x7c:
    case 0x7d:
    case 0xe6:
    case 0xf0:
        return false;
    case 0xd7: // PMOVMSKB, MASKMOVQ, PEXTRW: of registers
    case 0xf7:
    case 0xc5:
        return !repeat && !instruction->operand_prefix && !memory;
    default:
        break;
    }
    const bool range = (opcode >= 0x60 && opcode <= 0x7f && opcode != 0x78 && opcode != 0x79) ||
                       opcode == 0xc4 || (opcode >= 0xd1 && opcode <= 0xfe);
    return range && !repeat && !instruction->operand_prefix;
}

static bool is_mmx(const struct instruction *instruction) {
    const bool plain = !instruction->operand_prefix && !instruction->repeat_equal &&
                       !instruction->repeat_not_equal;
    switch (instruction->map) {
    case MAP_0F:
        return is_mmx_0f(instruction);
    case MAP_0F38:
        return plain && (instruction->opcode < 0x0c ||
                         (instruction->opcode >= 0x1c && instruction->opcode < 0x1f));
    case MAP_0F3A:
        return plain && instruction->opcode == 0x0f;
    default:
        return false;
    }
}

// The register that an MMX instruction writes, as a bit.
static unsigned mmx_written(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    const unsigned reg = 1u << (instruction->modrm >> 3 & 7);
    const unsigned rm = 1u << (instruction->modrm & 7);
    if (instruction->map != MAP_0F) {
        return reg;
    }
    switch (opcode) {
    case 0x2a: // CVTPI2PS, MOVD to others, PEXTRW, PMOVMSKB, MOVNTQ, MASKMOVQ
    case 0x7e:
    case 0xc5:
    case 0xd7:
    case 0xe7:
    case 0xf7:
        return 0;
    case 0x71: // Shifts by an immediate
    case 0x72:
    case 0x73:
        return rm;
    case 0x7f: // MOVQ
        return instruction->modrm >= 0xc0 ? rm : 0;
    case 0xd6: // MOVDQ2Q; MOVQ2DQ
        return instruction->repeat_not_equal ? reg : 0;
    default:
        return reg;
    }
}

static struct x87_use of_mmx(const struct instruction *instruction) {
    const bool lax = instruction->map != MAP_0F;
    return (struct x87_use){
        .kind = X87_MMX, .lax = lax, .written = (uint8_t)mmx_written(instruction)};
}

struct x87_use x87_use(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    if (instruction->vex) {
        return unused;
    }
    if (instruction->map == MAP_0F && opcode == 0x77) {
        return (struct x87_use){.kind = X87_EMPTY_ALL};
    }
    if (is_mmx(instruction)) {
        return of_mmx(instruction);
    }
    if (instruction->map != MAP_ONE_BYTE || (opcode & 0xf8) != 0xd8) {
        return unused;
    }
    return instruction->modrm < 0xc0 ? of_memory(opcode, instruction->modrm >> 3 & 7)
                                     : of_registers(opcode, instruction->modrm);
}

static unsigned rotate(unsigned registers, unsigned top) {
    return (registers << top | registers >> (X87_REGISTERS - top)) & 0xff;
}

static void know(struct x87_track *track, unsigned used, unsigned empty) {
    track->used = (uint8_t)((track->used & ~empty) | used);
    track->empty = (uint8_t)((track->empty & ~used) | empty);
}

static void want(struct x87_track *track, unsigned used, unsigned empty) {
    const unsigned never = (used & track->empty) | (empty & track->used);
    track->wanted_used |= (uint8_t)((used & ~track->used) | never);
    track->wanted_empty |= (uint8_t)((empty & ~track->empty) | never);
}

// TOP is 0 then, so that the numbers of the stack are those of the registers.
static void add_mmx(struct x87_track *track, const struct x87_use *use) {
    const bool first = !track->mmx;
    track->mmx = true;
    track->mmx_written |= use->written;
    track->wants_top |= first && (use->lax || use->kind == X87_EMPTY_ALL);
    track->wants_all |= first && use->lax;
    track->used = use->kind == X87_MMX ? 0xff : 0;
    track->empty = use->kind == X87_MMX ? 0 : 0xff;
    track->top = 0;
}

void x87_track_add(struct x87_track *track, const struct x87_use *use) {
    if (use->kind == X87_MMX || use->kind == X87_EMPTY_ALL) {
        add_mmx(track, use);
    } else if (use->kind == X87_STACK) {
        const unsigned pushed = use->pushes ? rotate(1u << (X87_REGISTERS - 1), track->top) : 0;
        const unsigned reads = rotate(use->reads, track->top);
        track->stack = true;
        want(track, reads, pushed);
        know(track, reads | pushed | rotate(use->fills, track->top), 0);
        know(track, 0, rotate(use->frees, track->top));
        track->top = (track->top + X87_REGISTERS + (unsigned)use->moves) % X87_REGISTERS;
    }
}

bool x87_track_divides(const struct x87_track *track, const struct x87_use *use) {
    if (use->kind != X87_MMX && use->kind != X87_EMPTY_ALL) {
        return false;
    }
    return track->stack || (use->lax && track->mmx && track->used != 0xff);
}
