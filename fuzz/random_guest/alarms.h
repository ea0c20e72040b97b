// SPDX-License-Identifier: MIT
//
// Kicks, vectors and NMIs at chosen moments of a guest's virtual time, and the end of its time.
// They arrive on a VCPU's own thread between two blocks of guest code, so that they repeat.

#ifndef RANDOM_GUEST_ALARMS_H
#define RANDOM_GUEST_ALARMS_H

#include "engine/guest.h"

#include <stdatomic.h>
#include <zircon/types.h>

enum { ALARMS = 8, ALARM_VCPUS = 2, VECTOR_KICK = -1 };

struct alarms;

struct alarm {
    struct timer_entry entry;
    struct alarms *alarms;
    unsigned vcpu;
    int vector; // A vector, or VECTOR_KICK.
};

struct alarms {
    struct guest *guest;
    _Atomic zx_handle_t vcpus[ALARM_VCPUS]; // ZX_HANDLE_INVALID for none.
    struct alarm alarms[ALARMS];
    unsigned count;
    struct timer_entry end;
    atomic_bool
        over; // The time is over: the VCPU that runs is kicked again and again from then on.
};

// Called once the guest is under virtual time and has its VCPUs.
void alarms_init(struct alarms *alarms, zx_handle_t guest, const zx_handle_t *vcpus);
void alarms_add(struct alarms *alarms, int64_t time, unsigned vcpu, int vector);
void alarms_set_end(struct alarms *alarms, int64_t time);

// Between these this thread makes the VCPU's run calls. Afterwards no alarm reaches it any more.
void alarms_begin_run(unsigned vcpu);
void alarms_end_run(struct alarms *alarms);

// Kicks the VCPUs that are left.
void alarms_kick(struct alarms *alarms);

// Waits until a VCPU waits for its turn.
void alarms_wait_for_line(const struct alarms *alarms);

int64_t alarms_now(const struct alarms *alarms);

// Called once the VCPUs are closed.
void alarms_destroy(struct alarms *alarms);

#endif // RANDOM_GUEST_ALARMS_H
