// SPDX-License-Identifier: MIT
//
// What the calls of one input of fuzz_syscalls work on: slots for handles, memory to point into,
// and an account of packets.

#ifndef FUZZ_SYSCALL_STATE_H
#define FUZZ_SYSCALL_STATE_H

#include "era_calls.h"
#include "input.h"

#include <zircon/types.h>

enum {
    SLOTS = 16,
    PORTS = 4,
    THREADS = 3,
    MEMORY_SIZE = 0x4000,
};

// A port that the target keeps a handle to, so that its packets can be counted to the end.
struct counted_port {
    zx_handle_t handle;
    zx_koid_t koid;
    uint64_t queued;   // By zx_port_queue(), with success.
    uint64_t received; // By zx_port_wait(), of packets that were queued so.
    uint64_t lost;     // Packets of any kind that were taken but could not be written.
};

// What a thread that an input makes runs (syscall_threads.c).
enum program {
    PROGRAM_SPIN,
    PROGRAM_UNDEFINED,
    PROGRAM_BREAKPOINT,
    PROGRAM_DIVIDE,
    PROGRAM_LOAD,
    PROGRAM_WILD, // Anything.
    PROGRAM_SLEEP,
    PROGRAM_EXIT,
    PROGRAMS,
};

// A thread that the target keeps a handle to, so that it can be ended.
struct kept_thread {
    zx_handle_t handle;
    zx_koid_t koid;
    bool started;
    enum program program;
};

struct state {
    struct input input;
    const struct era_calls *calls; // The calls of the era whose client the input is.
    zx_handle_t slots[SLOTS];
    struct counted_port ports[PORTS];
    unsigned port_count;
    struct kept_thread threads[THREADS];
    unsigned thread_count;
    uint64_t last_mapped; // Where a call has mapped something or made a region last.
    bool has_guest;       // One an input: an engine takes its time to make.
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

// Ends the program, unless the condition holds.
void state_require(bool condition, const char *what);

zx_koid_t koid_of(zx_handle_t handle); // ZX_KOID_INVALID for a bad one

// Never far in the future.
zx_time_t state_deadline(struct state *state);

// Each makes one call of its family. `which` chooses.
void call_object(struct state *state, uint8_t which); // handles, signals, waits, properties, time
void call_port(struct state *state, uint8_t which);   // ports and timers
void call_memory(struct state *state, uint8_t which); // VMOs
void call_region(struct state *state, uint8_t which); // VMARs
void call_guest(struct state *state, uint8_t which);  // guests, VCPUs, resources
void call_debug(struct state *state, uint8_t which);  // debuggers
void call_task(struct state *state, uint8_t which);   // threads, suspension, exceptions
void call_system(struct state *state, uint8_t which); // the system, and what is not modelled

// --- Threads ---

// Once, before the first input: no fault of a thread ends the program from then on.
void threads_prepare(void);

// The thread of the handle, if it is one of those that are kept.
struct kept_thread *threads_find(struct state *state, zx_handle_t handle);

// Keeps a thread that was made; false when there are enough.
bool threads_keep(struct state *state, zx_handle_t handle);

// Starts the thread with a program and a stack that the input chooses.
void threads_start(struct state *state, zx_handle_t handle, bool old);

// Makes the registers at `general`, in the memory, those of a place in the programs, and of the
// stack of the thread where one is needed.
void threads_confine(struct state *state, const struct kept_thread *thread, void *general);

// Ends all, which must work, and forgets them and their exceptions.
void threads_end(struct state *state);

#endif // FUZZ_SYSCALL_STATE_H
