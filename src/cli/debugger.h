// SPDX-License-Identifier: MIT
//
// --gdb: the library's server for gdb, on a thread of its own.

#ifndef CLI_DEBUGGER_H
#define CLI_DEBUGGER_H

#include <stdbool.h>

#include <zirconia/gdb.h>

#include "cli/options.h"

struct debugger {
    zirconia_gdb_t *gdb; // NULL without --gdb.
    struct host_thread *thread;
    char problem[128];
};

// Serves the guest, if that is wanted. False, and a text, when it cannot.
bool debugger_start(struct debugger *debugger, const struct options *options, zx_handle_t guest);
void debugger_stop(struct debugger *debugger, int exit_code);

// The run call.
zx_status_t debugger_enter(const struct debugger *debugger, zx_handle_t vcpu,
                           zx_port_packet_t *packet);

// Whether the guest does again what it did.
bool debugger_replays(const struct debugger *debugger);

#endif // CLI_DEBUGGER_H
