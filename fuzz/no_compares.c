// SPDX-License-Identifier: MIT
//
// For a target whose inputs are choices, not data: that a value of the library's was compared with
// another says nothing of what to put into the input, and to tell libFuzzer of it takes a third of
// a run's time. The linker replaces the functions that clang calls for it.

#include <stdint.h>

// NOLINTBEGIN(bugprone-reserved-identifier)
#define NOTHING(name, type)                                                                        \
    void __wrap___sanitizer_cov_trace_##name(type one, type other);                                \
    void __wrap___sanitizer_cov_trace_##name(type one, type other) {                               \
        (void)one;                                                                                 \
        (void)other;                                                                               \
    }
// NOLINTEND(bugprone-reserved-identifier)

NOTHING(cmp1, uint8_t)
NOTHING(cmp2, uint16_t)
NOTHING(cmp4, uint32_t)
NOTHING(cmp8, uint64_t)
NOTHING(const_cmp1, uint8_t)
NOTHING(const_cmp2, uint16_t)
NOTHING(const_cmp4, uint32_t)
NOTHING(const_cmp8, uint64_t)
