// SPDX-License-Identifier: MIT
//
// Whose turn it is in virtual time: the turn goes round by VPID, over the VCPUs that are not
// asleep. A VCPU that an interrupt came for goes first and uses the time slice of the VCPU whose
// turn it would be, which gets the rest when the first one sleeps or pauses. So no other VCPU waits
// longer.
//
// Nothing here depends on when a thread asks. The caller has the lock of the turn.

#ifndef ENGINE_ROTATION_H
#define ENGINE_ROTATION_H

#include <stdbool.h>
#include <stdint.h>

enum { TURN_SEATS = 64 }; // One for each VPID.

struct turn_seat;

// Sets of VCPUs have one bit for each VPID.
struct rotation {
    uint64_t present; // VCPUs that exist.
    uint64_t asleep;  // VCPUs that wait for an interrupt.
    uint64_t hurried; // VCPUs that go first.
    unsigned current; // The VPID whose turn it is; 0 when all VCPUs are asleep.
    unsigned slice;   // The VPID whose time slice it is.
    bool paused;      // The VCPU that has the turn lets the owner of the time slice go on.
    const struct turn_seat *seats[TURN_SEATS]; // The seats of the VCPUs that are present, by VPID.
};

void rotation_join(struct rotation *rotation, const struct turn_seat *seat);
void rotation_leave(struct rotation *rotation, unsigned vpid);

// Puts the rotation back to the copy `old`, with the seats that it has now.
void rotation_resume(struct rotation *rotation, const struct rotation *old);

// Ends the time slice.
void rotation_advance(struct rotation *rotation);

// The VCPU whose turn it is falls asleep.
void rotation_sleep(struct rotation *rotation);

// If the VCPU whose turn it is uses the time slice of another, that one goes on when this one
// leaves the guest. False if the time slice is its own.
bool rotation_pause(struct rotation *rotation);

// The VCPU leaves, or is about to run: VCPUs that are in a hurry go first.
void rotation_yield(struct rotation *rotation);

// A VCPU wakes; or it wakes and goes first.
void rotation_wake(struct rotation *rotation, unsigned vpid);
void rotation_hurry(struct rotation *rotation, unsigned vpid);

#endif // ENGINE_ROTATION_H
