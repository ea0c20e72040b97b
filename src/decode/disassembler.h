// SPDX-License-Identifier: MIT
//
// Capstone, set up and ready: the one place that opens it. A handle must not be used by two threads
// at once, and opening one for each instruction costs 4 us with Capstone 4, which builds a table at
// the first instruction, against 0.2 us for the instruction itself. So the last one that was given
// back is kept for the next caller, one for each code mode, taken and left by an atomic exchange:
// nobody waits, and who finds none opens one.

#ifndef ZIRCONIA_DECODE_DISASSEMBLER_H
#define ZIRCONIA_DECODE_DISASSEMBLER_H

#include <capstone/capstone.h>

#include "decode/instruction.h"

struct disassembler {
    csh handle;
    cs_insn *instruction; // what disassembler_read() found, with details
    enum code_mode mode;
};

// NULL when memory is short.
struct disassembler *disassembler_take(enum code_mode mode);
void disassembler_give_back(struct disassembler *disassembler);

// False unless Capstone sees one instruction of exactly `length` bytes, as if it lay at `address`.
// The length decoder says what the length is: where Capstone disagrees, it is wrong.
bool disassembler_read(struct disassembler *disassembler, const uint8_t *bytes, size_t length,
                       uint64_t address);

#endif
