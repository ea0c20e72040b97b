// SPDX-License-Identifier: MIT
//
// Random guests (random_guest/random_guest.h) from the bytes of the input: it looks for faults, for
// calls that give ZX_ERR_INTERNAL, and for runs that a kick does not end. An input of eight bytes
// is a seed of tests/test_bad_guests.c. The same input does the same every time. Guests are kept
// from one input to the next where they can be; with ZIRCONIA_FUZZ_PATIENT in the environment each
// input has a guest of its own besides, and fuzz_trace is of all that it did there, too, the
// coverage of the guest's code and the times of exits among it.

#include "fuzz_trace.h"
#include "random_guest/random_guest.h"
#include "random_guest/uncounted.h"

#include <stdlib.h>

uint64_t fuzz_trace;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run_recorded(const uint8_t *data, size_t size) {
    static struct random_guest_record record;
    struct random_guest_result result;
    random_guest_run_recorded(data, size, &result, &record);
    fuzz_trace_word(result.trace);
    fuzz_trace_bytes(record.coverage, sizeof record.coverage);
    for (unsigned i = 0; i < RANDOM_GUEST_PARTS; i++) {
        fuzz_trace_bytes(record.parts[i].bytes, record.parts[i].size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct random_guest_result result;
    random_guest_run_kept(data, size, &result);
    fuzz_trace = result.trace;
    if (getenv("ZIRCONIA_FUZZ_PATIENT") != NULL) {
        uncounted_begin();
        run_recorded(data, size);
        uncounted_end();
    }
    return 0;
}
