// SPDX-License-Identifier: MIT
//
// Help for a VMM that answers memory traps. A ZX_PKT_TYPE_GUEST_MEM packet of zx_vcpu_enter() names
// the address and the instruction, but not the data: the VMM fetches the instruction_size bytes at
// rip through cr3, and has to work out what they read or write. The calls here do that, change the
// registers as the instruction would, and disassemble instructions for people.
//
//     zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof(state));
//     zirconia_mmio_decode(bytes, size, mode, &state, &access);
//     if (access.direction & ZIRCONIA_MMIO_READ)
//         loaded = device_read(address, access.size);
//     zirconia_mmio_complete(&access, loaded, &state, &stored);
//     if (access.direction & ZIRCONIA_MMIO_WRITE)
//         device_write(address, access.size, stored);
//     zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof(state));
//
// The run call has already moved the guest past the instruction. Nothing here keeps state but idle
// disassemblers (Capstone's) for the next call, and every call may be made from any thread.

#ifndef ZIRCONIA_DECODE_H_
#define ZIRCONIA_DECODE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zircon/syscalls/hypervisor.h>
#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// How the guest's code segment makes the processor read instructions. A packet whose
// default_operand_size is 2 means ZIRCONIA_CODE_16. 4 means 64-bit or 32-bit code, and the packet
// does not tell which: take ZIRCONIA_CODE_64 for a guest in long mode, unless the VMM knows that
// the guest is running a 32-bit program.
typedef enum zirconia_code_mode {
    ZIRCONIA_CODE_16 = 16,
    ZIRCONIA_CODE_32 = 32,
    ZIRCONIA_CODE_64 = 64
} zirconia_code_mode_t;

// What the device sees: bit 0 a read of `size` bytes, bit 1 a write of `size` bytes; with both, the
// read comes first.
typedef enum zirconia_mmio_direction {
    ZIRCONIA_MMIO_READ = 1,
    ZIRCONIA_MMIO_WRITE = 2,
    ZIRCONIA_MMIO_READ_WRITE = 3
} zirconia_mmio_direction_t;

// What the instruction does with the device's value and its other operand.
typedef enum zirconia_mmio_operation {
    ZIRCONIA_MMIO_LOAD,             // MOV, MOVZX, MOVSX, MOVSXD, LODS
    ZIRCONIA_MMIO_STORE,            // MOV, MOVNTI, STOS
    ZIRCONIA_MMIO_EXCHANGE,         // XCHG
    ZIRCONIA_MMIO_COMPARE_EXCHANGE, // CMPXCHG: writes in any case, the old value when it differs
    ZIRCONIA_MMIO_EXCHANGE_ADD,     // XADD
    ZIRCONIA_MMIO_ADD,
    ZIRCONIA_MMIO_OR,
    ZIRCONIA_MMIO_ADC,
    ZIRCONIA_MMIO_SBB,
    ZIRCONIA_MMIO_AND,
    ZIRCONIA_MMIO_SUB,
    ZIRCONIA_MMIO_XOR,
    ZIRCONIA_MMIO_COMPARE, // CMP, SCAS
    ZIRCONIA_MMIO_TEST,
    ZIRCONIA_MMIO_NOT,
    ZIRCONIA_MMIO_NEGATE,
    ZIRCONIA_MMIO_INCREMENT,
    ZIRCONIA_MMIO_DECREMENT,
    ZIRCONIA_MMIO_BIT_TEST,
    ZIRCONIA_MMIO_BIT_SET,
    ZIRCONIA_MMIO_BIT_RESET,
    ZIRCONIA_MMIO_BIT_COMPLEMENT
} zirconia_mmio_operation_t;

// One access, as zirconia_mmio_decode() found it. Registers are numbered as instructions encode
// them: 0 RAX, 1 RCX, 2 RDX, 3 RBX, 4 RSP, 5 RBP, 6 RSI, 7 RDI, 8 to 15 R8 to R15.
typedef struct zirconia_mmio_access {
    // The operand that is not the device, in the low `size` bytes, the rest 0: for a store the
    // value to be stored; for arithmetic the register or the immediate, sign-extended to `size`
    // before; for the bit operations the number of the bit, below 8 * size; 0 where there is none.
    uint64_t value;
    zirconia_mmio_operation_t operation;
    zirconia_mmio_direction_t direction;
    uint8_t instruction_length; // bytes, 1 to 15
    uint8_t size;               // bytes that the device sees: 1, 2, 4 or 8
    // The register that the instruction changes, when register_size is not 0: its number and how
    // many bytes of it are written. A load whose register_size exceeds size extends, with zeros or
    // with the sign.
    uint8_t register_number;
    uint8_t register_size; // bytes: 0, 1, 2, 4 or 8
    bool high_byte;        // AH, CH, DH or BH, of register_number 0 to 3
    bool sign_extend;
    bool value_first; // the value, not the device's, is the left operand of the operation
    // String instructions step this register, RSI or RDI, by `size`, when index_size is not 0.
    uint8_t index_register;
    uint8_t index_size; // bytes of the index register in use: 0, 2, 4 or 8
} zirconia_mmio_access_t;

