// SPDX-License-Identifier: MIT
// Where a saved Unicorn context keeps the state that Unicorn's register API cannot reach (segment
// caches, CPL, interrupt shadow, error codes). The layout differs between Unicorn versions, so it
// is found by experiment when the library first starts a guest and every field is checked; a
// version that does not fit is refused by name. Where an engine itself keeps that state is found
// with it, or if it is not, the state is copied to contexts and back.
#ifndef ZIRCONIA_ENGINE_CPU_LAYOUT_H
#define ZIRCONIA_ENGINE_CPU_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <unicorn/unicorn.h>
#include <zircon/types.h>

#include "engine/cpu/x86/registers.h"

// Offsets of the part that is alike in every supported version, from `layout.state`. Confirmed
// field by field with unique values like the rest.
enum state_offset {
    STATE_REGISTERS = 0,
    STATE_RIP = 128,
    STATE_RFLAGS = 136,
    STATE_FLAGS_SOURCE = 152, // the arithmetic flags when the flags operation is "explicit"
    STATE_FLAGS_OPERATION = 168,
    STATE_DIRECTION = 172,
    STATE_MODE = 176, // derived mode bits, see mode_bits.h
    STATE_MODE2 = 180,
    STATE_SEGMENTS = 184,
    STATE_CR = 424,
};

enum segment_offset {
    SEGMENT_SELECTOR = 0,
    SEGMENT_BASE = 8,
    SEGMENT_LIMIT = 16,
    SEGMENT_ATTRIBUTES = 20,
    SEGMENT_SIZE = 24,
};

struct layout {
    size_t context_size;
    size_t state; // start of the processor state in a context
    // All offsets down to `xmm` are from `state`.
    size_t words[PLAIN_REGISTER_COUNT];
    size_t intercepts;    // the instruction intercepts of the control block
    size_t error_code;    // 32 bits: exception error code, or an intercept's first information word
    size_t x87;           // See enum x87_offset.
    size_t x87_registers; // The first of them, R0
    size_t mxcsr;
    size_t sse_arithmetic; // See enum arithmetic_offset.
    size_t x87_arithmetic;
    size_t xmm;        // The first of them, XMM0
    size_t x87_stride; // From one x87 register to the next
    size_t xmm_stride; // From one XMM register to the next
    struct {
        size_t processor; // Offset, in an engine's handle, of the pointer to its processor.
        size_t state;     // Offset, in the processor, of the pointer to the state.
    } live;
    const char *copied; // Why the state is copied; NULL when it is used in place.
    bool shows_copy;    // Whether Unicorn can be shown a copy of code; see code_copy.h.
    bool answers;       // Whether CPUID and RDTSC can do without exits; see answers.h.
    bool fill;          // Whether misses of the TLB come to the library; see tlb_fill.h.
};

// Offsets from `layout.x87`.
enum x87_offset {
    X87_TOP = 0,    // 32 bits
    X87_STATUS = 4, // 16 bits, without TOP
    X87_CONTROL = 6,
    X87_EMPTY = 8, // A byte for each register: 1 when it is empty.
    X87_SIZE = 16,
};

// How the engine's arithmetic works, and what it has raised, each in a byte.
enum arithmetic_offset {
    ARITHMETIC_ROUNDING = 1,   // As in bits 10 and 11 of the x87 control word
    ARITHMETIC_EXCEPTIONS = 2, // As in MXCSR, and ARITHMETIC_FLUSHED
    ARITHMETIC_PRECISION = 3,  // 32, 64 or 80 bits
    ARITHMETIC_FLUSHES_RESULTS = 4,
    ARITHMETIC_FLUSHES_OPERANDS = 5,
    ARITHMETIC_SIZE = 8,
};
#define ARITHMETIC_FLUSHED 0x80u // A denormal result has become zero.

// The layout of the Unicorn library in use, which the first call finds, or the next one where that
// fails for want of memory. Any thread. ZX_ERR_NOT_SUPPORTED or ZX_ERR_NO_MEMORY, with the reason
// in the log.
zx_status_t layout_get(const struct layout **out);

#endif
