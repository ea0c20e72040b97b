// SPDX-License-Identifier: MIT
//
// Integer operations and flags. Carries and overflow come from the sign bits of the operands and
// the result, so that one rule serves every operand size.

#include "decode/arithmetic.h"

#include "decode/register_file.h"

static uint64_t sign_bit(unsigned size) {
    return UINT64_C(1) << (8 * size - 1);
}

static uint64_t flag_if(bool condition, uint64_t flag) {
    return condition ? flag : 0;
}

static uint64_t result_flags(uint64_t result, unsigned size) {
    uint8_t low = (uint8_t)result;
    low ^= (uint8_t)(low >> 4);
    low ^= (uint8_t)(low >> 2);
    low ^= (uint8_t)(low >> 1);
    return flag_if(!(low & 1), FLAG_PARITY) | flag_if(result == 0, FLAG_ZERO) |
           flag_if(result & sign_bit(size), FLAG_SIGN);
}

static struct arithmetic add(uint64_t left, uint64_t right, uint64_t carry, unsigned size) {
    uint64_t result = low_bytes(left + right + carry, size);
    uint64_t carries = (left & right) | ((left | right) & ~result);
    uint64_t overflow = (left ^ result) & (right ^ result);

    return (struct arithmetic){
        .result = result,
        .flags = result_flags(result, size) | flag_if(carries & sign_bit(size), FLAG_CARRY) |
                 ((left ^ right ^ result) & FLAG_ADJUST) |
                 flag_if(overflow & sign_bit(size), FLAG_OVERFLOW),
        .changed_flags = FLAGS_ARITHMETIC,
    };
}

static struct arithmetic subtract(uint64_t left, uint64_t right, uint64_t borrow, unsigned size) {
    uint64_t result = low_bytes(left - right - borrow, size);
    uint64_t borrows = (~left & right) | ((~left | right) & result);
    uint64_t overflow = (left ^ right) & (left ^ result);

    return (struct arithmetic){
        .result = result,
        .flags = result_flags(result, size) | flag_if(borrows & sign_bit(size), FLAG_CARRY) |
                 ((left ^ right ^ result) & FLAG_ADJUST) |
                 flag_if(overflow & sign_bit(size), FLAG_OVERFLOW),
        .changed_flags = FLAGS_ARITHMETIC,
    };
}

static struct arithmetic logic(uint64_t result, unsigned size) {
    return (struct arithmetic){
        .result = result,
        .flags = result_flags(result, size),
        .changed_flags = FLAGS_ARITHMETIC,
    };
}

static struct arithmetic keeping_carry(struct arithmetic arithmetic) {
    arithmetic.flags &= ~(uint64_t)FLAG_CARRY;
    arithmetic.changed_flags &= ~(uint64_t)FLAG_CARRY;
    return arithmetic;
}

// The bit operations differ in the result alone: each puts the old bit into the carry flag.
static struct arithmetic bit_operation(uint64_t left, uint64_t bit, uint64_t result) {
    return (struct arithmetic){
        .result = result,
        .flags = flag_if((left >> bit) & 1, FLAG_CARRY),
        .changed_flags = FLAG_CARRY,
    };
}

static uint64_t bit_mask(uint64_t bit) {
    return UINT64_C(1) << (bit & 63);
}

struct arithmetic arithmetic_apply(zirconia_mmio_operation_t operation, uint64_t left,
                                   uint64_t right, unsigned size, uint64_t rflags) {
    uint64_t carry = rflags & FLAG_CARRY;

    switch (operation) {
    case ZIRCONIA_MMIO_ADD:
    case ZIRCONIA_MMIO_EXCHANGE_ADD:
        return add(left, right, 0, size);
    case ZIRCONIA_MMIO_ADC:
        return add(left, right, carry, size);
    case ZIRCONIA_MMIO_SUB:
    case ZIRCONIA_MMIO_COMPARE:
    case ZIRCONIA_MMIO_COMPARE_EXCHANGE:
        return subtract(left, right, 0, size);
    case ZIRCONIA_MMIO_SBB:
        return subtract(left, right, carry, size);
    case ZIRCONIA_MMIO_AND:
    case ZIRCONIA_MMIO_TEST:
        return logic(left & right, size);
    case ZIRCONIA_MMIO_OR:
        return logic(left | right, size);
    case ZIRCONIA_MMIO_XOR:
        return logic(left ^ right, size);
    case ZIRCONIA_MMIO_NEGATE:
        return subtract(0, left, 0, size);
    case ZIRCONIA_MMIO_INCREMENT:
        return keeping_carry(add(left, 1, 0, size));
    case ZIRCONIA_MMIO_DECREMENT:
        return keeping_carry(subtract(left, 1, 0, size));
    case ZIRCONIA_MMIO_NOT:
        return (struct arithmetic){.result = low_bytes(~left, size)};
    case ZIRCONIA_MMIO_BIT_TEST:
        return bit_operation(left, right, left);
    case ZIRCONIA_MMIO_BIT_SET:
        return bit_operation(left, right, left | bit_mask(right));
    case ZIRCONIA_MMIO_BIT_RESET:
        return bit_operation(left, right, left & ~bit_mask(right));
    case ZIRCONIA_MMIO_BIT_COMPLEMENT:
        return bit_operation(left, right, left ^ bit_mask(right));
    case ZIRCONIA_MMIO_LOAD:
    case ZIRCONIA_MMIO_STORE:
    case ZIRCONIA_MMIO_EXCHANGE:
        break;
    }
    return (struct arithmetic){.result = left};
}
