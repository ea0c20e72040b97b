// SPDX-License-Identifier: MIT
//
// Snapshots: a guest as it is at one moment, to which it goes back as often as wanted.
//
// A snapshot holds these parts of a guest:
//   - the memory that its mappings show;
//   - of each VCPU all registers, those of the FPU and the hidden parts of segments among them, the
//     interrupt shadow and the blocking of NMIs, the local APIC with its timer, the vectors that
//     are pending, and the paravirtual clock;
//   - the packets of its bells that nobody has read from their ports yet;
//   - in virtual time (zirconia/virtual_time.h) the clock, so that what follows a restore is the
//     same each time;
//   - the state of the client's devices, if the client gives callbacks for them (below).
// A restore makes no VCPUs, traps or mappings: the guest must have those that it had.
//
// What a client must know:
//   - Memory belongs to VMOs. A restore writes back every changed page that the guest's mappings
//     show. What the client, another guest or a clone has written to such a page since is lost too,
//     and all of them see the old contents. Pages of a VMO outside of the guest's mappings stay as
//     they are.
//   - The time that a restore takes depends on how many pages differ, not on the size of the guest:
//     the library sees stores of the guest and of calls such as zx_vmo_write(). It does not see
//     stores through mappings that the client or another guest has of a VMO. So while a VMO is
//     mapped elsewhere, or has been since the last restore, all its pages that have memory are
//     compared, which takes some 0.1 ms a MiB. A client that tells of its stores says so by
//     ZIRCONIA_SNAPSHOT_NOTED_STORES.
//   - A snapshot that is taken after another was taken or restored stands on top of it, and keeps
//     only the pages that differ. A restore of either copies these pages alone. At most 64
//     snapshots stand on top of each other. One without a handle does not count: when the next
//     snapshot is taken, the one above it gets its pages.
//   - Without virtual time the guest's clock goes on: the TSC is not set back, and a timer has as
//     long to go as it had when the snapshot was taken.
//   - A restore leaves alone a kick that no run call has answered yet, the figures of
//     zirconia_guest_statistics(), and packets of the client's own in ports.
//   - A snapshot keeps the VMOs alive that the guest maps, but not the guest. It goes with its last
//     handle. The first snapshot of a guest copies all memory that the guest has used.

#ifndef ZIRCONIA_SNAPSHOT_H_
#define ZIRCONIA_SNAPSHOT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zircon/rights.h>
#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// The object type that ZX_INFO_HANDLE_BASIC gives for a snapshot. Zircon has none.
#define ZIRCONIA_OBJ_TYPE_SNAPSHOT ((zx_obj_type_t)0x5a000001u)
#define ZIRCONIA_DEFAULT_SNAPSHOT_RIGHTS                                                           \
    (ZX_RIGHT_TRANSFER | ZX_RIGHT_DUPLICATE | ZX_RIGHT_READ | ZX_RIGHT_INSPECT)

// Options of a snapshot.
//
// The client promises that the guest does not change its page tables from the snapshot to the last
// restore, and neither does anybody else. Translations of addresses are then kept from one restore
// of the snapshot to the next, which makes short runs several times as fast. Without the promise
// they are kept where the library knows that: in 64-bit mode, when nobody has stored to the tables
// since the last restore of the same snapshot, accessed and dirty bits included, and all stores are
// seen or told of. A guest that changes its tables nevertheless may use old translations after a
// restore, as a processor does without INVLPG, and accessed and dirty bits that were clear may stay
// clear.
#define ZIRCONIA_SNAPSHOT_STEADY_TABLES ((uint32_t)1u << 0)
// The client tells of stores through other mappings of the guest's VMOs by
// zirconia_guest_note_store(), of those to page tables before the guest runs. A store after the
// snapshot was taken or restored that is not told of is undone by no restore, of another snapshot
// neither.
#define ZIRCONIA_SNAPSHOT_NOTED_STORES ((uint32_t)1u << 1)

// Takes a snapshot of the guest. Any thread; none of the guest's VCPUs may be in
// zx_vcpu_enter() or zx_vcpu_resume(), which a kick makes return.
// Errors:
//   guest (GUEST, WRITE)
//   ZX_ERR_INVALID_ARGS  for other options
//   ZX_ERR_BAD_STATE     when the guest has no VCPU, or one is in a run call
//   ZX_ERR_CANCELED      when the client's callback did not save its devices
//   ZX_ERR_NO_RESOURCES  when 64 that have handles stand on top of each other
//   ZX_ERR_NO_MEMORY     when memory is short
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_guest_snapshot(zx_handle_t guest, uint32_t options,
                                                    zx_handle_t *out);

// Puts the guest back to what it was when the snapshot was taken. A call that fails changes
// nothing. Any thread; none of the guest's VCPUs may be in a run call. A thread that reads or
// writes the registers of a VCPU meanwhile, or is about to enter it, does so before or after the
// restore.
// Errors:
//   guest (GUEST, WRITE)
//   snapshot (SNAPSHOT, READ)
//   ZX_ERR_INVALID_ARGS  for a snapshot of another guest
//   ZX_ERR_BAD_STATE     when a VCPU of the guest is in a run call, and when its VCPUs, traps,
//                        mappings or size of devices are not those that it had, or a VMO has become
//                        smaller than what was mapped
//   ZX_ERR_NO_MEMORY     when memory is short
ZIRCONIA_EXPORT zx_status_t zirconia_guest_restore(zx_handle_t guest, zx_handle_t snapshot);

