// SPDX-License-Identifier: MIT
//
// One line an exit in strace's manner, on standard error or into a file. What repeats is folded:
// the first line stands, and how often it came follows. Used by the VCPU's thread only.

#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <stdbool.h>

#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

#include "cli/options.h"
#include "cli/text.h"

// What the run call said about an exit: a packet, an error, or nothing, since it went on.
struct exit_outcome {
    const zx_port_packet_t *packet; // NULL: none
    zx_status_t status;
};

struct trace {
    const struct options *options;
    FILE *stream; // NULL: no trace.
    bool colour;
    size_t width;  // Width of the terminal; 0 when lines are not broken.
    int64_t start; // When the run began, in the guest's time.
    int64_t now;   // What is being told of happened then.
    int64_t last_time;
    struct text last;
    unsigned repeats; // How often the last line came again.
};

// False when the file cannot be written, which has been said.
bool trace_open(struct trace *trace, const struct options *options);

// What was said of the end, for a file that does not get it otherwise; "" for nothing.
void trace_end(struct trace *trace, const char *said);

// False when it could not be written whole, which has been said.
bool trace_close(struct trace *trace);

void trace_exit(struct trace *trace, const zirconia_exit_t *exit,
                const struct exit_outcome *outcome);

// A packet that came through the port: the bell of this exit.
void trace_port_packet(struct trace *trace, const zirconia_exit_t *exit,
                       const zx_port_packet_t *packet);

// A line that the guest sent to its serial port. Left out where standard output shows it anyway.
void trace_serial(struct trace *trace, const char *bytes, size_t size);

#endif // CLI_TRACE_H
