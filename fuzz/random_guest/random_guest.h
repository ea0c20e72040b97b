// SPDX-License-Identifier: MIT
//
// A random guest, from a seed or the bytes of a fuzz input: one or two VCPUs in any mode, code and
// tables that are partly valid and partly not, and a host that kicks, interrupts, maps, unmaps and
// writes while it runs. It runs in virtual time, so that the same input does the same every time.
//
// The process ends with a message when a call reports ZX_ERR_INTERNAL, which no guest may cause, or
// when the guest outlives its time.

#ifndef RANDOM_GUEST_RANDOM_GUEST_H
#define RANDOM_GUEST_RANDOM_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random_guest_result {
    uint64_t trace;   // A hash over all that the host saw.
    unsigned vcpus;   // 1 or 2
    unsigned entries; // Calls of zx_vcpu_enter().
    unsigned packets; // Calls of zx_vcpu_enter() that returned a packet.
    int64_t time;     // ns of virtual time
};

void random_guest_run(const uint8_t *data, size_t size, struct random_guest_result *result);

// Does the same on a guest that is kept for later inputs: that is cheaper.
void random_guest_run_kept(const uint8_t *data, size_t size, struct random_guest_result *result);

enum { RANDOM_GUEST_PARTS = 3 };

// All that the host saw, byte for byte, to be compared with what it saw another time.
struct random_guest_record {
    uint8_t coverage[0x10000]; // The edges of the guest's code; see zirconia/coverage.h.
    // For each VCPU its exits with their times, what its run calls returned, and its registers at
    // the end; then the memory that the guest left. random_guest_forget() frees them.
    struct random_guest_part {
        uint8_t *bytes;
        size_t size;
        size_t room;
    } parts[RANDOM_GUEST_PARTS];
};

// Runs the guest as random_guest_run() does, and replaces what the record had, which is all zeros
// at first.
void random_guest_run_recorded(const uint8_t *data, size_t size, struct random_guest_result *result,
                               struct random_guest_record *record);

bool random_guest_is_same(const struct random_guest_record *one,
                          const struct random_guest_record *other);

void random_guest_forget(struct random_guest_record *record);

// Has the guest live up to so many times, from a snapshot at its beginning, and says whether all
// lives were the same. Returns their number: 0 with two VCPUs, 1 where the host changes mappings or
// traps.
unsigned random_guest_repeat(const uint8_t *data, size_t size, unsigned times, bool *same);

// Writes the memory that the input makes, from address 0 on, to a file; false if it cannot.
bool random_guest_dump(const uint8_t *data, size_t size, const char *path);

#endif // RANDOM_GUEST_RANDOM_GUEST_H
