// SPDX-License-Identifier: MIT
//
// Writes guest code of 64, 32 or 16 bits: what differs between them in encoding is here.

#ifndef RANDOM_GUEST_CODE_H
#define RANDOM_GUEST_CODE_H

#include "image.h"

struct code {
    struct image *image;
    uint32_t at;
    uint32_t end; // Nothing is written from here on.
    unsigned bits;
};

// Registers, as encoded.
enum { AX, CX, DX, BX, SP, BP, SI, DI };

void code_byte(struct code *code, unsigned byte);
void code_bytes(struct code *code, const void *bytes, size_t size);
#define CODE(code, text) code_bytes((code), (text), sizeof(text) - 1)

void code_number(struct code *code, uint64_t value, unsigned bytes);

// Writes NOPs up to a multiple of `alignment`.
void code_align(struct code *code, unsigned alignment);

// Writes the prefix, if there must be one, of an instruction whose operand shall have 32 bits.
void code_operand_32(struct code *code);

// Loads the register, of 64 bits in 64-bit code and of 32 otherwise, without a change of the flags.
void code_load(struct code *code, unsigned reg, uint64_t value);

// Stores an immediate of 1, 2 or 4 bytes at a linear address below 2 GiB; DS is flat.
void code_store(struct code *code, uint32_t address, uint32_t value, unsigned bytes);

void code_set_control(struct code *code, unsigned number, uint64_t value);
void code_set_msr(struct code *code, uint32_t msr, uint64_t value);

// Pushes a word of the stack's width; a value beyond 31 bits goes through RAX.
void code_push(struct code *code, uint64_t value);

// Write RETF and IRET with operands of 64 bits in 64-bit code and of 32 otherwise.
void code_far_return(struct code *code);
void code_interrupt_return(struct code *code);

#endif // RANDOM_GUEST_CODE_H
