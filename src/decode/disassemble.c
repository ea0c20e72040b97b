// SPDX-License-Identifier: MIT
//
// Instructions as text, by Capstone. A handle is opened for each call: that costs some microseconds
// and needs neither locks nor anything to be freed when a thread or the process ends. Lengths are
// the length decoder's, which is what the engine goes by; where Capstone (4.0 does not know every
// encoding) disagrees, its text would be wrong and the bytes are shown instead.

#include <capstone/capstone.h>
#include <stdio.h>

#include <zirconia/decode.h>

#include "decode/code_mode.h"

static cs_mode capstone_mode(enum code_mode mode) {
    switch (mode) {
    case CODE_16:
        return CS_MODE_16;
    case CODE_32:
        return CS_MODE_32;
    case CODE_64:
        break;
    }
    return CS_MODE_64;
}

static void write_bytes(const uint8_t *bytes, size_t length, char *text, size_t text_size) {
    size_t used = 0;
    for (size_t i = 0; i < length && used < text_size; i++) {
        int written = snprintf(text + used, text_size - used, "%s0x%02x", i == 0 ? ".byte " : ", ",
                               (unsigned)bytes[i]);
        used += (size_t)written;
    }
}

static zx_status_t disassemble_with(csh handle, const uint8_t *bytes, size_t length,
                                    uint64_t address, char *text, size_t text_size) {
    cs_insn *instruction = cs_malloc(handle);
    if (instruction == NULL)
        return ZX_ERR_NO_MEMORY;

    const uint8_t *next = bytes;
    size_t left = length;
    if (cs_disasm_iter(handle, &next, &left, &address, instruction) && left == 0) {
        bool operands = instruction->op_str[0] != '\0';
        (void)snprintf(text, text_size, "%s%s%s", instruction->mnemonic, operands ? " " : "",
                       instruction->op_str);
    } else {
        write_bytes(bytes, length, text, text_size);
    }
    cs_free(instruction, 1);
    return ZX_OK;
}

zx_status_t zirconia_disassemble(const uint8_t *bytes, size_t size, zirconia_code_mode_t mode,
                                 uint64_t address, char *text, size_t text_size, size_t *length) {
    enum code_mode code_mode;
    struct instruction instruction;
    csh handle;

    if (bytes == NULL || text == NULL || text_size == 0 || !code_mode_from_public(mode, &code_mode))
        return ZX_ERR_INVALID_ARGS;
    switch (decode_instruction(bytes, size, code_mode, &instruction)) {
    case INSTRUCTION_TRUNCATED:
        return ZX_ERR_BUFFER_TOO_SMALL;
    case INSTRUCTION_UNDEFINED:
        return ZX_ERR_NOT_SUPPORTED;
    case INSTRUCTION_OK:
        break;
    }
    if (cs_open(CS_ARCH_X86, capstone_mode(code_mode), &handle) != CS_ERR_OK)
        return ZX_ERR_NO_MEMORY;
    zx_status_t status =
        disassemble_with(handle, bytes, instruction.length, address, text, text_size);
    (void)cs_close(&handle);
    if (status == ZX_OK && length != NULL)
        *length = instruction.length;
    return status;
}

size_t zirconia_instruction_length(const uint8_t *bytes, size_t size, zirconia_code_mode_t mode) {
    enum code_mode code_mode;

    if (bytes == NULL || !code_mode_from_public(mode, &code_mode))
        return 0;
    return instruction_length(bytes, size, code_mode);
}
