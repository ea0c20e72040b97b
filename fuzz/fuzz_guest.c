// SPDX-License-Identifier: MIT
//
// Random guests (random_guest/random_guest.h) from the bytes of the input: it looks for faults, for
// calls that give ZX_ERR_INTERNAL, and for runs that a kick does not end. An input of eight bytes
// is a seed of tests/test_bad_guests.c. The same input does the same every time.

#include "fuzz_trace.h"
#include "random_guest/random_guest.h"

uint64_t fuzz_trace;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct random_guest_result result;
    random_guest_run(data, size, &result);
    fuzz_trace = result.trace;
    return 0;
}
