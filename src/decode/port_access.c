// SPDX-License-Identifier: MIT
//
// Decoding of the port instructions E4-E7, EC-EF and 6C-6F. In all of them bit 0 of the opcode
// chooses the byte form or the operand-size form, and bit 1 chooses input or output.

#include "decode/port_access.h"

bool port_access_of(const struct instruction *instruction, const uint8_t *bytes,
                    struct port_access *out) {
    if (instruction->map != MAP_ONE_BYTE)
        return false;
    uint8_t opcode = instruction->opcode;
    bool string = (opcode & 0xFC) == 0x6C;
    if (!string && (opcode & 0xF4) != 0xE4)
        return false;

    bool immediate = (opcode & 0xFC) == 0xE4;
    uint8_t wide = instruction->operand_size == 2 ? 2 : 4; // REX.W changes nothing: no 8-byte port
    *out = (struct port_access){
        .input = !(opcode & 2),
        .string = string,
        .repeat = instruction->repeat_equal || instruction->repeat_not_equal,
        .immediate_port = immediate,
        .port_immediate = immediate ? bytes[instruction->immediate_offset] : 0,
        .access_size = opcode & 1 ? wide : 1,
        .length = instruction->length,
        .address_size = instruction->address_size,
        .segment = instruction->segment,
    };
    return true;
}

bool decode_port_access(const uint8_t *bytes, size_t size, enum code_mode mode,
                        struct port_access *out) {
    struct instruction instruction;
    return decode_instruction(bytes, size, mode, &instruction) == INSTRUCTION_OK &&
           port_access_of(&instruction, bytes, out);
}
