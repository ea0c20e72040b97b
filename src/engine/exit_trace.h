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

// Reads the environment once.
bool exit_trace_is_on(void);

// For a program that runs guests of its own before those that are asked about: of a guest that is
// made meanwhile nothing is told.
void exit_trace_hold(bool hold);

void exit_trace_exit(const zirconia_exit_t *exit);

// Tells that a run call returns: with a packet if the status is ZX_OK, and with the VCPU's
// registers. The caller has the guest's turn.
void exit_trace_return(struct vcpu *vcpu, zx_status_t status, const zx_port_packet_t *packet);

#endif // ENGINE_EXIT_TRACE_H
