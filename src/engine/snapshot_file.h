// SPDX-License-Identifier: MIT
//
// A snapshot as bytes (zirconia_snapshot_save(), zirconia_snapshot_load()). One walk over the
// snapshot writes them and reads them, so that both agree; what is read is checked, piece by piece,
// before anything goes by it.
//
// All numbers are words of 64 bits, the lowest byte first, which is the order of every host that
// the library supports. The last word is the hash of all before (FNV-1a, of 64 bits): it finds
// every single changed byte, and keeps damage out, not malice. Malice finds each word checked.

#ifndef ENGINE_SNAPSHOT_FILE_H
#define ENGINE_SNAPSHOT_FILE_H

#include "engine/snapshot.h"

struct snapshot_file {
    bool saves;
    // Passes so many bytes on, or brings them.
    zx_status_t (*move)(void *context, void *bytes, size_t size);
    void *context;
    uint64_t hash;
    zx_status_t status; // The first failure: from there on nothing is moved, and zeros are read.
};

// INVALID_ARGS for another guest's snapshot, BAD_STATE when its VCPUs, traps or mappings are others
// than they were, NO_MEMORY.
zx_status_t snapshot_save(const struct snapshot *snapshot, struct guest *guest,
                          struct snapshot_file *file);

// IO_DATA_INTEGRITY for what is no whole and sound file, NOT_SUPPORTED for another version,
// BAD_STATE for a guest of another shape, without a VCPU, and while one is in a run call;
// NO_MEMORY, and what `move` says.
zx_status_t snapshot_load(struct guest *guest, struct image_options options,
                          struct snapshot_file *file, struct snapshot **out);

#endif // ENGINE_SNAPSHOT_FILE_H
