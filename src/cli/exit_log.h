// SPDX-License-Identifier: MIT
//
// Follows the exits of the one VCPU: hands them to the trace and the JSON lines, counts them, and
// stops the VCPU at the limit. Used by the VCPU's thread only.

#ifndef CLI_EXIT_LOG_H
#define CLI_EXIT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

#include "cli/bells.h"
#include "cli/html.h"
#include "cli/stats.h"
#include "cli/tally.h"
#include "cli/timeline.h"
#include "cli/trace.h"

struct exit_log {
    const struct options *options;
    struct trace *trace;
    struct timeline *timeline; // NULL: there is none
    struct html *html;
    struct tally *tally;
    struct stats *stats;
    struct bells *bells; // NULL: nobody is told of them
    zx_handle_t vcpu;
    uint64_t max_exits; // 0: no limit
    uint64_t count;
    zirconia_exit_t last;
    bool held; // the last exit may still turn into a packet, and is not printed yet
};

// A zirconia_exit_observer_t; the context is the log.
void exit_log_observe(void *context, const zirconia_exit_t *exit);

// A zirconia_entry_observer_t; the context is the log.
void exit_log_observe_entry(void *context, uint64_t vcpu);

// Tells the log that the run call has returned.
void exit_log_returned(struct exit_log *log, zx_status_t status, const zx_port_packet_t *packet);

bool exit_log_limit_reached(const struct exit_log *log);

#endif // CLI_EXIT_LOG_H
