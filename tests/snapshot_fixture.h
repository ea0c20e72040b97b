// SPDX-License-Identifier: MIT
//
// Snapshots of the fixture's guest, from memory and by way of a file.

#ifndef TESTS_SNAPSHOT_FIXTURE_H
#define TESTS_SNAPSHOT_FIXTURE_H

#include "guest_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <zirconia/snapshot.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static inline zx_handle_t snapshot_of(zx_handle_t of) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_guest_snapshot(of, 0, &handle), ZX_OK);
    return handle;
}

static inline void restore(zx_handle_t snapshot) {
    ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), ZX_OK);
}

static inline uint64_t memory_hash(void) {
    static uint64_t words[0x2000];
    uint64_t hash = 14695981039346656037u;
    for (uint64_t offset = 0; offset < MEMORY_SIZE; offset += sizeof words) {
        ck_assert_int_eq(zx_vmo_read(memory, words, offset, sizeof words), ZX_OK);
        for (size_t i = 0; i < COUNT_OF(words); i++) {
            hash = (hash ^ words[i]) * 1099511628211u;
        }
    }
    return hash;
}

// --- By way of a file ---

static unsigned char *file;
static size_t file_size;

static inline bool collect(void *context, const void *bytes, size_t size) {
    (void)context;
    file = realloc(file, file_size + size);
    ck_assert_ptr_nonnull(file);
    memcpy(file + file_size, bytes, size);
    file_size += size;
    return true;
}

static inline void save_snapshot(zx_handle_t snapshot) {
    file_size = 0;
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot, collect, NULL), ZX_OK);
}

static inline zx_handle_t load_snapshot(void) {
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_snapshot_load(guest, 0, file, file_size, &snapshot), ZX_OK);
    return snapshot;
}

#endif // TESTS_SNAPSHOT_FIXTURE_H
