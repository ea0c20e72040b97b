// SPDX-License-Identifier: MIT
//
// What guests do, exit by exit, as lines on standard error, when the environment of a program has
// ZIRCONIA_TRACE=exits. `zirconia fuzz-repro` reads them, so their form is in both (cli/repro.c).

#ifndef ENGINE_EXIT_TRACE_H
#define ENGINE_EXIT_TRACE_H

#include "engine/vcpu.h"

#include <stdbool.h>
#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

// Looks at the environment once.
bool exit_trace_is_on(void);

void exit_trace_exit(const zirconia_exit_t *exit);

// A run call returns: with a packet where the status is ZX_OK, and with the VCPU's registers. The
// guest's turn is held.
void exit_trace_return(struct vcpu *vcpu, zx_status_t status, const zx_port_packet_t *packet);

#endif // ENGINE_EXIT_TRACE_H
