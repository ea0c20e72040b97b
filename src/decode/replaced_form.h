// SPDX-License-Identifier: MIT
//
// The instruction forms that the engine must not execute, because it computes them wrongly or ends
// the process in them. Blocks are cut before them, and engine/cpu/x86/replaced.c carries them out.
// Pure functions of their arguments: no state, no allocation, any thread.

#ifndef DECODE_REPLACED_FORM_H
#define DECODE_REPLACED_FORM_H

#include "decode/instruction.h"

enum replaced_form {
    REPLACED_NONE,
    REPLACED_COMPARE_STRINGS, // PCMPESTRI, PCMPESTRM; PCMPISTRI, PCMPISTRM in one of their modes
    REPLACED_HORIZONTAL,      // PHADDx, PHSUBx with one register twice
    REPLACED_DOT_PRODUCT,     // DPPS
    REPLACED_LOCK_NEG,
    REPLACED_MOVE_IMMEDIATE, // MOV of an immediate with REX.R
    REPLACED_FLAGS_OF_AH,    // LAHF and SAHF with REX
    REPLACED_SET_CONDITION,  // SETcc to memory
    REPLACED_ROTATE_CARRY,   // RCL, RCR in memory
    REPLACED_ENTER,
    REPLACED_LLDT,
    REPLACED_LTR,
    REPLACED_TABLE_REGISTER, // LGDT, LIDT in 64-bit code
    REPLACED_HINT,           // Prefetches of a register
    REPLACED_FAR_TRANSFER,   // CALL, JMP
    REPLACED_FAR_RETURN,     // RET, IRET
    REPLACED_LOAD_SEGMENT,   // MOV, POP, LSS, LFS, LGS to FS, GS, and in 64-bit code to SS
    REPLACED_NEAR_BRANCH,    // With an operand-size prefix that a processor ignores
    REPLACED_NEAR_RETURN,    // With such a prefix, or an operand of 0x8000 or more
    REPLACED_PUSHF,
    REPLACED_X87,       // Remainders, transcendental functions, constants, FXAM, FXTRACT, FSCALE
    REPLACED_X87_STORE, // FISTTP, FBSTP
    REPLACED_X87_STATE, // FNSTSW, FNSTENV, FNSAVE, FLDENV, FRSTOR, FNCLEX, FNINIT
    REPLACED_WAIT,
    REPLACED_MEDIA_STATE, // FXSAVE, FXRSTOR, LDMXCSR, STMXCSR, XSAVE, XSAVEOPT, XRSTOR
    REPLACED_FORM_COUNT,
};

// The conditions on the processor's mode under which a form is replaced.
enum replaced_condition {
    REPLACED_IF_PROTECTED = 1 << 0, // Protected mode, but not virtual-8086 mode
    REPLACED_IF_LEGACY = 1 << 1, // Protected mode outside of IA-32e mode, but not virtual-8086 mode
    REPLACED_IF_LONG = 1 << 2,   // IA-32e mode
    REPLACED_IF_RESUME = 1 << 3, // EFLAGS.RF is set
    REPLACED_IF_BIG_REAL = 1 << 4, // Real mode, with a stack of 32 bits from protected mode
};

// `conditions` are bits of enum replaced_condition.
enum replaced_form replaced_form(const struct instruction *instruction, enum code_mode mode,
                                 unsigned conditions);

#endif // DECODE_REPLACED_FORM_H
