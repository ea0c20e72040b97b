// SPDX-License-Identifier: MIT
//
// The figures at the end of a run: exits by kind.

#ifndef CLI_STATS_H
#define CLI_STATS_H

#include <stdbool.h>

#include <zircon/types.h>

// A table on standard error, the kind that took longest first, or JSON lines on standard output.
void stats_print(zx_handle_t guest, bool json);

#endif // CLI_STATS_H
