// SPDX-License-Identifier: MIT
//
// Between the public calls and the length decoder: from the public name of a code mode, which a
// client may get wrong, to the private one, and from a result to a status.

#ifndef ZIRCONIA_DECODE_CODE_MODE_H
#define ZIRCONIA_DECODE_CODE_MODE_H

#include <zirconia/decode.h>

#include "decode/instruction.h"

// False when `mode` is not one of the three.
static inline bool code_mode_from_public(zirconia_code_mode_t mode, enum code_mode *out) {
    switch (mode) {
    case ZIRCONIA_CODE_16:
        *out = CODE_16;
        return true;
    case ZIRCONIA_CODE_32:
        *out = CODE_32;
        return true;
    case ZIRCONIA_CODE_64:
        *out = CODE_64;
        return true;
    default:
        return false;
    }
}

static inline zx_status_t instruction_status(enum instruction_result result) {
    switch (result) {
    case INSTRUCTION_OK:
        return ZX_OK;
    case INSTRUCTION_TRUNCATED:
        return ZX_ERR_BUFFER_TOO_SMALL;
    case INSTRUCTION_UNDEFINED:
    case INSTRUCTION_TOO_LONG:
        break;
    }
    return ZX_ERR_NOT_SUPPORTED;
}

#endif
