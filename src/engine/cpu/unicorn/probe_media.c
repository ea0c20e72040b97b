// SPDX-License-Identifier: MIT
//
// The registers of the x87 unit and of SSE.

#include "engine/cpu/unicorn/probe.h"

#include <string.h>

#define PROBE_X87_STATUS 0x6a41u // TOP is 5.
#define PROBE_X87_CONTROL 0x0b7fu
#define PROBE_X87_TAGS 0x33c0u // R3, R4 and R6 are empty.
#define PROBE_MXCSR 0xffa5u

static const uint8_t probe_x87[X87_SIZE] = {
    [X87_TOP] = 5,
    [X87_STATUS] = 0x41,
    [X87_STATUS + 1] = 0x42, // Without TOP.
    [X87_CONTROL] = PROBE_X87_CONTROL & 0xff,
    [X87_CONTROL + 1] = PROBE_X87_CONTROL >> 8,
    [X87_EMPTY + 3] = 1,
    [X87_EMPTY + 4] = 1,
    [X87_EMPTY + 6] = 1,
};

static const int xmm_ids[XMM_COUNT] = {
    UC_X86_REG_XMM0,  UC_X86_REG_XMM1,  UC_X86_REG_XMM2,  UC_X86_REG_XMM3,
    UC_X86_REG_XMM4,  UC_X86_REG_XMM5,  UC_X86_REG_XMM6,  UC_X86_REG_XMM7,
    UC_X86_REG_XMM8,  UC_X86_REG_XMM9,  UC_X86_REG_XMM10, UC_X86_REG_XMM11,
    UC_X86_REG_XMM12, UC_X86_REG_XMM13, UC_X86_REG_XMM14, UC_X86_REG_XMM15,
};

// What the probe has in a floating-point register: 10 bytes of R0 to R7, 16 of XMM0 to XMM15.
static void vector_mark(unsigned i, uint8_t out[16]) {
    const uint64_t words[2] = {probe_mark(100 + 2 * i), probe_mark(101 + 2 * i)};
    memcpy(out, words, sizeof words);
}

static bool write_vectors(struct probe *probe) {
    const uint16_t status = PROBE_X87_STATUS;
    const uint16_t control = PROBE_X87_CONTROL;
    const uint16_t tags = PROBE_X87_TAGS;
    const uint32_t mxcsr = PROBE_MXCSR;
    uint8_t value[16];
    bool written = uc_reg_write(probe->engine, UC_X86_REG_FPSW, &status) == UC_ERR_OK &&
                   uc_reg_write(probe->engine, UC_X86_REG_FPCW, &control) == UC_ERR_OK &&
                   uc_reg_write(probe->engine, UC_X86_REG_FPTAG, &tags) == UC_ERR_OK &&
                   uc_reg_write(probe->engine, UC_X86_REG_MXCSR, &mxcsr) == UC_ERR_OK;
    for (unsigned i = 0; i < X87_COUNT; i++) {
        vector_mark(i, value);
        written &= uc_reg_write(probe->engine, UC_X86_REG_FP0 + (int)i, value) == UC_ERR_OK;
    }
    for (unsigned i = 0; i < XMM_COUNT; i++) {
        vector_mark(X87_COUNT + i, value);
        written &= uc_reg_write(probe->engine, xmm_ids[i], value) == UC_ERR_OK;
    }
    return written;
}

// The place of a row of registers of `size` bytes, and how far they are apart.
static bool find_row(struct probe *probe, unsigned first, unsigned count, size_t size,
                     size_t *place, size_t *stride) {
    uint8_t value[16];
    size_t last = 0;
    for (unsigned i = 0; i < count; i++) {
        vector_mark(first + i, value);
        const size_t found = probe_find(probe, 0, value, size);
        if (found == SIZE_MAX || (i > 1 && found - last != *stride)) {
            return false;
        }
        *place = i == 0 ? found : *place;
        *stride = found - last;
        last = found;
    }
    return true;
}

// Do control words become what the engine's arithmetic goes by?
static bool check_arithmetic(struct probe *probe, uint16_t control, uint32_t mxcsr,
                             uint8_t rounding, uint8_t precision) {
    const struct layout *const layout = &probe->layout;
    if (uc_reg_write(probe->engine, UC_X86_REG_FPCW, &control) != UC_ERR_OK ||
        uc_reg_write(probe->engine, UC_X86_REG_MXCSR, &mxcsr) != UC_ERR_OK ||
        uc_context_save(probe->engine, probe->context) != UC_ERR_OK) {
        return false;
    }
    const uint8_t *const x87 = probe_at(probe, layout->x87_arithmetic);
    const uint8_t *const sse = probe_at(probe, layout->sse_arithmetic);
    return x87[ARITHMETIC_ROUNDING] == rounding && x87[ARITHMETIC_PRECISION] == precision &&
           x87[ARITHMETIC_EXCEPTIONS] == 0 && sse[ARITHMETIC_ROUNDING] == (mxcsr >> 13 & 3) &&
           sse[ARITHMETIC_FLUSHES_OPERANDS] == (mxcsr >> 6 & 1) && sse[ARITHMETIC_EXCEPTIONS] == 0;
}

#define BETWEEN_ARITHMETIC (ARITHMETIC_SIZE + 16)

// Before MXCSR lies the status of SSE's arithmetic, before that another and a register, and then
// the status of the x87 unit's; both are confirmed by what control words do to them.
static bool find_arithmetic(struct probe *probe) {
    struct layout *const layout = &probe->layout;
    layout->sse_arithmetic = layout->mxcsr - ARITHMETIC_SIZE;
    layout->x87_arithmetic = layout->sse_arithmetic - BETWEEN_ARITHMETIC - ARITHMETIC_SIZE;
    return (check_arithmetic(probe, 0x0c7f, 0x1fc0, 3, 32) &&
            check_arithmetic(probe, 0x067f, 0x3f80, 1, 64) &&
            check_arithmetic(probe, 0x037f, 0x5fc0, 0, 80)) ||
           probe_reject(probe, "the status of arithmetic");
}

bool probe_find_media(struct probe *probe) {
    struct layout *layout = &probe->layout;
    const uint32_t mxcsr = PROBE_MXCSR;
    if (!write_vectors(probe) || uc_context_save(probe->engine, probe->context) != UC_ERR_OK) {
        return probe_reject(probe, "writing floating-point registers");
    }
    if (!find_row(probe, 0, X87_COUNT, 10, &layout->x87_registers, &layout->x87_stride)) {
        return probe_reject(probe, "x87 registers");
    }
    layout->x87 = probe_find(probe, 0, probe_x87, sizeof probe_x87);
    if (layout->x87 == SIZE_MAX) {
        return probe_reject(probe, "x87 status, control and tags");
    }
    if (!find_row(probe, X87_COUNT, XMM_COUNT, 16, &layout->xmm, &layout->xmm_stride)) {
        return probe_reject(probe, "XMM registers");
    }
    layout->mxcsr = probe_find(probe, 0, &mxcsr, sizeof mxcsr);
    if (layout->mxcsr == SIZE_MAX) {
        return probe_reject(probe, "MXCSR");
    }
    return find_arithmetic(probe);
}
