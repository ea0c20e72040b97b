// SPDX-License-Identifier: MIT
//
// What a machine tells of the guest code that it runs (zirconia/coverage.h). Fuzzers want it, and
// only what carries the code out can tell it.

#ifndef ENGINE_INSTRUMENTS_COVERAGE_H
#define ENGINE_INSTRUMENTS_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zirconia/coverage.h>

struct machine;

struct coverage_wish {
    uint8_t *map; // An array of `size` counters, a power of two. NULL: nothing is counted.
    size_t size;
    bool blocks;                    // Blocks are counted instead of edges.
    zirconia_comparison_t compared; // Is told of comparisons; or NULL.
    void *context;
    zirconia_address_range_t ranges[ZIRCONIA_COVERAGE_RANGES_MAX];
    size_t range_count; // 0: code everywhere.
};

// From the next run on. What is counted next is a block that nothing led to.
void machine_set_coverage(struct machine *machine, const struct coverage_wish *wish);

#endif // ENGINE_INSTRUMENTS_COVERAGE_H
