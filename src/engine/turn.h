// SPDX-License-Identifier: MIT
//
// Who may use a guest's engine: one VCPU at a time, or one call from outside that changes the
// guest's memory or traps. VCPUs are served in the order in which they ask and run for a time slice
// each, so that none waits longer than LONGEST_WAIT; calls from outside go first.
//
// A VCPU that has left for its caller keeps the rest of its time slice for a moment, in which the
// first in the line does not take the turn: most callers answer an exit sooner than another thread
// wakes. A VCPU whose wait was cut short, by a kick, keeps its place in the line.
//
// In virtual time the order does not depend on when anybody asks: the VCPUs take turns by VPID, and
// the one whose turn it is keeps it while its caller is at work outside. So the guest does the same
// every time, as long as the callers do.
//
// Lock: `lock` guards everything but the atomics. It is taken inside a VCPU's lock, never outside.
// Whoever waits sleeps on a semaphore of its own, so that a kick, which takes no lock, can end it.

#ifndef ENGINE_TURN_H
#define ENGINE_TURN_H

#include "engine/cpu/cpu.h"
#include "objects/blocking.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { TURN_SEATS = 64 }; // VPIDs.

// A VCPU, as the turn knows it. `wake` wakes its thread wherever the VCPU sleeps.
struct turn_seat {
    unsigned vpid;
    uint64_t place; // In the line, from when it asks until it runs; 0 when it has none.
    struct platform_semaphore wake;
    atomic_bool kicked;
};

// Somebody who waits, on its own stack.
struct turn_waiter {
    struct turn_waiter *next;
    struct platform_semaphore *wake;
    struct turn_seat *seat;    // NULL for a call from outside.
    struct blocking *blocking; // Of the thread; NULL where the wait is not to be interrupted.
};

struct turn {
    struct platform_mutex lock;
    struct machine *machine; // Whose VCPU is asked to exit when it is to give its turn up.
    bool taken;
    struct turn_waiter *calls;    // Calls from outside that wait, and
    struct turn_waiter *line;     // VCPUs, each in order of arrival.
    atomic_uint waiting;          // How many in both.
    uint64_t places;              // Given out so far.
    const struct turn_seat *away; // With its caller, and the time slice is still its own.
    bool leaves;                  // It has been so in this time slice.
    uint64_t moves;               // How often it was taken and given.
    int64_t time_slice_end;       // 0 before somebody waits.
    atomic_bool over;             // Whoever has the turn is to pass it on.
    bool by_vpid;                 // Virtual time. What follows is used only then.
    uint64_t present;             // A bit a VPID: VCPUs that exist.
    uint64_t asleep;              // A bit a VPID: VCPUs that wait for an interrupt.
    unsigned current;             // Whose turn it is; 0 when all are asleep.
    const struct turn_seat *seats[TURN_SEATS]; // By VPID, of those that are present.
};

enum turn_end {
    TURN_KEPT, // It goes on later: it sleeps, or makes room for a call from outside.
    TURN_AWAY, // So too: the run call returns.
    TURN_OVER, // Others may run; this one wants to go on.
};

void turn_init(struct turn *turn);
void turn_destroy(struct turn *turn);

// Blocks until the VCPU may run; from then until turn_give() no other one runs. False when it must
// not run now: it is kicked, or, in virtual time, where others may keep the turn as long as they
// like, its thread is to stop or to end. Whoever causes that posts the seat's semaphore.
bool turn_take(struct turn *turn, struct turn_seat *seat, struct blocking *blocking);

// Gives up the turn of the VCPU of `seat`.
void turn_give(struct turn *turn, enum turn_end end, struct turn_seat *seat);

// Gives it and takes it again behind those who wait. One step: whoever runs next finds this VCPU
// waiting, and does not run on because nobody seems to want the turn.
bool turn_pass(struct turn *turn, enum turn_end end, struct turn_seat *seat,
               struct blocking *blocking);

// A call from outside.
void turn_take_call(struct turn *turn);
void turn_give_call(struct turn *turn);

// The calling thread has the turn, or the process ends (platform/lock_order.h).
#define ASSERT_TURN(turn) lock_order_assert(&(turn)->taken, #turn, LOCK_WHERE)

// Somebody else waits. Any thread.
bool turn_wanted(struct turn *turn);

// The one that waits is to have it now.
void turn_end_time_slice(struct turn *turn);
bool turn_is_over(struct turn *turn);

// HLT, in virtual time: the next is known from now on, but runs only after turn_give().
void turn_sleep(struct turn *turn);

// In virtual time, no VCPU can go on before one is woken.
bool turn_all_asleep(struct turn *turn);

// VCPUs come, go and wake. One that is to wake, for an interrupt, and waits for the turn gets it
// sooner.
void turn_join(struct turn *turn, const struct turn_seat *seat);
void turn_leave(struct turn *turn, unsigned vpid);
void turn_wake(struct turn *turn, unsigned vpid);

#endif // ENGINE_TURN_H
