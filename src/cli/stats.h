// SPDX-License-Identifier: MIT
//
// The figures at the end of a run: exits by kind. Used by the VCPU's thread only.

#ifndef CLI_STATS_H
#define CLI_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include <zircon/types.h>
#include <zirconia/observe.h>

#include "cli/options.h"

// How long exits of one kind took, in nanoseconds.
struct stats_span {
    bool any;
    int64_t shortest;
    int64_t longest;
};

struct stats {
    struct stats_span spans[ZIRCONIA_EXIT_KIND_COUNT];
    zirconia_exit_t open[OPTIONS_MAX_CPUS]; // Exits that have not ended, or whose time is 0.
};

// Takes what the observer was told.
void stats_observe(struct stats *stats, const zirconia_exit_t *exit);

// A table on standard error, the kind that took longest first, or JSON lines on standard output.
void stats_print(const struct stats *stats, zx_handle_t guest, bool json);

// The table of other figures, one for each kind, without the shortest and the longest. Any thread.
void stats_print_figures(const zirconia_exit_statistics_t *figures);

#endif // CLI_STATS_H
