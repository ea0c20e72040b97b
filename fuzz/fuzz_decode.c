// SPDX-License-Identifier: MIT
//
// Feeds any bytes to the instruction decoders, private and public, in all three modes. It looks for
// faults, and for answers that contradict each other or reach beyond the bytes.
// The first byte of the input chooses the mode; the rest is code.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zirconia/decode.h>

#include "fuzz_trace.h"

#include "decode/instruction.h"
#include "decode/port_access.h"
#include "decode/scan.h"

uint64_t fuzz_trace;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition) {
        abort();
    }
}

static void check_cuts(const uint8_t *bytes, size_t size, enum code_mode mode) {
    struct instruction instruction;
    if (decode_instruction(bytes, size, mode, &instruction) == INSTRUCTION_OK) {
        const enum cut always = cut_before(&instruction, mode, 0);
        const enum cut cut = cut_before(&instruction, mode, ~0u);
        fuzz_trace_word(cut);
        require(cut == always || (always == CUT_NONE && cut == CUT_REPLACED));
    }
}

static void check_lengths(const uint8_t *bytes, size_t size, enum code_mode mode) {
    unsigned length = instruction_length(bytes, size, mode);
    require(length <= INSTRUCTION_MAX_LENGTH && length <= size);
    require(length == zirconia_instruction_length(bytes, size, (zirconia_code_mode_t)mode));

    struct port_access port;
    if (decode_port_access(bytes, size, mode, &port)) {
        require(port.length == length);
    }

    char text[64];
    size_t told = 0;
    if (zirconia_disassemble(bytes, size, (zirconia_code_mode_t)mode, 0x1000, text, sizeof(text),
                             &told) == ZX_OK) {
        require(told == length && memchr(text, '\0', sizeof(text)) != NULL);
        fuzz_trace_bytes(text, strlen(text));
    }
}

static void check_access(const uint8_t *bytes, size_t size, enum code_mode mode) {
    zx_vcpu_state_t state;
    memset(&state, 0x5a, sizeof(state));
    zirconia_mmio_access_t access;
    if (zirconia_mmio_decode(bytes, size, (zirconia_code_mode_t)mode, &state, &access) != ZX_OK) {
        return;
    }
    require(access.instruction_length == instruction_length(bytes, size, mode));
    uint64_t stored = 0;
    require(zirconia_mmio_complete(&access, UINT64_MAX, &state, &stored) == ZX_OK);
    fuzz_trace_word(stored);
    require(access.size == 8 || stored >> (8 * access.size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const enum code_mode modes[] = {CODE_16, CODE_32, CODE_64};
    fuzz_trace = 0;
    if (size == 0) {
        return 0;
    }
    enum code_mode mode = modes[data[0] % 3];
    check_cuts(data + 1, size - 1, mode);
    check_lengths(data + 1, size - 1, mode);
    check_access(data + 1, size - 1, mode);
    return 0;
}
