// SPDX-License-Identifier: MIT
//
// zirconia_disassemble() and zirconia_mmio_decode() without the door, which they need because
// Capstone allocates: a thread that ended in the allocator would leave its lock held.

#ifndef ZIRCONIA_DECODE_DECODE_H
#define ZIRCONIA_DECODE_DECODE_H

#include <zirconia/decode.h>

zx_status_t decode_text(const uint8_t *bytes, size_t size, zirconia_code_mode_t mode,
                        uint64_t address, char *text, size_t text_size, size_t *length);

zx_status_t decode_mmio(const uint8_t *bytes, size_t size, zirconia_code_mode_t mode,
                        const zx_vcpu_state_t *state, zirconia_mmio_access_t *out);

#endif
