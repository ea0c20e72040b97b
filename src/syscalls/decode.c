// SPDX-License-Identifier: MIT
//
// zirconia_mmio_decode() and zirconia_disassemble(), which the decoder carries out: here is said
// why it refuses.

#include "decode/decode.h"

#include "syscalls/syscalls.h"

#include <zirconia/decode.h>

static zx_status_t tell(zx_status_t status, bool has_null, zirconia_code_mode_t mode, size_t size) {
    switch (status) {
    case ZX_ERR_INVALID_ARGS:
        return has_null ? refuse_pointer(status, "% is NULL", 0)
                        : refuse_value(status, "mode % is unknown", mode);
    case ZX_ERR_BUFFER_TOO_SMALL:
        return refuse_value(status, "the instruction goes on beyond % bytes", size);
    case ZX_ERR_NOT_SUPPORTED:
        return refuse(status, "the bytes are no instruction of a known form");
    default:
        return status;
    }
}

zx_status_t sys_disassemble(const uint8_t *bytes, size_t size, zirconia_code_mode_t mode,
                            uint64_t address, char *text, size_t text_size, size_t *length) {
    const bool has_null = bytes == NULL || text == NULL;
    if (!has_null && text_size == 0) {
        return refuse(ZX_ERR_INVALID_ARGS, "text_size is 0");
    }
    return tell(decode_text(bytes, size, mode, address, text, text_size, length), has_null, mode,
                size);
}

zx_status_t sys_mmio_decode(const uint8_t *bytes, size_t size, zirconia_code_mode_t mode,
                            const zx_vcpu_state_t *state, zirconia_mmio_access_t *out) {
    const bool has_null = bytes == NULL || state == NULL || out == NULL;
    return tell(decode_mmio(bytes, size, mode, state, out), has_null, mode, size);
}
