// SPDX-License-Identifier: MIT
//
// Finds the first instruction in a run of straight-line code that the engine must stop before:
// IN, OUT, INS, OUTS, SYSCALL, SYSRET, SYSENTER, SYSEXIT and XSETBV, and where tasks can be
// switched far JMP, CALL and IRET, which the processor emulation cannot intercept by itself, and
// what it would run though the guest is owed an invalid-opcode fault. Called for each translation
// block, so it must be quick: a look at the bytes clears most blocks without decoding them. Pure
// function: any thread.

#ifndef ZIRCONIA_DECODE_SCAN_H
#define ZIRCONIA_DECODE_SCAN_H

#include "decode/instruction.h"

enum scan_result {
    SCAN_NONE,        // no such instruction begins in the bytes
    SCAN_INTERCEPT,   // one begins at `offset`
    SCAN_UNDECODABLE, // no instruction at `offset`; what follows was not looked at
    SCAN_TRUNCATED,   // the last instruction, at `offset`, runs beyond the bytes; none before it
};

struct code_scan {
    enum scan_result result;
    size_t offset;
    unsigned length; // of the instruction for SCAN_INTERCEPT, otherwise 0
};

// `bytes` must begin at an instruction boundary. SCAN_UNDECODABLE and SCAN_TRUNCATED are told only
// when the bytes had to be decoded: SCAN_NONE does not say that every instruction is a good one.
struct code_scan scan_code(const uint8_t *bytes, size_t size, enum code_mode mode,
                           bool far_transfers);

// An invalid opcode on the processor that CPUID tells of: LOCK where it may not be, VEX and EVEX,
// and what is not advertised.
bool is_refused(const struct instruction *instruction);

bool is_far_transfer(const struct instruction *instruction);

#endif
