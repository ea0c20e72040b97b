// SPDX-License-Identifier: MIT
//
// Instructions as text, by Capstone. Lengths are the length decoder's, which is what the engine
// goes by; where Capstone (4.0 does not know every encoding) disagrees, its text would be wrong and
// the bytes are shown instead.

#include <stdio.h>

#include <zirconia/decode.h>

#include "decode/code_mode.h"
#include "decode/decode.h"
#include "decode/disassembler.h"

static void write_bytes(const uint8_t *bytes, size_t length, char *text, size_t text_size) {
    size_t used = 0;
    for (size_t i = 0; i < length && used < text_size; i++) {
        int written = snprintf(text + used, text_size - used, "%s0x%02x", i == 0 ? ".byte " : ", ",
                               (unsigned)bytes[i]);
        used += (size_t)written;
    }
}

zx_status_t decode_text(const uint8_t *bytes, size_t size, zirconia_code_mode_t mode,
                        uint64_t address, char *text, size_t text_size, size_t *length) {
    enum code_mode code_mode;
    struct instruction instruction;

    if (bytes == NULL || text == NULL || text_size == 0 || !code_mode_from_public(mode, &code_mode))
        return ZX_ERR_INVALID_ARGS;
    zx_status_t status =
        instruction_status(decode_instruction(bytes, size, code_mode, &instruction));
    if (status != ZX_OK)
        return status;
    struct disassembler *disassembler = disassembler_take(code_mode);
    if (disassembler == NULL)
        return ZX_ERR_NO_MEMORY;
    if (disassembler_read(disassembler, bytes, instruction.length, address)) {
        const cs_insn *found = disassembler->instruction;
        (void)snprintf(text, text_size, "%s%s%s", found->mnemonic,
                       found->op_str[0] != '\0' ? " " : "", found->op_str);
    } else {
        write_bytes(bytes, instruction.length, text, text_size);
    }
    disassembler_give_back(disassembler);
    if (length != NULL)
        *length = instruction.length;
    return ZX_OK;
}

size_t zirconia_instruction_length(const uint8_t *bytes, size_t size, zirconia_code_mode_t mode) {
    enum code_mode code_mode;

    if (bytes == NULL || !code_mode_from_public(mode, &code_mode))
        return 0;
    return instruction_length(bytes, size, code_mode);
}
