// SPDX-License-Identifier: MIT
//
// Where libFuzzer or AFL++ looks for the counts of the guest's edges. The file is compiled without
// AFL++'s instrumentation, which has a variable of its own by the name of the map.

#include "counters.h"

#include <stddef.h>

#include "layout.h"

extern uint8_t *__afl_area_ptr __attribute__((weak));

// AFL++ gives each of these a place in its map, one behind the other, as it does to each edge of
// the target.
static uint32_t guards[COUNTERS_SIZE] __attribute__((section("__sancov_guards"), used));

#ifdef __linux__
__attribute__((section("__libfuzzer_extra_counters"), used))
#endif
static uint8_t extra[COUNTERS_SIZE];

uint8_t *counters(void) {
    return &__afl_area_ptr != NULL ? __afl_area_ptr + guards[0] : extra;
}
