// SPDX-License-Identifier: MIT
//
// What the calls of one input of fuzz_syscalls work on: slots for handles, memory to point into,
// and an account of packets.

#ifndef FUZZ_SYSCALL_STATE_H
#define FUZZ_SYSCALL_STATE_H

#include "input.h"

#include <zircon/types.h>

enum {
    SLOTS = 16,
    PORTS = 4,
    MEMORY_SIZE = 0x4000,
};

// A port that the target keeps a handle to, so that its packets can be counted to the end.
struct counted_port {
    zx_handle_t handle;
    zx_koid_t koid;
    uint64_t queued;   // By zx_port_queue(), with success.
    uint64_t received; // Of those.
    uint64_t lost;     // Packets of any kind that were taken but could not be written.
};

struct state {
    struct input input;
    zx_handle_t slots[SLOTS];
    struct counted_port ports[PORTS];
    unsigned port_count;
    bool has_guest; // One an input: an engine takes its time to make.
    uint8_t *memory;
    uint8_t *unmapped;
};

// A handle from a slot, or now and then any value.
zx_handle_t state_handle(struct state *state);

// Puts the result of a call that succeeded into a slot, closing the handle that was there.
void state_keep(struct state *state, zx_status_t status, const zx_handle_t *out);

// A pointer into the memory with room for `size` bytes; or one that is misaligned, reaches beyond
// the end, or leads nowhere.
void *state_pointer(struct state *state, size_t size);

// Never far in the future.
zx_time_t state_deadline(struct state *state);

// Each makes one call of its family. `which` chooses.
void call_object(struct state *state, uint8_t which);  // handles, signals, waits, properties, time
void call_port(struct state *state, uint8_t which);    // ports and timers
void call_memory(struct state *state, uint8_t which);  // VMOs
void call_region(struct state *state, uint8_t which);  // VMARs
void call_guest(struct state *state, uint8_t which);   // guests, VCPUs, resources
void call_refused(struct state *state, uint8_t which); // what is not modelled, and the system

#endif // FUZZ_SYSCALL_STATE_H
