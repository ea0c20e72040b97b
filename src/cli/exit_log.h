// SPDX-License-Identifier: MIT
//
// Follows the exits of the VCPUs: hands them to the trace and the JSON lines, counts them, and
// stops the VCPU at the limit. Used by the threads of the VCPUs, one at a time.

#ifndef CLI_EXIT_LOG_H
#define CLI_EXIT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

#include "cli/bells.h"
#include "cli/host.h"
#include "cli/html.h"
#include "cli/stats.h"
#include "cli/tally.h"
#include "cli/timeline.h"
#include "cli/trace.h"

struct exit_log_vcpu {
    zirconia_exit_t last;
    bool held; // `last` may still turn into a packet, and is not printed yet
};

struct exit_log {
    const struct options *options;
    struct trace *trace;
    struct timeline *timeline; // NULL: there is none
    struct html *html;
    struct tally *tally;
    struct stats *stats;
    struct bells *bells;      // NULL: nobody is told of them
    const zx_handle_t *vcpus; // By number.
    struct host_lock *lock;   // Guards the fields below, and what is told of exits.
    uint64_t max_exits;       // 0: no limit
    uint64_t count;
    struct exit_log_vcpu of[OPTIONS_MAX_CPUS];
};

// A zirconia_exit_observer_t; the context is the log.
void exit_log_observe(void *context, const zirconia_exit_t *exit);

// A zirconia_entry_observer_t; the context is the log.
void exit_log_observe_entry(void *context, uint64_t vcpu);

// Tells the log that a VCPU's run call has returned.
void exit_log_returned(struct exit_log *log, uint64_t vcpu, zx_status_t status,
                       const zx_port_packet_t *packet);

// A VCPU runs no more. On its thread.
void exit_log_vcpu_ends(struct exit_log *log, uint64_t vcpu);

bool exit_log_limit_reached(const struct exit_log *log);

#endif // CLI_EXIT_LOG_H
