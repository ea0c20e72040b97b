// SPDX-License-Identifier: MIT
//
// The instruction forms of the differential test: a table of encodings, and its expansion into one
// form for each width, pair of registers, memory operand, immediate and LOCK.

#ifndef TESTS_ORACLE_FORMS_H
#define TESTS_ORACLE_FORMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CF 0x001u
#define PF 0x004u
#define AF 0x010u
#define ZF 0x040u
#define SF 0x080u
#define DF 0x400u
#define OF 0x800u
#define STATUS_FLAGS (CF | PF | AF | ZF | SF | OF)

// The condition codes of the x87 status word.
#define C0 0x0100u
#define C1 0x0200u
#define C2 0x0400u
#define C3 0x4000u

// Widths of the operand; NO_WIDTH has neither 66 nor REX.W.
enum { NO_WIDTH = 1, W8 = 2, W16 = 4, W32 = 8, W64 = 16, WV = W16 | W32 | W64, WY = W32 | W64 };

// What ModRM may name.
enum { REG = 1, MEM = 2, RM = REG | MEM };

// The registers that ModRM names, where they are not general ones.
enum file { GENERAL, MMX, XMM };

#define UNDEFINED "0F 0B"

// What the state must have, or the flags that depend on a count.
enum kind {
    ANY,
    SHIFT,        // SHL, SHR, SAR: by an immediate, 1 or CL
    ROTATE,       // ROL, ROR, RCL, RCR
    DOUBLE_SHIFT, // SHLD, SHRD, by at most 15
    DIVIDE,       // a dividend that mostly fits
    BIT_OFFSET,   // a bit number in a register that stays in the case's memory
    STRING,       // RSI and RDI point to memory, RCX is small
    POP_FLAGS,    // no flag on the stack that would end the test
    TARGET,       // [RBX], [RSP] and RCX hold the address to go on at
    SINGLE,       // vectors of single precision
    DOUBLE,       // vectors of double precision
    LENGTHS,      // RAX and RDX are lengths of strings
    X87,
    ENVIRONMENT, // stores pointers to the last x87 instruction
    FX_IMAGE,    // loads what RBX points at
};

struct row {
    const char *name;
    const char *encoding; // bytes; /r or /digit; ib, iw, id, iz; +r, +i; skip: over two bytes
    uint8_t widths;
    uint8_t operands;
    enum kind kind;
    enum file file;
    uint16_t undefined;   // flags that the manual leaves undefined, or x87 condition codes
    uint8_t immediates;   // how many values of ib are tried; 0: two
    bool legacy;          // 32-bit code
    bool optional;        // a host may lack it
    const char *means;    // what it is for a processor of docs/cpu.md, where hosts may have more
    uint16_t largest;     // exponent of ST(0) for which the result is defined; 0: any
    bool approximate;     // x87: the last bit of a result may differ
    uint8_t ignored_from; // bytes of the memory operand that are not compared
    uint8_t ignored_to;
};

enum { FORM_SIZE = 24 };

struct form {
    const struct row *row;
    uint8_t bytes[FORM_SIZE];
    uint8_t host_bytes[FORM_SIZE]; // differs only where the row says what it means
    uint8_t size;
    uint8_t host_size;
    uint8_t width; // in bytes; 0 without one
    uint8_t immediate;
    bool memory;
    bool beyond;          // an MMX register with REX.R
    uint8_t displacement; // of the memory operand from RBX
    uint32_t address;     // of its slot
};

// All forms of the table; `count` says how many.
struct form *forms_make(size_t *count);

#endif // TESTS_ORACLE_FORMS_H
