// SPDX-License-Identifier: MIT
//
// What an IN, OUT, INS or OUTS instruction asks for (hypervisor ABI 5.4). Decoding only: the port
// number of the forms with DX, and the permission checks, need the registers and are the engine's.

#ifndef ZIRCONIA_DECODE_PORT_ACCESS_H
#define ZIRCONIA_DECODE_PORT_ACCESS_H

#include "decode/instruction.h"

struct port_access {
    bool input;             // IN or INS
    bool string;            // INS or OUTS
    bool repeat;            // F2 or F3; the processor honours it on the string forms only
    bool immediate_port;    // the port is port_immediate, otherwise DX
    uint8_t port_immediate; // 0 without immediate_port
    uint8_t access_size;    // 1, 2 or 4
    uint8_t length;         // of the instruction
    uint8_t address_size;   // 2, 4 or 8: width of SI or DI and CX of the string forms
    // OUTS reads DS:SI unless overridden; INS always writes ES:DI, whatever this says.
    enum segment_override segment;
};

// False when the bytes do not begin with a whole instruction of this kind; `out` is then untouched.
bool decode_port_access(const uint8_t *bytes, size_t size, enum code_mode mode,
                        struct port_access *out);

// decode_port_access() for an instruction that is decoded already.
bool port_access_of(const struct instruction *instruction, const uint8_t *bytes,
                    struct port_access *out);

#endif
