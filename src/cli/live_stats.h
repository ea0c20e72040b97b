// SPDX-License-Identifier: MIT
//
// `zirconia stat`: a table of exits by kind each time an interval has passed, of that interval.

#ifndef CLI_LIVE_STATS_H
#define CLI_LIVE_STATS_H

#include <stdint.h>

#include <zircon/types.h>

struct live_stats;

// On a thread of its own. NULL when the host has too little of something, which has been said.
struct live_stats *live_stats_start(zx_handle_t guest, int64_t interval);
void live_stats_stop(struct live_stats *live);

#endif // CLI_LIVE_STATS_H
