// SPDX-License-Identifier: MIT
//
// The second half of an emulated memory access: what the instruction does with the device's value,
// in registers, in flags and back to the device. The first half is mmio_decode.c.

#include <zirconia/decode.h>

#include "decode/arithmetic.h"
#include "decode/register_file.h"

// Bit 1 of rflags asks zx_vcpu_write_state() to take the flags (hypervisor ABI 3.8).
static const uint64_t rflags_to_be_written = 1 << 1;

static bool is_operand_size(uint8_t size) {
    return size == 1 || size == 2 || size == 4 || size == 8;
}

// A client may hand in anything: nothing that is used as an index or a shift count may be trusted.
static bool is_sound(const zirconia_mmio_access_t *access) {
    unsigned operation = (unsigned)access->operation;
    unsigned direction = (unsigned)access->direction;
    bool known = operation <= ZIRCONIA_MMIO_BIT_COMPLEMENT && direction >= ZIRCONIA_MMIO_READ &&
                 direction <= ZIRCONIA_MMIO_READ_WRITE;
    bool bit = operation < ZIRCONIA_MMIO_BIT_TEST || access->value < UINT64_C(8) * access->size;
    bool target = access->register_size == 0 || is_operand_size(access->register_size);
    bool index = access->index_size == 0 || access->index_size == 2 || access->index_size == 4 ||
                 access->index_size == 8;

    return known && bit && is_operand_size(access->size) && target && index &&
           access->register_number < REGISTER_COUNT && access->index_register < REGISTER_COUNT;
}

static void write_target(const zirconia_mmio_access_t *access, zx_vcpu_state_t *state,
                         uint64_t value) {
    if (access->register_size == 0)
        return;
    if (access->high_byte)
        write_high_byte(state, access->register_number, value);
    else
        write_register(state, access->register_number, access->register_size, value);
}

static void set_flags(zx_vcpu_state_t *state, const struct arithmetic *arithmetic) {
    if (arithmetic->changed_flags == 0)
        return;
    state->rflags &= ~arithmetic->changed_flags;
    state->rflags |= arithmetic->flags | rflags_to_be_written;
}

static void step_index(const zirconia_mmio_access_t *access, zx_vcpu_state_t *state) {
    if (access->index_size == 0)
        return;
    uint64_t index = read_register(state, access->index_register);
    index += state->rflags & FLAG_DIRECTION ? -(uint64_t)access->size : access->size;
    write_register(state, access->index_register, access->index_size, index);
}

// Compares the accumulator; returns what is stored. The accumulator is written only when it
// differs, so that the upper half of RAX survives a success.
static uint64_t compare_exchange(const zirconia_mmio_access_t *access, uint64_t loaded,
                                 zx_vcpu_state_t *state) {
    uint64_t accumulator = low_bytes(state->rax, access->size);
    struct arithmetic compared =
        arithmetic_apply(access->operation, accumulator, loaded, access->size, state->rflags);

    set_flags(state, &compared);
    if (accumulator == loaded)
        return access->value;
    write_register(state, REGISTER_RAX, access->size, loaded);
    return loaded;
}

// Applies the operation; returns what is stored, should the instruction store.
static uint64_t apply(const zirconia_mmio_access_t *access, uint64_t loaded,
                      zx_vcpu_state_t *state) {
    uint64_t value = low_bytes(access->value, access->size);
    uint64_t left = access->value_first ? value : loaded;
    uint64_t right = access->value_first ? loaded : value;
    struct arithmetic arithmetic =
        arithmetic_apply(access->operation, left, right, access->size, state->rflags);

    set_flags(state, &arithmetic);
    switch (access->operation) {
    case ZIRCONIA_MMIO_LOAD:
        write_target(access, state,
                     access->sign_extend ? sign_extended(loaded, access->size) : loaded);
        return 0;
    case ZIRCONIA_MMIO_STORE:
        return value;
    case ZIRCONIA_MMIO_EXCHANGE:
        write_target(access, state, loaded);
        return value;
    case ZIRCONIA_MMIO_EXCHANGE_ADD:
        write_target(access, state, loaded);
        return arithmetic.result;
    default:
        write_target(access, state, arithmetic.result);
        return arithmetic.result;
    }
}

zx_status_t zirconia_mmio_complete(const zirconia_mmio_access_t *access, uint64_t device_value,
                                   zx_vcpu_state_t *state, uint64_t *store_value) {
    if (access == NULL || state == NULL || !is_sound(access))
        return ZX_ERR_INVALID_ARGS;
    bool reads = access->direction & ZIRCONIA_MMIO_READ;
    bool writes = access->direction & ZIRCONIA_MMIO_WRITE;
    if (writes && store_value == NULL)
        return ZX_ERR_INVALID_ARGS;

    uint64_t loaded = reads ? low_bytes(device_value, access->size) : 0;
    uint64_t stored = access->operation == ZIRCONIA_MMIO_COMPARE_EXCHANGE
                          ? compare_exchange(access, loaded, state)
                          : apply(access, loaded, state);
    step_index(access, state);
    if (store_value != NULL)
        *store_value = writes ? stored : 0;
    return ZX_OK;
}
