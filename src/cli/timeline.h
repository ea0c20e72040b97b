// SPDX-License-Identifier: MIT
//
// A run as a file in Fuchsia's trace format: exits as slices in the guest's time, a thread for the
// VCPU and one for the port's reader, and a flow from each bell's exit to its reader. Used by the
// VCPU's thread only.

#ifndef CLI_TIMELINE_H
#define CLI_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include <zirconia/observe.h>

#include "cli/fxt.h"
#include "cli/trace.h"

enum { TIMELINE_MAX_OPEN = 8 };

// A slice that has begun and not ended.
struct timeline_slice {
    unsigned thread;
    const char *category;
    char name[FXT_STRING_ROOM];
};

struct timeline {
    const char *path;
    struct fxt fxt; // Without a stream when there is no timeline.
    uint64_t last_time;
    struct timeline_slice open[TIMELINE_MAX_OPEN]; // Inner ones last.
    size_t open_count;
    uint64_t flows; // How many there were.
};

// False when the file cannot be written, which has been said. `path` is NULL for no timeline.
bool timeline_open(struct timeline *timeline, const char *path);

// Ends all slices. False when the file could not be written whole, which has been said.
bool timeline_close(struct timeline *timeline);

// The VCPU's exit before this moment has ended, if it had not.
void timeline_resume(struct timeline *timeline, int64_t time);

// An exit begins, or an event is delivered.
void timeline_exit(struct timeline *timeline, const zirconia_exit_t *exit,
                   const struct exit_outcome *outcome);

// A packet came through the port: the bell of the last exit.
void timeline_port_packet(struct timeline *timeline, const zx_port_packet_t *packet);

#endif // CLI_TIMELINE_H
