// SPDX-License-Identifier: MIT
//
// The COUNTERS_SIZE bytes that are the fuzzing engine's counts of the guest's edges, from the first
// input on.

#ifndef COUNTERS_H_
#define COUNTERS_H_

#include <stdint.h>

uint8_t *counters(void);

#endif // COUNTERS_H_
