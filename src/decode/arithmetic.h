// SPDX-License-Identifier: MIT
//
// The integer operations of the instructions that the MMIO decoder knows, with the flags that they
// set. Pure functions.

#ifndef ZIRCONIA_DECODE_ARITHMETIC_H
#define ZIRCONIA_DECODE_ARITHMETIC_H

#include <stdint.h>

#include <zirconia/decode.h>

enum {
    FLAG_CARRY = 1 << 0,
    FLAG_PARITY = 1 << 2,
    FLAG_ADJUST = 1 << 4,
    FLAG_ZERO = 1 << 6,
    FLAG_SIGN = 1 << 7,
    FLAG_DIRECTION = 1 << 10,
    FLAG_OVERFLOW = 1 << 11,
    FLAGS_ARITHMETIC =
        FLAG_CARRY | FLAG_PARITY | FLAG_ADJUST | FLAG_ZERO | FLAG_SIGN | FLAG_OVERFLOW,
};

struct arithmetic {
    uint64_t result;        // low `size` bytes
    uint64_t flags;         // new values of the flags in changed_flags
    uint64_t changed_flags; // subset of FLAGS_ARITHMETIC
};

// `operation` on two operands of `size` bytes (1, 2, 4 or 8), whose higher bytes must be 0. Those
// with one operand take `left`; the bit operations take the bit's number as `right`, below 8 *
// size. For the operations that are no arithmetic (LOAD, STORE, EXCHANGE) the result is `left`.
// COMPARE_EXCHANGE gives the flags of comparing, EXCHANGE_ADD those of adding.
struct arithmetic arithmetic_apply(zirconia_mmio_operation_t operation, uint64_t left,
                                   uint64_t right, unsigned size, uint64_t rflags);

#endif
