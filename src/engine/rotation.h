// SPDX-License-Identifier: MIT
//
// Whose turn it is in virtual time: it goes round by VPID, over those that are not asleep. One that
// an interrupt came for goes first and uses up the time slice of the one whose turn it would be,
// which has the rest of it when the other one sleeps or pauses. So nobody else waits longer.
//
// Nothing here depends on when a thread asks. The caller has the lock of the turn.

#ifndef ENGINE_ROTATION_H
#define ENGINE_ROTATION_H

#include <stdbool.h>
#include <stdint.h>

enum { TURN_SEATS = 64 }; // VPIDs.

struct turn_seat;

// Sets of VCPUs have a bit a VPID.
struct rotation {
    uint64_t present; // VCPUs that exist.
    uint64_t asleep;  // VCPUs that wait for an interrupt.
    uint64_t hurried; // VCPUs that go first.
    unsigned current; // Whose turn it is; 0 when all are asleep.
    unsigned slice;   // Whose time slice it is.
    bool paused;      // The one that has the turn lets the owner of the time slice go on.
    const struct turn_seat *seats[TURN_SEATS]; // By VPID, of those that are present.
};

void rotation_join(struct rotation *rotation, const struct turn_seat *seat);
void rotation_leave(struct rotation *rotation, unsigned vpid);

// Goes on as it was when it was copied to `old`, with the same VCPUs.
void rotation_resume(struct rotation *rotation, const struct rotation *old);

// The time slice is over.
void rotation_advance(struct rotation *rotation);

// The one whose turn it is falls asleep.
void rotation_sleep(struct rotation *rotation);

// The one whose turn it is uses up the time slice of another: that one goes on when this one
// leaves. False if it is its own.
bool rotation_pause(struct rotation *rotation);

// The VCPU leaves, or is about to run: VCPUs that are in a hurry go first.
void rotation_yield(struct rotation *rotation);

// One wakes, and goes first.
void rotation_wake(struct rotation *rotation, unsigned vpid);
void rotation_hurry(struct rotation *rotation, unsigned vpid);

#endif // ENGINE_ROTATION_H
