// SPDX-License-Identifier: MIT
//
// Snapshots of a guest (zirconia/snapshot.h).

#include "engine/snapshot_file.h"

#include "engine/instruments/machine_image.h"
#include "objects/refusal.h"
#include "platform/threads.h"
#include "syscalls/syscalls.h"

#include <string.h>
#include <zirconia/snapshot.h>

static bool read_options(uint32_t options, struct image_options *out) {
    const uint32_t known = ZIRCONIA_SNAPSHOT_STEADY_TABLES | ZIRCONIA_SNAPSHOT_NOTED_STORES;
    *out = (struct image_options){
        .steady = (options & ZIRCONIA_SNAPSHOT_STEADY_TABLES) != 0,
        .noted = (options & ZIRCONIA_SNAPSHOT_NOTED_STORES) != 0,
    };
    return (options & ~known) == 0;
}

static zx_status_t give(struct snapshot *snapshot, zx_handle_t *out) {
    const zx_status_t status =
        give_handle(snapshot_object(snapshot), ZIRCONIA_DEFAULT_SNAPSHOT_RIGHTS, out);
    object_unref(snapshot_object(snapshot));
    return status;
}

zx_status_t sys_guest_snapshot(struct guest *guest, uint32_t options, zx_handle_t *out) {
    struct image_options chosen;
    if (!read_options(options, &chosen)) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options);
    }
    struct snapshot *snapshot = NULL;
    const zx_status_t status = snapshot_create(guest, chosen, &snapshot);
    return status == ZX_OK ? give(snapshot, out) : status;
}

zx_status_t sys_guest_restore(struct guest *guest, struct snapshot *snapshot) {
    return snapshot_restore(snapshot, guest);
}

// --- Files ---

// The size of the pieces that go to the client.
struct writer {
    zirconia_snapshot_write_t write;
    void *context;
    size_t used;
    uint8_t piece[0x4000];
};

static zx_status_t flush(struct writer *writer) {
    const size_t used = writer->used;
    writer->used = 0;
    const int cancel_state = platform_cancel_off();
    const bool written = used == 0 || writer->write(writer->context, writer->piece, used);
    platform_cancel_restore(cancel_state);
    return written ? ZX_OK : refuse(ZX_ERR_CANCELED, "the callback returned false");
}

static zx_status_t write_some(void *context, void *bytes, size_t size) {
    struct writer *writer = context;
    zx_status_t status = ZX_OK;
    for (size_t done = 0; done < size && status == ZX_OK;) {
        const size_t room = sizeof writer->piece - writer->used;
        const size_t count = size - done < room ? size - done : room;
        memcpy(writer->piece + writer->used, (const uint8_t *)bytes + done, count);
        writer->used += count;
        done += count;
        status = writer->used == sizeof writer->piece ? flush(writer) : ZX_OK;
    }
    return status;
}

zx_status_t sys_snapshot_save(struct guest *guest, struct snapshot *snapshot,
                              zirconia_snapshot_write_t write, void *context) {
    struct writer writer = {.write = write, .context = context};
    struct snapshot_file file = {.saves = true, .move = write_some, .context = &writer};
    if (write == NULL) {
        return refuse(ZX_ERR_INVALID_ARGS, "write is NULL");
    }
    const zx_status_t status = snapshot_save(snapshot, guest, &file);
    return status == ZX_OK ? flush(&writer) : status;
}

struct reader {
    const uint8_t *bytes;
    size_t left;
};

static zx_status_t read_some(void *context, void *bytes, size_t size) {
    struct reader *reader = context;
    if (size > reader->left) {
        return refuse(ZX_ERR_IO_DATA_INTEGRITY, "bytes end before the file does");
    }
    const zx_status_t status = copy_from_client(bytes, reader->bytes, size);
    if (status != ZX_OK) {
        return status;
    }
    reader->bytes += size;
    reader->left -= size;
    return ZX_OK;
}

zx_status_t sys_snapshot_load(struct guest *guest, uint32_t options, const void *bytes, size_t size,
                              zx_handle_t *out) {
    struct image_options chosen;
    struct reader reader = {.bytes = bytes, .left = size};
    struct snapshot_file file = {.move = read_some, .context = &reader};
    if (!read_options(options, &chosen)) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options);
    }
    struct snapshot *snapshot = NULL;
    const zx_status_t status = snapshot_load(guest, chosen, &file, &snapshot);
    if (status != ZX_OK) {
        return status;
    }
    if (reader.left > 0) {
        object_unref(snapshot_object(snapshot));
        return refuse_value(ZX_ERR_IO_DATA_INTEGRITY, "% bytes follow the file's end", reader.left);
    }
    return give(snapshot, out);
}

// ---

zx_status_t sys_guest_set_devices(struct guest *guest, size_t size, zirconia_devices_save_t save,
                                  zirconia_devices_restore_t restore, void *context) {
    if ((save != NULL) != (size > 0) || (restore != NULL) != (size > 0)) {
        return refuse_value(ZX_ERR_INVALID_ARGS,
                            size > 0 ? "size % comes without both callbacks"
                                     : "a callback comes with size %",
                            size);
    }
    if (size > ZIRCONIA_DEVICES_SIZE_MAX) {
        return refuse_values(ZX_ERR_OUT_OF_RANGE, "size % is above %", size,
                             ZIRCONIA_DEVICES_SIZE_MAX);
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
        return refuse_values(ZX_ERR_OUT_OF_RANGE, "address % with length % does not end below 2^48",
                             address, length);
    }
    turn_take_call(&guest->turn);
    machine_note_store(guest->machine, address, length);
    turn_give_call(&guest->turn);
    return ZX_OK;
}
