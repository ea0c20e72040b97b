// SPDX-License-Identifier: MIT
//
// The guest whose snapshots fuzz_snapshot_file loads, and that fuzz_gdb debugs: made as
// tests/guest_fixture.h makes one, so that programs of the tests run in it, with two bells, a
// device, one VCPU and virtual time.

#ifndef FUZZ_SNAPSHOT_GUEST_H
#define FUZZ_SNAPSHOT_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/types.h>

enum { SNAPSHOT_ENTRY = 0x10000, SNAPSHOT_DEVICE_SIZE = 24, SNAPSHOT_FILE_MOST = 1 << 20 };

struct snapshot_guest {
    zx_handle_t guest;
    zx_handle_t memory;
    zx_handle_t vcpu;
    zx_handle_t port; // The port of the bells.
    uint8_t device[SNAPSHOT_DEVICE_SIZE];
};

// Bytes of a snapshot.
struct snapshot_bytes {
    size_t size;
    uint8_t bytes[SNAPSHOT_FILE_MOST];
};

// Ends the program with a message, unless the condition holds.
void snapshot_require(bool condition, const char *what);

void snapshot_guest_make(struct snapshot_guest *made);

// Puts the packets of the bells out of the way: a VCPU waits when there are too many.
void snapshot_guest_empty_port(const struct snapshot_guest *of);

// A snapshot of the guest as it is.
zx_handle_t snapshot_guest_take(const struct snapshot_guest *of);

void snapshot_guest_save(const struct snapshot_guest *of, zx_handle_t snapshot,
                         struct snapshot_bytes *out);

// What the last word of a file with these bytes before it is.
uint64_t snapshot_hash(const uint8_t *bytes, size_t size);

#endif // FUZZ_SNAPSHOT_GUEST_H
