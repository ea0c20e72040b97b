// SPDX-License-Identifier: MIT
//
// The general registers of zx_vcpu_state_t by the number that instructions use, and the rules for
// writing a part of one.

#ifndef ZIRCONIA_DECODE_REGISTER_FILE_H
#define ZIRCONIA_DECODE_REGISTER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <zircon/syscalls/hypervisor.h>

enum { REGISTER_RAX = 0, REGISTER_RSI = 6, REGISTER_RDI = 7, REGISTER_COUNT = 16 };

_Static_assert(offsetof(zx_vcpu_state_t, rcx) == 1 * sizeof(uint64_t) &&
                   offsetof(zx_vcpu_state_t, rsi) == REGISTER_RSI * sizeof(uint64_t) &&
                   offsetof(zx_vcpu_state_t, r15) == 15 * sizeof(uint64_t),
               "the registers must lie in the order of their encoding");

// The low `size` bytes of `value`, the rest cleared.
static inline uint64_t low_bytes(uint64_t value, unsigned size) {
    return size >= 8 ? value : value & ((UINT64_C(1) << (8 * size)) - 1);
}

// `value` read as a signed number of `size` bytes.
static inline uint64_t sign_extended(uint64_t value, unsigned size) {
    uint64_t sign = UINT64_C(1) << (8 * size - 1);
    return (low_bytes(value, size) ^ sign) - sign;
}

static inline uint64_t read_register(const zx_vcpu_state_t *state, unsigned number) {
    uint64_t value;
    memcpy(&value, (const unsigned char *)state + number * sizeof(value), sizeof(value));
    return value;
}

// Writes the low `size` bytes of a register: 4 clear the upper half, 1 and 2 leave the rest.
static inline void write_register(zx_vcpu_state_t *state, unsigned number, unsigned size,
                                  uint64_t value) {
    uint64_t merged = low_bytes(value, size);
    if (size < 4) {
        uint64_t old = read_register(state, number);
        merged |= old ^ low_bytes(old, size);
    }
    memcpy((unsigned char *)state + number * sizeof(merged), &merged, sizeof(merged));
}

// AH, CH, DH and BH: the second byte of the registers 0 to 3.
static inline uint64_t read_high_byte(const zx_vcpu_state_t *state, unsigned number) {
    return (read_register(state, number) >> 8) & 0xFF;
}

static inline void write_high_byte(zx_vcpu_state_t *state, unsigned number, uint64_t value) {
    uint64_t old = read_register(state, number);
    write_register(state, number, 8, (old & ~UINT64_C(0xFF00)) | ((value & 0xFF) << 8));
}

#endif
