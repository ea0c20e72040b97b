// SPDX-License-Identifier: MIT
//
// One line an exit in strace's manner, on standard error.

#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <stdbool.h>

#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

// What the run call said about an exit: a packet, an error, or nothing, since it went on.
struct exit_outcome {
    const zx_port_packet_t *packet; // NULL: none
    zx_status_t status;
};

void trace_exit(const zirconia_exit_t *exit, const struct exit_outcome *outcome, bool colour);

// A packet that came through the port: a bell.
void trace_port_packet(const zx_port_packet_t *packet, bool colour);

#endif // CLI_TRACE_H
