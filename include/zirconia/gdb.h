// SPDX-License-Identifier: MIT
//
// A server for gdb: it speaks gdb's remote protocol over TCP about one guest, whose VCPUs are the
// threads that gdb sees. A VMM needs a thread for it, and asks it where it would ask for a run
// call:
//
//     zirconia_gdb_create(guest, "localhost:1234", ZIRCONIA_GDB_WAIT, &gdb);
//     // On a thread of its own:
//     zirconia_gdb_serve(gdb);
//     // On the thread of each VCPU, in place of zx_vcpu_enter():
//     status = zirconia_gdb_enter(gdb, vcpu, &packet);
//     // At the end:
//     zirconia_gdb_end(gdb, exit_code);
//     // Join the thread, then:
//     zirconia_gdb_destroy(gdb);
//
// gdb can do to a guest whatever the VMM can, and whoever reaches the port can be gdb: there is no
// password. Without a host in the address the port is this machine's alone.
//
// What is served: registers with segments, control registers and MSRs; memory by linear addresses,
// or by physical ones after `monitor physical on`; breakpoints, which are never in guest memory;
// `watch`, `rwatch` and `awatch`; single steps, as zirconia/debug.h has them; Ctrl-C, detach and
// kill. For a guest with one VCPU in virtual time (zirconia/virtual_time.h) also reverse-step and
// reverse-continue: the guest is put back to a snapshot and does the same again, so its devices
// must be a part of snapshots (zirconia_guest_set_devices()), and what a device has said to the
// world is said twice unless the VMM asks zirconia_gdb_replays(). The server then sets the guest's
// budget.

#ifndef ZIRCONIA_GDB_H_
#define ZIRCONIA_GDB_H_

#include <stdbool.h>
#include <stdint.h>

#include <zircon/syscalls/port.h>
#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

typedef struct zirconia_gdb zirconia_gdb_t;

// Options: the guest does not run before gdb says so.
#define ZIRCONIA_GDB_WAIT ((uint32_t)1u << 0)

// Listens at "HOST:PORT", "PORT" or ":PORT" for the guest that the handle is to, which stays the
// caller's and must last. Port 0 is one that the host chooses.
// Errors:
//   ZX_ERR_INVALID_ARGS   for other options, or another form of address
//   ZX_ERR_NOT_FOUND      for a host that nobody knows
//   ZX_ERR_UNAVAILABLE    when the host refuses the port
//   ZX_ERR_NO_MEMORY      when memory is short
ZIRCONIA_EXPORT zx_status_t zirconia_gdb_create(zx_handle_t guest, const char *address,
                                                uint32_t options, zirconia_gdb_t **out);

// The port that is listened at.
ZIRCONIA_EXPORT uint16_t zirconia_gdb_port(const zirconia_gdb_t *gdb);

// Serves one gdb after the other until zirconia_gdb_end(). On one thread, which has no VCPU.
ZIRCONIA_EXPORT void zirconia_gdb_serve(zirconia_gdb_t *gdb);

// As zx_vcpu_enter(), on the thread of a VCPU of the guest's; it does not come back while gdb has
// the guest stopped. ZX_ERR_STOP: gdb has killed the guest. Where a run ends with an error, gdb is
// told first. The packet that is returned is to be answered as always, and before the next run.
ZIRCONIA_EXPORT zx_status_t zirconia_gdb_enter(zirconia_gdb_t *gdb, zx_handle_t vcpu,
                                               zx_port_packet_t *packet);

// Whether the guest does again what it did before, to come back to a moment of it. On the thread of
// a VCPU.
ZIRCONIA_EXPORT bool zirconia_gdb_replays(zirconia_gdb_t *gdb);

// The guest has ended, with this exit code: gdb is told, and zirconia_gdb_serve() returns. Run
// calls are as without a server from then on. Any thread.
ZIRCONIA_EXPORT void zirconia_gdb_end(zirconia_gdb_t *gdb, int exit_code);

// Once nothing else uses it.
ZIRCONIA_EXPORT void zirconia_gdb_destroy(zirconia_gdb_t *gdb);

ZIRCONIA_END_C

#endif // ZIRCONIA_GDB_H_
