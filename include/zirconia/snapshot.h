// SPDX-License-Identifier: MIT
//
// Snapshots: a guest as it is at one moment, to which it goes back as often as wanted.
//
// A snapshot has of a guest
//   - what its mappings show of VMOs;
//   - of each VCPU all registers, those of the FPU and the hidden parts of segments among them,
//     what it is in the middle of (interrupt shadow, a handler of an NMI), the local APIC with its
//     timer, the vectors that are pending, and the paravirtual clock;
//   - the packets of its bells that nobody has read from their ports yet;
//   - in virtual time (zirconia/virtual_time.h) the clock, so that what follows a restore is the
//     same each time.
// Its VCPUs, traps and mappings themselves are not put back: they must be those that it had.
//
// What a client must know:
//   - Memory belongs to VMOs. A restore writes back the whole of what the guest's mappings show of
//     them, so what the client, another guest or a clone has written there since is lost too, and
//     all see the old contents. A page that has not changed is not written. What a VMO has outside
//     of the guest's mappings stays.
//   - Without virtual time the guest's clock goes on: the TSC is not set back, and a timer has as
//     long to go as it had when the snapshot was taken.
//   - A kick that no run call has answered yet stays, whatever is restored. So do the figures of
//     zirconia_guest_statistics(), and packets of the client's own in ports.
//   - The cost of both calls is a look at all pages that have memory, of the size of the guest.
//   - A snapshot keeps the VMOs alive that the guest maps, but not the guest. It goes with its last
//     handle. Its size is that of the memory which the guest had used.

#ifndef ZIRCONIA_SNAPSHOT_H_
#define ZIRCONIA_SNAPSHOT_H_

#include <zircon/rights.h>
#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// What ZX_INFO_HANDLE_BASIC tells of a handle to a snapshot; not Zircon's.
#define ZIRCONIA_OBJ_TYPE_SNAPSHOT ((zx_obj_type_t)0x5a000001u)
#define ZIRCONIA_DEFAULT_SNAPSHOT_RIGHTS                                                           \
    (ZX_RIGHT_TRANSFER | ZX_RIGHT_DUPLICATE | ZX_RIGHT_READ | ZX_RIGHT_INSPECT)

// Takes a snapshot of the guest; options is 0. Any thread; none of the guest's VCPUs may be in
// zx_vcpu_enter() or zx_vcpu_resume(), which a kick makes return.
// Errors:
//   guest (GUEST, WRITE)
//   ZX_ERR_INVALID_ARGS  for options other than 0
//   ZX_ERR_BAD_STATE     when a VCPU of the guest is in a run call
//   ZX_ERR_NO_MEMORY     when memory is short
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_guest_snapshot(zx_handle_t guest, uint32_t options,
                                                    zx_handle_t *out);

// Makes the guest what it was when the snapshot was taken, or on failure changes nothing. Any
// thread; none of the guest's VCPUs may be in a run call. A thread that reads or writes the
// registers of one meanwhile, or is about to enter it, does so before or after.
// Errors:
//   guest (GUEST, WRITE)
//   snapshot (SNAPSHOT, READ)
//   ZX_ERR_INVALID_ARGS  for a snapshot of another guest
//   ZX_ERR_BAD_STATE     when a VCPU of the guest is in a run call, and when its VCPUs, traps or
//                        mappings are not those that it had, or a VMO has become smaller than what
//                        was mapped
//   ZX_ERR_NO_MEMORY     when memory is short
ZIRCONIA_EXPORT zx_status_t zirconia_guest_restore(zx_handle_t guest, zx_handle_t snapshot);

ZIRCONIA_END_C

#endif // ZIRCONIA_SNAPSHOT_H_
