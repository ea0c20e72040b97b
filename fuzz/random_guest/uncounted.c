// SPDX-License-Identifier: MIT
//
// Clang's counters lie in a section of their own, which the linker knows the ends of. What they are
// at the beginning is what they are at the end. Without such counters there is nothing to do.

#include "uncounted.h"

#if defined(__ELF__)

#include "host.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// NOLINTBEGIN(bugprone-reserved-identifier)
extern uint8_t __start___sancov_cntrs[];
extern uint8_t __stop___sancov_cntrs[];
#pragma weak __start___sancov_cntrs
#pragma weak __stop___sancov_cntrs
#define COUNTERS __start___sancov_cntrs
#define COUNTERS_END __stop___sancov_cntrs
// NOLINTEND(bugprone-reserved-identifier)

static uint8_t *kept;

static size_t counters_size(void) {
    return (size_t)((uintptr_t)COUNTERS_END - (uintptr_t)COUNTERS);
}

void uncounted_begin(void) {
    const size_t size = counters_size();
    if (size > 0) {
        kept = kept != NULL ? kept : malloc(size);
        host_require(kept != NULL, "there is no memory for counters");
        memcpy(kept, COUNTERS, size);
    }
}

void uncounted_end(void) {
    if (kept != NULL) {
        memcpy(COUNTERS, kept, counters_size());
    }
}

#else

void uncounted_begin(void) {
}

void uncounted_end(void) {
}

#endif