// The state of a client's devices, as a part of each snapshot of its guest.
//
// Both callbacks run on the thread that calls zirconia_guest_snapshot() or
// zirconia_guest_restore(), inside of that call. Meanwhile none of the guest's VCPUs runs and no
// other snapshot is taken or restored, so that guest and devices belong to the same moment. The
// callbacks must not wait for a thread that may be in a call on this guest. A client whose threads
// work on devices outside of run calls sees to it that the devices do not change meanwhile. Of this
// library the callbacks may call zx_vcpu_kick() and nothing else, and they must return: not jump
// out, throw, or end their thread. The library copies guest memory and registers itself.
//
// The first writes the state of the devices to the size bytes at state, which are 0, and returns
// true. If it returns false, no snapshot is taken. The snapshot may still fail afterwards when
// memory is short.
typedef bool (*zirconia_devices_save_t)(void *context, void *state, size_t size);
// The second puts the devices back by the bytes that the first has written, which are valid during
// the callback only. It runs last, when everything else has been restored, and cannot fail: the
// client allocates beforehand what it may need.
typedef void (*zirconia_devices_restore_t)(void *context, const void *state, size_t size);

#define ZIRCONIA_DEVICES_SIZE_MAX ((size_t)16 << 20)

// Makes size bytes of the client's a part of each snapshot of the guest from now on. The callbacks
// replace earlier ones, which are not called any more when this returns; a size of 0, with NULL for
// both, ends it. A restore gives the bytes of a snapshot to the callback that is set at that time,
// and is refused if the size differs.
// Any thread.
// Errors:
//   guest (GUEST, WRITE)
//   ZX_ERR_INVALID_ARGS  for a size without both callbacks, and for a callback without a size
//   ZX_ERR_OUT_OF_RANGE  for a size above ZIRCONIA_DEVICES_SIZE_MAX
ZIRCONIA_EXPORT zx_status_t zirconia_guest_set_devices(zx_handle_t guest, size_t size,
                                                       zirconia_devices_save_t save,
                                                       zirconia_devices_restore_t restore,
                                                       void *context);

// A callback that is given the bytes of a file, piece after piece.
typedef bool (*zirconia_snapshot_write_t)(void *context, const void *bytes, size_t size);

// Writes the snapshot, in pieces, by a callback that returns false when it cannot take one. It runs
// on the calling thread, as those of zirconia_guest_set_devices() do and with the same rules.
//
// The file holds architectural state in a form of its own, so it can be loaded on any host and with
// any engine that this version of the library supports; a version that writes another form refuses
// it. It takes 4 KiB for each page of memory that is not zero, once for each mapping that shows the
// page, and little else. A timer of the guest's that would fire in decades may fire earlier.
// Any thread.
// Errors:
//   guest (GUEST, WRITE)
//   snapshot (SNAPSHOT, READ)
//   ZX_ERR_INVALID_ARGS       when write is NULL
//   ZX_ERR_INVALID_ARGS       for a snapshot of another guest
//   ZX_ERR_BAD_STATE          when the guest could not be restored: a VCPU of it is in a run call,
//                             or it has other parts
//   ZX_ERR_CANCELED           when the callback returned false
//   ZX_ERR_NO_MEMORY          when memory is short
//   ZX_ERR_IO_DATA_INTEGRITY  for a state that no file holds: a clock that is decades ahead
ZIRCONIA_EXPORT zx_status_t zirconia_snapshot_save(zx_handle_t guest, zx_handle_t snapshot,
                                                   zirconia_snapshot_write_t write, void *context);

// Makes a snapshot of the guest out of the size bytes that zirconia_snapshot_save() wrote, perhaps
// in another process, which zirconia_guest_restore() then puts the guest back to. The guest must
// have been made in the same way: with the same VCPUs, of the same era and created in the same
// order, the same traps with the same keys, VMOs mapped in the same way, as many bytes of devices,
// and virtual time or none.
//
// A hash finds damage. Values are checked as well, so that a file can do no more harm than a guest
// that runs any code. Files made to do harm have been tried at random only: load files that you
// have written yourself. The restore callback is given bytes of the file unchecked.
// Any thread.
// Errors:
//   guest (GUEST, WRITE)
//   ZX_ERR_INVALID_ARGS       for other options
//   ZX_ERR_BAD_STATE          when the guest has no VCPU, or one is in a run call
//   ZX_ERR_INVALID_ARGS       when bytes cannot be read
//   ZX_ERR_IO_DATA_INTEGRITY  for bytes that are no file, or a damaged one or not all of it, and
//                             for state that no guest can have
//   ZX_ERR_NOT_SUPPORTED      for a file of another version
//   ZX_ERR_BAD_STATE          for a file of a guest with other VCPUs, traps, mappings, size of
//                             devices or kind of time
//   ZX_ERR_NO_MEMORY          when memory is short
//   ZX_ERR_INVALID_ARGS       when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_snapshot_load(zx_handle_t guest, uint32_t options,
                                                   const void *bytes, size_t size,
                                                   zx_handle_t *out);

// Tells the library that somebody has stored to the range of guest-physical addresses through
// another mapping of a VMO than the guest's, so that the next restore undoes it. Parts of the range
// where nothing is mapped are passed over. Not needed before the first snapshot. Any thread.
// Errors:
//   guest (GUEST, WRITE)
//   ZX_ERR_OUT_OF_RANGE  for a range that does not end below 2^48
ZIRCONIA_EXPORT zx_status_t zirconia_guest_note_store(zx_handle_t guest, uint64_t address,
                                                      uint64_t length);

ZIRCONIA_END_C

#endif // ZIRCONIA_SNAPSHOT_H_
