// SPDX-License-Identifier: MIT
//
// What an instruction does with the x87 register stack: which registers it wants in use or empty.
// Only of instructions that the engine executes, not of replaced ones (decode/replaced_form.h).
// Pure functions of their arguments: no state, no allocation, any thread.

#ifndef ZIRCONIA_DECODE_X87_USE_H
#define ZIRCONIA_DECODE_X87_USE_H

#include "decode/instruction.h"

#define X87_REGISTERS 8u

enum x87_kind {
    X87_UNUSED, // Neither needs nor changes the stack, as FNSTCW.
    X87_STACK,
    X87_MMX,       // TOP becomes 0, and all registers are in use.
    X87_EMPTY_ALL, // EMMS
};

struct x87_use {
    enum x87_kind kind;
    // A bit for each ST(i), numbered as before the instruction.
    uint8_t reads; // The registers that must be in use.
    uint8_t fills; // Registers of `reads` that may be empty. They are in use afterwards.
    uint8_t frees; // The registers that become empty.

    bool pushes;     // The instruction pushes, onto a register that must be empty.
    int8_t moves;    // What is added to TOP.
    uint8_t written; // MMX: the register that is written. Its exponent becomes all ones.
    bool lax;        // MMX: the engine leaves TOP and the tags alone.
};

// Instructions of all kinds but X87_UNUSED raise an exception that waits.
struct x87_use x87_use(const struct instruction *instruction);

// The register stack along a stretch of code. Bits are registers, numbered as ST(i) was where the
// stretch begins.
struct x87_track {
    uint8_t used;  // Registers that are known to be in use.
    uint8_t empty; // Registers that are known to be empty. A register may be neither.
    unsigned top;  // Which is ST(0) now.
    // What the code wants where it begins. A register that is wanted in both states is not wanted
    // in one that the code itself has brought it into.
    uint8_t wanted_used;
    uint8_t wanted_empty;
    bool stack;          // Some instruction uses the stack.
    bool mmx;            // Some instruction uses MMX registers, or is EMMS.
    uint8_t mmx_written; // Whose exponents must be all ones where the code begins.
    bool wants_top;      // TOP must be 0 there.
    bool wants_all;      // All registers must be in use there.
};

void x87_track_add(struct x87_track *track, const struct x87_use *use);

// What the engine leaves out of MMX instructions is done in advance, but not before one that uses
// the stack, or EMMS: is the instruction to begin another stretch?
bool x87_track_divides(const struct x87_track *track, const struct x87_use *use);

#endif
