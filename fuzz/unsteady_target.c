// SPDX-License-Identifier: MIT
//
// A target that does something else each time, for the test of the stand-alone driver's --same.

#include "fuzz_trace.h"

uint64_t fuzz_trace;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint64_t count;
    fuzz_trace = 0;
    fuzz_trace_bytes(data, size);
    fuzz_trace_word(count++);
    return 0;
}
