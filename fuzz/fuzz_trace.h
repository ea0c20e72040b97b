// SPDX-License-Identifier: MIT
//
// What an input did, as a hash: the stand-alone driver (replay.c) compares it when it runs an input
// again.

#ifndef FUZZ_FUZZ_TRACE_H
#define FUZZ_FUZZ_TRACE_H

#include <stddef.h>
#include <stdint.h>

// Each target has one, which an input begins with 0.
extern uint64_t fuzz_trace;

static inline void fuzz_trace_word(uint64_t word) {
    fuzz_trace = (fuzz_trace ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    fuzz_trace ^= fuzz_trace >> 29;
}

static inline void fuzz_trace_bytes(const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        fuzz_trace_word(((const uint8_t *)bytes)[i]);
    }
}

#endif // FUZZ_FUZZ_TRACE_H
