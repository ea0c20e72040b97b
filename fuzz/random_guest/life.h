// SPDX-License-Identifier: MIT
//
// A random guest's life, on a guest that is made for it or was there before.

#ifndef RANDOM_GUEST_LIFE_H
#define RANDOM_GUEST_LIFE_H

#include "alarms.h"
#include "boot.h"
#include "choices.h"
#include "host.h"
#include "random_guest.h"
#include "worker.h"

#include <stdbool.h>
#include <stdint.h>
#include <zircon/types.h>

// What the host saw: a hash, and all of it where a record is wanted.
struct trace {
    uint64_t hash;
    struct random_guest_part *part; // NULL for none.
};

void trace_word(struct trace *trace, uint64_t word);

struct life;

struct processor {
    struct life *life;
    unsigned number;
    zx_handle_t handle;
    struct platform_semaphore done;
    enum boot_mode mode;
    struct choices choices;
    struct trace trace;
    unsigned entries;
    unsigned packets;
    unsigned violations; // In the run call: some ring a bell.
    bool trapped;        // The host has set traps, which stay as long as the guest.
};

// Begins with zeros.
struct life {
    struct host host;
    struct processor processors[ALARM_VCPUS];
    unsigned count;
    struct worker *second; // The thread of its second VCPU.
    bool kept;             // Its VCPUs are there, and not closed.
    bool boots;            // Its VCPUs begin with their first instruction.
    struct alarms alarms;
    atomic_bool ends; // One of two VCPUs has seen that the time is over.
    int64_t budget;
    struct trace end; // What it left in memory.
};

// Decides what the guest is, and makes its memory, which life_bytes() are until the next one.
void life_conceive(struct life *life, struct choices *choices);
const uint8_t *life_bytes(void);

// On a guest that is made for it and ends with it; `record` is NULL for none.
void life_on_own_guest(struct life *life, struct choices *choices,
                       struct random_guest_record *record, struct random_guest_result *result);

// What life_on_own_guest() is made of.

// Has the guest's exits traced.
void life_observe(const struct host *host);

// Makes the guest, with its memory and without VCPUs.
void life_open_guest(struct life *life, struct choices *choices);

// Makes the VCPUs that are not there, and runs them on their threads.
void life_live(struct life *life, struct choices *choices);

// What life_live() does for a VCPU.
void life_make_vcpu(struct processor *processor);
void life_set_alarms(struct life *life, struct choices *choices);
void life_run(struct processor *processor);

// Adds to the trace what the guest left in the pages that all guests write to.
void life_trace_memory(const struct life *life, struct trace *trace);

// What came of it, once it is over.
void life_tell(struct life *life, struct random_guest_result *result);

#endif // RANDOM_GUEST_LIFE_H
