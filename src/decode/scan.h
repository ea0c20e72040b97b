// SPDX-License-Identifier: MIT
//
// What the engine must not translate, or not in one block with what comes before it, as far as the
// instruction itself says so. Pure functions: any thread.

#ifndef ZIRCONIA_DECODE_SCAN_H
#define ZIRCONIA_DECODE_SCAN_H

#include "decode/instruction.h"

// Why a block of guest code ends before an instruction. All but the last are carried out, or
// refused, by this library.
enum cut {
    CUT_NONE,
    CUT_INVALID_OPCODE, // The processor that CPUID tells of does not have it.
    CUT_PORT_ACCESS,    // IN, OUT, INS, OUTS
    CUT_SYSTEM_CALL,    // SYSCALL, SYSRET, SYSENTER, SYSEXIT
    CUT_XSETBV,
    CUT_REPLACED, // The engine must not execute it: decode/replaced_form.h.
    CUT_CALL,     // Never cut before: the engine calls the library for it.
    CUT_HALT,     // Never cut before: HLT exits by itself, in the same way.
    CUT_BOUND,    // The block has become long enough; the engine goes on with the next.
};

// Must a block end before the instruction? `conditions` are bits of enum replaced_condition.
enum cut cut_before(const struct instruction *instruction, enum code_mode mode,
                    unsigned conditions);

// Does no block go on after the instruction? False where that depends on the engine.
bool ends_block(const struct instruction *instruction);

// Does no block of the engine's go on after the instruction, though ends_block() does not tell: it
// may repeat, or what it changes is looked at between blocks.
bool ends_engine_block(const struct instruction *instruction, enum code_mode mode);

// CMPXCHG8B and CMPXCHG16B take the flags that they keep from where the engine last stored them:
// right only where no instruction before them in the block has changed any.
bool takes_stored_flags(const struct instruction *instruction);

// What the engine's translator knows of the arithmetic flags, as far as it matters here.
enum known_flags {
    FLAGS_UNKNOWN,
    FLAGS_OF_RESULT,     // The result that they follow from.
    FLAGS_OF_DIFFERENCE, // Both operands of a subtraction, too.
};

// What it knows behind the instruction, if it knew that before it.
enum known_flags known_flags_behind(enum known_flags known, const struct instruction *instruction);

// Is it a SETcc to memory that the engine works out from what it knows, without making the flags
// first? Then those are not lost where the store faults, for which SETcc is replaced.
bool sets_by_known_flags(enum known_flags known, const struct instruction *instruction);

// Does the instruction leave alone what the engine knows of the arithmetic flags? False where that
// is not known; SETcc and CMOVcc work them out anew.
bool keeps_flags(const struct instruction *instruction);

#endif
