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
    size_t memory_traps; // Traps are never removed: as many are the same ones.
    size_t port_traps;
    struct guest_clock_image clock;
    struct rotation rotation;
    struct memory_image memory;
    struct bell_image bells;
    struct device_image devices;
    struct vcpu_image vcpus[VPID_COUNT];
};

// BAD_STATE while a VCPU is in a run call, CANCELED when the client does not save its devices,
// NO_MEMORY.
zx_status_t snapshot_create(struct guest *guest, struct image_options options,
                            struct snapshot **out);

struct object *snapshot_object(struct snapshot *snapshot);

// INVALID_ARGS for another guest's snapshot; BAD_STATE while a VCPU is in a run call and when
// VCPUs, traps, mappings or devices are others than they were; NO_MEMORY. Then nothing has changed.
zx_status_t snapshot_restore(const struct snapshot *snapshot, struct guest *guest);

// For one that is filled from elsewhere, with the guest's turn: an empty one, or NULL without
// memory; the guest as it is, without its memory and devices, for which there are zeros and
// nothing; and whether it can be put back, by the status.
struct snapshot *snapshot_new(void);
zx_status_t snapshot_begin(struct snapshot *snapshot, struct guest *guest,
                           struct image_options options);
zx_status_t snapshot_check(const struct snapshot *snapshot, const struct guest *guest);

#endif // ENGINE_SNAPSHOT_H
