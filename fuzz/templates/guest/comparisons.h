// SPDX-License-Identifier: MIT
//
// From the guest's comparisons to libFuzzer's: it tries in inputs what the guest has compared parts
// of one with.

#ifndef COMPARISONS_H_
#define COMPARISONS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// libFuzzer has these, and sanitizers have some that do nothing.
void __sanitizer_cov_trace_cmp1(uint8_t left, uint8_t right) __attribute__((weak));
void __sanitizer_cov_trace_cmp2(uint16_t left, uint16_t right) __attribute__((weak));
void __sanitizer_cov_trace_cmp4(uint32_t left, uint32_t right) __attribute__((weak));
void __sanitizer_cov_trace_cmp8(uint64_t left, uint64_t right) __attribute__((weak));

// AFL++'s go by who calls them, which would be one for all of the guest's.
static inline bool wants_comparisons(void) {
#ifdef __AFL_COMPILER
    return false;
#else
    return __sanitizer_cov_trace_cmp8 != NULL;
#endif
}

static inline void compared(void *context, uint64_t address, uint64_t left, uint64_t right,
                            size_t size) {
    (void)context;
    (void)address;
    if (size == 1) {
        __sanitizer_cov_trace_cmp1((uint8_t)left, (uint8_t)right);
    } else if (size == 2) {
        __sanitizer_cov_trace_cmp2((uint16_t)left, (uint16_t)right);
    } else if (size == 4) {
        __sanitizer_cov_trace_cmp4((uint32_t)left, (uint32_t)right);
    } else {
        __sanitizer_cov_trace_cmp8(left, right);
    }
}

#endif // COMPARISONS_H_
