// SPDX-License-Identifier: MIT
//
// Snapshots of a guest with all its VCPUs (zirconia/snapshot.h): what it is, copied with the
// guest's turn while none of its VCPUs is in a run call, and put back in the same way. A snapshot
// keeps the VMOs that the guest maps, not the guest, and never changes.

#ifndef ENGINE_SNAPSHOT_H
#define ENGINE_SNAPSHOT_H

#include "engine/bell_image.h"
#include "engine/guest.h"
#include "engine/memory_image.h"
#include "engine/vcpu_image.h"

struct snapshot {
    struct object object;
    zx_koid_t guest;
    uint64_t vpids;
    size_t memory_traps; // Traps are never removed, so an equal number means the same traps.
    size_t port_traps;
    struct guest_clock_image clock;
    struct rotation rotation;
    struct memory_image memory;
    struct bell_image bells;
    struct device_image devices;
    struct vcpu_image vcpus[VPID_COUNT];
};

// Returns BAD_STATE while a VCPU is in a run call, CANCELED when the client does not save its
// devices, or NO_MEMORY.
zx_status_t snapshot_create(struct guest *guest, struct image_options options,
                            struct snapshot **out);

struct object *snapshot_object(struct snapshot *snapshot);

// Returns INVALID_ARGS for another guest's snapshot; BAD_STATE while a VCPU is in a run call, and
// when VCPUs, traps, mappings or devices are not those of the snapshot; or NO_MEMORY. Then nothing
// has changed.
zx_status_t snapshot_restore(const struct snapshot *snapshot, struct guest *guest);

// For a snapshot that is read from a file; the caller has the guest's turn. The first makes an
// empty snapshot, or returns NULL without memory. The second fills it with the guest's present
// state, but with zeros for memory and without devices. The third returns whether it could be
// restored.
struct snapshot *snapshot_new(void);
zx_status_t snapshot_begin(struct snapshot *snapshot, struct guest *guest,
                           struct image_options options);
zx_status_t snapshot_check(const struct snapshot *snapshot, const struct guest *guest);

#endif // ENGINE_SNAPSHOT_H