// Finds out what the instruction at `bytes` does to the memory that it trapped on. `state` gives
// the registers as zx_vcpu_read_state() returns them; `size` may exceed the instruction's length.
//
// Known, in all operand sizes: MOV to and from memory (register, immediate, and the forms with an
// absolute address), MOVZX, MOVSX, MOVSXD, MOVNTI; ADD, OR, ADC, SBB, AND, SUB, XOR, CMP and TEST
// both ways; NOT, NEG, INC, DEC; BT, BTS, BTR, BTC; XCHG, XADD, CMPXCHG; STOS, LODS, SCAS. A LOCK
// prefix is accepted: the VMM sees to it that the read and the write are not torn apart.
//
// Not known: any string instruction with a REP prefix; MOVS and CMPS, which have two memory
// operands of which the packet tells only one; instructions that also use the stack; x87, MMX, SSE
// and later registers; shifts, multiplication and division; CMOVcc, SETcc, MOVBE and CMPXCHG8B/16B;
// segment registers; instructions that have no memory operand.
//
// A call that fails leaves *out as it is.
// Errors:
//   ZX_ERR_INVALID_ARGS      when a pointer is NULL, or mode is unknown
//   ZX_ERR_BUFFER_TOO_SMALL  when the instruction goes on beyond the bytes
//   ZX_ERR_NOT_SUPPORTED     when the bytes are no instruction, or not one of the known forms
//   ZX_ERR_NO_MEMORY         when the disassembler cannot be set up
ZIRCONIA_EXPORT zx_status_t zirconia_mmio_decode(const uint8_t *bytes, size_t size,
                                                 zirconia_code_mode_t mode,
                                                 const zx_vcpu_state_t *state,
                                                 zirconia_mmio_access_t *out);

// Does the rest of the instruction's work once the device has been read. device_value is what it
// gave, of which the low access->size bytes count; it is ignored when the access does not read.
// `state` is the one that was decoded with, and is changed in place: the destination register (a
// 32-bit result clears the upper half, an 8-bit or 16-bit one leaves the rest), the index register
// of a string instruction, and the arithmetic flags where the instruction sets them. Undefined
// flags are 0, or unchanged for the bit operations. Bit 1 of state->rflags is set when, and only
// when, flags were changed, which is what makes zx_vcpu_write_state() take them.
//
// *store_value receives the value to write to the device, in the low access->size bytes, the rest
// 0; 0 when the access does not write. store_value may be NULL in that case.
//
// A call that fails changes nothing.
// Errors:
//   ZX_ERR_INVALID_ARGS  when a pointer that is needed is NULL, and when *access holds what
//                        zirconia_mmio_decode() never produces
ZIRCONIA_EXPORT zx_status_t zirconia_mmio_complete(const zirconia_mmio_access_t *access,
                                                   uint64_t device_value, zx_vcpu_state_t *state,
                                                   uint64_t *store_value);

// The length in bytes, 1 to 15, of the instruction at `bytes`. 0 when it goes on beyond `size`
// bytes, when the bytes are no instruction, when `bytes` is NULL, or when mode is unknown. Whether
// the operands are valid is not checked. The encodings of the processor that the library offers,
// VEX and EVEX are known; XOP is not.
ZIRCONIA_EXPORT size_t zirconia_instruction_length(const uint8_t *bytes, size_t size,
                                                   zirconia_code_mode_t mode);

// Writes the instruction at `bytes` to `text` in Intel's syntax, as if it lay at `address` (the
// target of relative branches depends on it). The text is cut to text_size bytes, terminator
// included. An instruction that the disassembler cannot put into words comes out as the
// directive .byte. *length, unless NULL, receives the length in bytes. A call that fails leaves
// *text and *length as they are.
//
// Errors:
//   ZX_ERR_INVALID_ARGS      when bytes or text is NULL, text_size is 0, or mode is unknown
//   ZX_ERR_BUFFER_TOO_SMALL  when the instruction goes on beyond the bytes
//   ZX_ERR_NOT_SUPPORTED     when the bytes are no instruction
//   ZX_ERR_NO_MEMORY         when the disassembler cannot be set up
ZIRCONIA_EXPORT zx_status_t zirconia_disassemble(const uint8_t *bytes, size_t size,
                                                 zirconia_code_mode_t mode, uint64_t address,
                                                 char *text, size_t text_size, size_t *length);

ZIRCONIA_END_C

#endif // ZIRCONIA_DECODE_H_
