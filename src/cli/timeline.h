// SPDX-License-Identifier: MIT
//
// A run as a file in Fuchsia's trace format: exits as slices in the guest's time, a thread for each
// VCPU and one for the port's reader, and a flow from each bell's exit to its reader. Used by one
// thread at a time.

#ifndef CLI_TIMELINE_H
#define CLI_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include <zirconia/observe.h>

#include "cli/fxt.h"
#include "cli/trace.h"

enum { TIMELINE_MAX_OPEN = 8, TIMELINE_MAX_VCPUS = 8 };

// A slice that has begun and not ended.
struct timeline_slice {
    unsigned thread;
    const char *category;
    char name[FXT_STRING_ROOM];
};

struct timeline_vcpu {
    bool known;
    uint64_t last_time;
    struct timeline_slice open[TIMELINE_MAX_OPEN]; // Inner ones last.
    size_t open_count;
};

struct timeline {
    const char *path;
    struct fxt fxt; // Without a stream when there is no timeline.
    struct timeline_vcpu vcpus[TIMELINE_MAX_VCPUS];
    uint64_t flows; // How many there were.
};

// False when the file cannot be written, which has been said. `path` is NULL for no timeline.
bool timeline_open(struct timeline *timeline, const char *path);

// Ends all slices. False when the file could not be written whole, which has been said.
bool timeline_close(struct timeline *timeline);

// Ends all slices: no VCPU of the guest will run again.
void timeline_end(struct timeline *timeline);

// An exit begins, or an event is delivered. Exits of VCPUs beyond the limit are left out.
void timeline_exit(struct timeline *timeline, const zirconia_exit_t *exit,
                   const struct exit_outcome *outcome);

// A packet came through the port: the bell of an exit that has not ended.
void timeline_port_packet(struct timeline *timeline, const zirconia_exit_t *exit,
                          const zx_port_packet_t *packet);

#endif // CLI_TIMELINE_H
