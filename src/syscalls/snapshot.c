// SPDX-License-Identifier: MIT
//
// Snapshots of a guest (zirconia/snapshot.h).

#include "engine/snapshot.h"

#include "syscalls/syscalls.h"

#include <zirconia/snapshot.h>

zx_status_t sys_guest_snapshot(struct guest *guest, uint32_t options, zx_handle_t *out) {
    const uint32_t known = ZIRCONIA_SNAPSHOT_STEADY_TABLES | ZIRCONIA_SNAPSHOT_NOTED_STORES;
    const struct image_options chosen = {
        .steady = (options & ZIRCONIA_SNAPSHOT_STEADY_TABLES) != 0,
        .noted = (options & ZIRCONIA_SNAPSHOT_NOTED_STORES) != 0,
    };
    if ((options & ~known) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    struct snapshot *snapshot = NULL;
    zx_status_t status = snapshot_create(guest, chosen, &snapshot);
    if (status == ZX_OK) {
        status = give_handle(snapshot_object(snapshot), ZIRCONIA_DEFAULT_SNAPSHOT_RIGHTS, out);
        object_unref(snapshot_object(snapshot));
    }
    return status;
}

zx_status_t sys_guest_restore(struct guest *guest, struct snapshot *snapshot) {
    return snapshot_restore(snapshot, guest);
}

zx_status_t sys_guest_set_devices(struct guest *guest, size_t size, zirconia_devices_save_t save,
                                  zirconia_devices_restore_t restore, void *context) {
    if ((save != NULL) != (size > 0) || (restore != NULL) != (size > 0)) {
        return ZX_ERR_INVALID_ARGS;
    }
    if (size > ZIRCONIA_DEVICES_SIZE_MAX) {
        return ZX_ERR_OUT_OF_RANGE;
    }
    turn_take_call(&guest->turn);
    guest->devices = (struct devices){
        .save = save,
        .restore = restore,
        .context = context,
        .size = size,
    };
    turn_give_call(&guest->turn);
    return ZX_OK;
}

zx_status_t sys_guest_note_store(struct guest *guest, uint64_t address, uint64_t length) {
    if (address >= GUEST_PHYSICAL_SIZE || length > GUEST_PHYSICAL_SIZE - address) {
        return ZX_ERR_OUT_OF_RANGE;
    }
    turn_take_call(&guest->turn);
    machine_note_store(guest->machine, address, length);
    turn_give_call(&guest->turn);
    return ZX_OK;
}
