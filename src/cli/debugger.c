// SPDX-License-Identifier: MIT
//
// Starting and ending the server.

#include "cli/debugger.h"

#include <stdio.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>

#include "cli/host.h"
#include "cli/talk.h"

static void serve(void *context) {
    zirconia_gdb_serve(context);
}

bool debugger_start(struct debugger *debugger, const struct options *options, zx_handle_t guest) {
    *debugger = (struct debugger){0};
    if (!options->gdb)
        return true;
    const zx_status_t status = zirconia_gdb_create(
        guest, options->gdb, options->wait ? ZIRCONIA_GDB_WAIT : 0, &debugger->gdb);
    if (status != ZX_OK) {
        snprintf(debugger->problem, sizeof(debugger->problem), "cannot listen for gdb at '%s': %s",
                 options->gdb, zx_status_get_string(status));
        return false;
    }
    debugger->thread = host_thread_start(serve, debugger->gdb);
    if (!debugger->thread) {
        snprintf(debugger->problem, sizeof(debugger->problem), "cannot start a thread for gdb");
        zirconia_gdb_destroy(debugger->gdb);
        debugger->gdb = NULL;
        return false;
    }
    talk("gdb may connect: target remote :%u", zirconia_gdb_port(debugger->gdb));
    return true;
}

void debugger_stop(struct debugger *debugger, int exit_code) {
    if (!debugger->gdb)
        return;
    zirconia_gdb_end(debugger->gdb, exit_code);
    host_thread_join(debugger->thread);
    zirconia_gdb_destroy(debugger->gdb);
    debugger->gdb = NULL;
}

zx_status_t debugger_enter(const struct debugger *debugger, zx_handle_t vcpu,
                           zx_port_packet_t *packet) {
    return debugger->gdb ? zirconia_gdb_enter(debugger->gdb, vcpu, packet)
                         : zx_vcpu_enter(vcpu, packet);
}

bool debugger_replays(const struct debugger *debugger) {
    return debugger->gdb && zirconia_gdb_replays(debugger->gdb);
}
