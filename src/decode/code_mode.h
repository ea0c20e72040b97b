// SPDX-License-Identifier: MIT
//
// From the public name of a code mode, which a client may get wrong, to the private one.

#ifndef ZIRCONIA_DECODE_CODE_MODE_H
#define ZIRCONIA_DECODE_CODE_MODE_H

#include <zirconia/decode.h>

#include "decode/instruction.h"

// False when `mode` is none of the three.
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

#endif
