// SPDX-License-Identifier: MIT
//
// The code, and the descriptor table that it loads.

#include "protected_mode.h"

#include "bytes.h"

#include <string.h>

enum { TABLE = 0x80, TABLE_POINTER = 0xa0, FAR_POINTER = 0xb0, CODE_32 = 0x10 };

// In 64-bit mode.
static const uint8_t leave_64_bit_code[] = {
    0x0f, 0x01, 0x14, 0x25, 0, 0, 0, 0, // lgdt [TABLE_POINTER]
    0xff, 0x2c, 0x25, 0,    0, 0, 0,    // jmp far [FAR_POINTER]
};

// In a 32-bit segment, first of long mode.
static const uint8_t leave_long_mode[] = {
    0x0f, 0x20, 0xc0,             // mov eax, cr0
    0x25, 0xff, 0xff, 0xff, 0x7f, // and eax, ~PG
    0x0f, 0x22, 0xc0,             // mov cr0, eax
    0x31, 0xc0,                   // xor eax, eax
    0x31, 0xd2,                   // xor edx, edx
    0xb9, 0x80, 0x00, 0x00, 0xc0, // mov ecx, EFER
    0x0f, 0x30,                   // wrmsr
    0x0f, 0x22, 0xe0,             // mov cr4, eax
    0xb0, 0x18,                   // mov al, the data segment
    0x8e, 0xd8,                   // mov ds, eax
    0x8e, 0xc0,                   // mov es, eax
    0x8e, 0xd0,                   // mov ss, eax
    0x8e, 0xe0,                   // mov fs, eax
    0x8e, 0xe8,                   // mov gs, eax
    0x31, 0xdb,                   // xor ebx, ebx
    0x31, 0xed,                   // xor ebp, ebp
    0x31, 0xff,                   // xor edi, edi
    0xb8, 0,    0,    0,    0,    // mov eax, the target
    0xff, 0xe0,                   // jmp eax
};

// Nothing, nothing, code at 0x10, data at 0x18, as the protocol has them.
static const uint64_t table[] = {0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff};

void protected_mode_write(uint8_t *memory, uint32_t address, uint32_t target) {
    uint8_t *at = memory + address;
    uint8_t *next = at + sizeof leave_64_bit_code;
    memset(at, 0, PROTECTED_MODE_SIZE);
    memcpy(at, leave_64_bit_code, sizeof leave_64_bit_code);
    put(at + 4, address + TABLE_POINTER, 4);
    put(at + 11, address + FAR_POINTER, 4);
    memcpy(next, leave_long_mode, sizeof leave_long_mode);
    put(next + sizeof leave_long_mode - 6, target, 4);
    for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
        put(at + TABLE + 8 * i, table[i], 8);
    }
    put(at + TABLE_POINTER, sizeof table - 1, 2);
    put(at + TABLE_POINTER + 2, address + TABLE, 8);
    put(at + FAR_POINTER, address + sizeof leave_64_bit_code, 4);
    put(at + FAR_POINTER + 4, CODE_32, 2);
}
