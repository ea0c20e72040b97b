// SPDX-License-Identifier: MIT
//
// The registers of the x87 unit and of SSE in a VCPU's context. The engine keeps apart from them
// what its arithmetic goes by and what that has raised.

#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/x86/extended.h"
#include "engine/cpu/x86/float32.h"

static size_t arithmetic(const struct cpu *cpu, enum cpu_register name) {
    const struct layout *layout = cpu->layout;
    return name == MXCSR ? layout->sse_arithmetic : layout->x87_arithmetic;
}

static unsigned raised_by(const struct cpu *cpu, enum cpu_register name) {
    return *state_at(cpu, arithmetic(cpu, name) + ARITHMETIC_EXCEPTIONS);
}

// --- The x87 unit ---

#define X87_SUMMARY (X87_ES | X87_BUSY)
#define FCW_DEFINED 0x1f3fu
#define FCW_RESERVED 0x0040u // Reads as 1.

static uint16_t x87_word(const struct cpu *cpu, enum x87_offset offset) {
    uint16_t word;
    memcpy(&word, state_at(cpu, cpu->layout->x87 + offset), sizeof word);
    return word;
}

static void set_x87_word(struct cpu *cpu, enum x87_offset offset, unsigned value) {
    const uint16_t word = (uint16_t)value;
    state_set(cpu, cpu->layout->x87 + offset, &word, sizeof word);
}

static void set_control(struct cpu *cpu, unsigned value) {
    static const uint8_t precisions[] = {32, 80, 64, 80}; // By the control word; 1 is reserved.
    uint8_t *const goes_by = state_at(cpu, arithmetic(cpu, FCW));
    set_x87_word(cpu, X87_CONTROL, (value & FCW_DEFINED) | FCW_RESERVED);
    goes_by[ARITHMETIC_ROUNDING] = value >> 10 & 3;
    goes_by[ARITHMETIC_PRECISION] = precisions[value >> 8 & 3];
}

// The status of the engine's arithmetic numbers exceptions as the status word does. In the word
// itself the engine records ZE alone, and that for 0 / 0, too. ES and B follow from the masks.
static unsigned status(const struct cpu *cpu) {
    const unsigned top = state_get32(cpu, cpu->layout->x87 + X87_TOP) & 7;
    unsigned word = x87_word(cpu, X87_STATUS) & ~(X87_ZE | X87_SUMMARY | FSW_TOP_BITS);
    word |= raised_by(cpu, FSW) & X87_EXCEPTIONS & ~X87_DE;
    const unsigned unmasked = word & X87_EXCEPTIONS & ~(unsigned)x87_word(cpu, X87_CONTROL);
    return word | (unmasked != 0 ? X87_SUMMARY : 0) | top << FSW_TOP_SHIFT;
}

static void set_status(struct cpu *cpu, unsigned value) {
    set_x87_word(cpu, X87_STATUS, value & ~FSW_TOP_BITS);
    *state_at(cpu, arithmetic(cpu, FSW) + ARITHMETIC_EXCEPTIONS) = value & X87_ZE;
    state_set32(cpu, cpu->layout->x87 + X87_TOP, (value & FSW_TOP_BITS) >> FSW_TOP_SHIFT);
}

// The engine has a byte for each register.
static unsigned in_use(const struct cpu *cpu) {
    const uint8_t *empty = state_at(cpu, cpu->layout->x87 + X87_EMPTY);
    unsigned used = 0;
    for (unsigned i = 0; i < X87_COUNT; i++) {
        used |= empty[i] == 0 ? 1u << i : 0;
    }
    return used;
}

static void set_in_use(struct cpu *cpu, uint64_t used) {
    uint8_t empty[X87_COUNT];
    for (unsigned i = 0; i < X87_COUNT; i++) {
        empty[i] = (used >> i & 1) == 0;
    }
    state_set(cpu, cpu->layout->x87 + X87_EMPTY, empty, sizeof empty);
}

static size_t x87_at(const struct cpu *cpu, unsigned index) {
    const struct layout *layout = cpu->layout;
    return layout->x87_registers + index * layout->x87_stride;
}

void cpu_get_x87(const struct cpu *cpu, unsigned index, void *value) {
    memcpy(value, state_at(cpu, x87_at(cpu, index)), 10);
}

void cpu_set_x87(struct cpu *cpu, unsigned index, const void *value) {
    state_set(cpu, x87_at(cpu, index), value, 10);
}

// --- SSE ---

// The exceptions are numbered as in MXCSR.
static unsigned mxcsr(const struct cpu *cpu) {
    const unsigned raised = raised_by(cpu, MXCSR);
    const unsigned flags = raised & MXCSR_EXCEPTIONS & ~MXCSR_DE;
    const bool flushed = (raised & ARITHMETIC_FLUSHED) != 0;
    return state_get32(cpu, cpu->layout->mxcsr) | flags | (flushed ? MXCSR_UE | MXCSR_PE : 0);
}

static void set_mxcsr(struct cpu *cpu, uint32_t value) {
    uint8_t *const goes_by = state_at(cpu, arithmetic(cpu, MXCSR));
    state_set32(cpu, cpu->layout->mxcsr, value);
    goes_by[ARITHMETIC_ROUNDING] = MXCSR_RC(value);
    goes_by[ARITHMETIC_EXCEPTIONS] = 0;
    goes_by[ARITHMETIC_FLUSHES_RESULTS] = (value & MXCSR_FTZ) != 0;
    goes_by[ARITHMETIC_FLUSHES_OPERANDS] = (value & MXCSR_DAZ) != 0;
}

static size_t xmm_at(const struct cpu *cpu, unsigned index) {
    return cpu->layout->xmm + index * cpu->layout->xmm_stride;
}

void cpu_get_xmm(const struct cpu *cpu, unsigned index, void *value) {
    memcpy(value, state_at(cpu, xmm_at(cpu, index)), 16);
}

void cpu_set_xmm(struct cpu *cpu, unsigned index, const void *value) {
    state_set(cpu, xmm_at(cpu, index), value, 16);
}

// --- By name ---

uint64_t media_get(const struct cpu *cpu, enum cpu_register name) {
    switch (name) {
    case FCW:
        return x87_word(cpu, X87_CONTROL);
    case FSW:
        return status(cpu);
    case FTW:
        return in_use(cpu);
    default:
        return mxcsr(cpu);
    }
}

void media_set(struct cpu *cpu, enum cpu_register name, uint64_t value) {
    switch (name) {
    case FCW:
        set_control(cpu, (uint16_t)value);
        return;
    case FSW:
        set_status(cpu, (uint16_t)value);
        return;
    case FTW:
        set_in_use(cpu, value);
        return;
    default:
        set_mxcsr(cpu, (uint32_t)value);
        return;
    }
}
