// SPDX-License-Identifier: MIT
//
// A target that does the same each time, but whose coverage is another one in every hundredth run:
// the driver tells so (replay.c). Its counter is one that a compiler would have made.

#include "fuzz_trace.h"

#include <stddef.h>

uint64_t fuzz_trace;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
void __sanitizer_cov_8bit_counters_init(uint8_t *begin, uint8_t *end);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t counters[1];
    static unsigned runs;
    (void)data;
    (void)size;
    if (runs++ == 0) {
        __sanitizer_cov_8bit_counters_init(counters, counters + 1);
    }
    counters[0] = runs % 100 == 0 ? 2 : 1;
    return 0;
}
