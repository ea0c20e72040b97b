// SPDX-License-Identifier: MIT
//
// Guest code.

#include "code.h"

void code_bytes(struct code *code, const void *bytes, size_t size) {
    if (code->at + size <= code->end) {
        image_put(code->image, code->at, bytes, size);
        code->at += (uint32_t)size;
    }
}

void code_byte(struct code *code, unsigned byte) {
    if (code->at < code->end) {
        code->image->bytes[code->at++] = (uint8_t)byte;
    }
}

void code_number(struct code *code, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) {
        code_byte(code, (unsigned)(value >> (8 * i)) & 0xff);
    }
}

void code_align(struct code *code, unsigned alignment) {
    for (unsigned count = (alignment - code->at % alignment) % alignment; count > 0; count--) {
        code_byte(code, 0x90);
    }
}

void code_operand_32(struct code *code) {
    if (code->bits == 16) {
        code_byte(code, 0x66);
    }
}

void code_load(struct code *code, unsigned reg, uint64_t value) {
    if (code->bits == 64 && value >> 32 != 0) {
        code_byte(code, 0x48);
        code_byte(code, 0xb8 + reg);
        code_number(code, value, 8);
        return;
    }
    code_operand_32(code);
    code_byte(code, 0xb8 + reg);
    code_number(code, value, 4);
}

void code_store(struct code *code, uint32_t address, uint32_t value, unsigned bytes) {
    if (code->bits == 16) {
        code_byte(code, 0x67);
    }
    if ((bytes == 2 && code->bits != 16) || (bytes == 4 && code->bits == 16)) {
        code_byte(code, 0x66);
    }
    code_byte(code, bytes == 1 ? 0xc6 : 0xc7);
    if (code->bits == 64) {
        CODE(code, "\x04\x25"); // Absolute, not relative to RIP.
    } else {
        code_byte(code, 0x05);
    }
    code_number(code, address, 4);
    code_number(code, value, bytes);
}

void code_set_control(struct code *code, unsigned number, uint64_t value) {
    code_load(code, AX, value);
    CODE(code, "\x0f\x22");
    code_byte(code, 0xc0 | number << 3);
}

void code_set_msr(struct code *code, uint32_t msr, uint64_t value) {
    code_load(code, CX, msr);
    code_load(code, AX, (uint32_t)value);
    code_load(code, DX, value >> 32);
    CODE(code, "\x0f\x30");
}

void code_push(struct code *code, uint64_t value) {
    if (code->bits == 64 && value >> 31 != 0) {
        code_load(code, AX, value);
        code_byte(code, 0x50);
        return;
    }
    code_operand_32(code);
    code_byte(code, 0x68);
    code_number(code, value, 4);
}

static void wide(struct code *code) {
    if (code->bits == 64) {
        code_byte(code, 0x48);
    }
    code_operand_32(code);
}

void code_far_return(struct code *code) {
    wide(code);
    code_byte(code, 0xcb);
}

void code_interrupt_return(struct code *code) {
    wide(code);
    code_byte(code, 0xcf);
}
