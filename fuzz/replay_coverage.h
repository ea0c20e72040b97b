// SPDX-License-Identifier: MIT
//
// The counters that clang compiles into an instrumented build (-fsanitize=fuzzer-no-link), for the
// stand-alone driver. In other builds there are none, and nothing differs.

#ifndef FUZZ_REPLAY_COVERAGE_H
#define FUZZ_REPLAY_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>

void replay_coverage_clear(void);

// Keeps the counters, to be compared with later ones.
void replay_coverage_keep(void);

bool replay_coverage_is_same(void);

// Tells on standard error which places differed, and in how many of the runs that
// replay_coverage_is_same() was asked about since the last replay_coverage_keep().
void replay_coverage_tell(void);

// How many places were reached in what is kept.
size_t replay_coverage_places(void);

#endif // FUZZ_REPLAY_COVERAGE_H
