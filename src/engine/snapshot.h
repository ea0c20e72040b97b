// SPDX-License-Identifier: MIT
//
// Snapshots of a guest with all its VCPUs (zirconia/snapshot.h): what it is, copied with the
// guest's turn while none of its VCPUs is in a run call, and put back in the same way. A snapshot
// keeps the VMOs that the guest maps, not the guest, and never changes.

#ifndef ENGINE_SNAPSHOT_H
#define ENGINE_SNAPSHOT_H

#include "engine/guest.h"

struct snapshot;

// BAD_STATE while a VCPU is in a run call, CANCELED when the client does not save its devices,
// NO_MEMORY.
zx_status_t snapshot_create(struct guest *guest, struct image_options options,
                            struct snapshot **out);

struct object *snapshot_object(struct snapshot *snapshot);

// INVALID_ARGS for another guest's snapshot; BAD_STATE while a VCPU is in a run call and when
// VCPUs, traps, mappings or devices are others than they were; NO_MEMORY. Then nothing has changed.
zx_status_t snapshot_restore(const struct snapshot *snapshot, struct guest *guest);

#endif // ENGINE_SNAPSHOT_H
