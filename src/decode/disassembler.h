// SPDX-License-Identifier: MIT
//
// Capstone, set up and ready: the one place that opens it. A handle must not be used by two threads
// at once, and opening one for each instruction costs 4 us with Capstone 4, which builds a table at
// the first instruction, against 0.2 us for the instruction itself. So the last one that was given
// back is kept for the next caller, one for each code mode, taken and left by an atomic exchange:
// no thread waits, and a thread that finds none opens one.
//
// A disassembler keeps the last instructions that it read. A device driver makes its accesses by
// few instructions, so a VMM that decodes them asks for the same ones again and again.

#ifndef ZIRCONIA_DECODE_DISASSEMBLER_H
#define ZIRCONIA_DECODE_DISASSEMBLER_H

#include <capstone/capstone.h>

#include "decode/instruction.h"

struct kept_instruction {
    uint8_t bytes[INSTRUCTION_MAX_LENGTH];
    uint8_t length; // 0 while nothing is kept
    uint64_t address;
    cs_insn *found;
};

#define KEPT_INSTRUCTIONS 8

struct disassembler {
    csh handle;
    const cs_insn *instruction; // what disassembler_read() found, with details
    enum code_mode mode;
    unsigned oldest; // of the kept ones
    struct kept_instruction kept[KEPT_INSTRUCTIONS];
};

// NULL when memory is short.
struct disassembler *disassembler_take(enum code_mode mode);
void disassembler_give_back(struct disassembler *disassembler);

// False unless Capstone sees one instruction of exactly `length` bytes, as if it lay at `address`.
// The length decoder says what the length is: where Capstone disagrees, it is wrong.
bool disassembler_read(struct disassembler *disassembler, const uint8_t *bytes, size_t length,
                       uint64_t address);

#endif
