// SPDX-License-Identifier: MIT
//
// Snapshots of a guest (zirconia/snapshot.h).

#include "engine/snapshot.h"

#include "syscalls/syscalls.h"

#include <zirconia/snapshot.h>

zx_status_t sys_guest_snapshot(struct guest *guest, uint32_t options, zx_handle_t *out) {
    if (options != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    struct snapshot *snapshot = NULL;
    zx_status_t status = snapshot_create(guest, &snapshot);
    if (status == ZX_OK) {
        status = give_handle(snapshot_object(snapshot), ZIRCONIA_DEFAULT_SNAPSHOT_RIGHTS, out);
        object_unref(snapshot_object(snapshot));
    }
    return status;
}

zx_status_t sys_guest_restore(struct guest *guest, struct snapshot *snapshot) {
    return snapshot_restore(snapshot, guest);
}
