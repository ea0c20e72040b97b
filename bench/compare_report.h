// SPDX-License-Identifier: MIT
//
// The figures of bench_compare, as a table and as JSON.

#ifndef BENCH_COMPARE_REPORT_H
#define BENCH_COMPARE_REPORT_H

#include "compare_work.h"

#include <stdbool.h>

#define ROUNDS_MAX 25u

// One work's times of all rounds, in nanoseconds for one repetition.
struct times {
    bool there[SIDE_COUNT];
    double values[SIDE_COUNT][ROUNDS_MAX];
    unsigned rounds;
};

void report_header(unsigned rounds);
void report_line(const struct work *work, const struct times *times);

// Writes all works that have been measured, those with rounds.
void report_json(const char *path, const struct times *times);

#endif // BENCH_COMPARE_REPORT_H
