// SPDX-License-Identifier: MIT
//
// Calls of a test, as they are written in an input of fuzz_syscalls: what is known of the input, a
// call that is being written, and its operands.

#ifndef FUZZ_RECORD_CALLS_H
#define FUZZ_RECORD_CALLS_H

#include "syscall_state.h"
#include "syscalls/trace.h"

#include <pthread.h>

enum {
    MOST_CALLS = 200, // As the target makes.
    MOST_WORDS = 24,  // Behind a pointer.
    MOST_OPERANDS = 7,
    SCRATCH = SLOTS - 1, // For what the target makes and the test does not. Slot 0 has the root.
    FAMILY_OBJECT = 0,
    FAMILY_PORT = 1,
    FAMILY_MEMORY = 2,
    FAMILY_REGION = 3,
    FAMILY_GUEST = 4,
    FAMILY_TASK = 5,
    FAMILY_SYSTEM = 7,
    POKE = 24, // In the family of objects.
    OFFER_OURS = 26,
    WAIT_A_MOMENT = 28,
};

// How an operand is read by the target.
enum form {
    NOTHING,
    CONSTANT,  // A byte, `number`.
    BYTE,      // Below `number`.
    HALF,      // Two bytes, below `number`.
    WORD,      // Four.
    AMOUNT,    // input_amount()
    ADDRESS,   // An amount, counted from what was mapped last.
    DEADLINE,  // state_deadline()
    HANDLE,    // state_handle()
    SLOT,      // The slot of a handle which goes, and in which the result is then, if there is one.
    KEEP,      // state_keep()
    MAPPED,    // A pointer to where something was mapped.
    POINTER,   // state_pointer(); for an array `number` is the size of an element.
    EXCEPTION, // A function of its own: `write`.
};

struct input_bytes {
    uint8_t at[2048];
    size_t count;
    unsigned calls;
};

struct recorded {
    const struct traced_call *call;
    const uint64_t *arguments;
    zx_status_t status;
    struct input_bytes pokes; // Come before the call.
    struct input_bytes bytes;
    const char *made; // What the target calls: once for each call in `bytes`.
    unsigned pointers;
};

struct operand {
    enum form form;
    const char *name;
    uint64_t number;
    bool (*write)(struct recorded *recorded); // False: cannot be said.
};

struct operation {
    const char *name;
    uint8_t family;
    uint8_t which;
    bool has_eras; // The next one makes the call of the input's era.
    struct operand operands[MOST_OPERANDS];
};

// What has been written, and what the target has then.
struct recording {
    const char *folder;
    long process;
    pthread_t thread;
    unsigned era;
    unsigned program; // What threads run (enum program).
    unsigned calls;
    unsigned ports;
    unsigned threads;
    bool has_guest;
    bool busy; // A signal handler's call is not taken in the middle of another.
    uint64_t last_mapped;
    zx_handle_t slots[SLOTS];
    unsigned next_slot;
    zx_handle_t ours[3]; // The process, the first thread and the job.
    uint8_t input[0x20000];
    size_t size;
};

extern struct recording record;

// --- Bytes ---

void put(struct input_bytes *bytes, uint64_t value, unsigned count);
void put_call(struct input_bytes *bytes, unsigned family, unsigned which);
void put_amount(struct input_bytes *bytes, uint64_t value); // As short as can be.

// --- What the test gave ---

uint64_t argument(const struct recorded *recorded, const char *name);

// NULL where the call has none of that name.
const struct traced_parameter *find_parameter(const struct recorded *recorded, const char *name);

// --- Operands; false where one cannot be said ---

bool put_handle(struct recorded *recorded, zx_handle_t handle);
bool put_slot(struct recorded *recorded, zx_handle_t handle);
bool keep(struct recorded *recorded, const char *name);
bool put_pointer(struct recorded *recorded, const struct operand *operand);
bool put_deadline(struct recorded *recorded, zx_time_t deadline);
bool put_operand(struct recorded *recorded, const struct operand *operand);

// The slot in which the target has a handle; -1: in none.
int find_slot(zx_handle_t handle);

// Calls before this one that write to the target's memory.
void poke_content(struct recorded *recorded, size_t place, const void *client, size_t size);

// NULL for a call that no input can make.
const struct operation *find_operation(const char *name);

// Ends the test.
void require(bool condition, const char *what);

#endif // FUZZ_RECORD_CALLS_H
