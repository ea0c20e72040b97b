// SPDX-License-Identifier: MIT
//
// Who may use a guest's engine: one VCPU at a time, or one call from outside that changes the
// guest's memory or traps. Calls from outside go first. VCPUs have places in a line and run for a
// time slice each, so that none waits longer than LONGEST_WAIT.
//
// A VCPU that has left for its caller keeps its place and the rest of its time slice. For a moment
// the first VCPU in the line does not take the turn, because most callers answer an exit sooner
// than another thread wakes. After that the other VCPUs run until this one is back. A VCPU whose
// wait is cut short by a kick keeps its place, and so does a VCPU that makes room for a call from
// outside.
//
// A VCPU that an interrupt came for goes first, for a short while; then the VCPU that it
// interrupted goes on. If another VCPU has waited for long, none goes first, or that one might wait
// for ever.
//
// In virtual time the order does not depend on when a VCPU asks: see rotation.h. A VCPU keeps the
// turn while its caller is at work outside. So the guest does the same every time, as long as the
// callers do.
//
// Lock: `lock` guards everything but the atomics. It is taken inside a VCPU's lock, never outside.
// Each waiting thread sleeps on a semaphore of its own, so that a kick, which takes no lock, can
// end the wait.

#ifndef ENGINE_TURN_H
#define ENGINE_TURN_H

#include "engine/cpu/cpu.h"
#include "engine/rotation.h"
#include "engine/turn_line.h"
#include "objects/blocking.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct turn {
    struct platform_mutex lock;
    struct machine *machine; // The machine whose VCPU must exit when it is to give the turn up.
    atomic_uint
        alone; // Not 0 while no lock is needed; then it stands for `taken` and `away` (turn.c).
    bool taken;
    bool called; // A call from outside has the turn.
    struct turn_line line;
    uint64_t places;          // The number of places that were given out.
    struct turn_seat *runner; // The VCPU whose time slice it is: it has the turn, or is away.
    bool away;                // The runner is with its caller, and nobody takes the turn meanwhile.
    bool leaves;              // The runner has been with its caller in this time slice.
    bool hurries;             // The runner goes before others, for a short while.
    uint64_t place;           // Where the runner stood in the line.
    int64_t rest;             // What is left of its time slice; 0: all of it.
    int64_t time_slice_end;   // 0 until somebody waits.
    atomic_ullong moves;      // How often the turn was taken and given.
    atomic_bool over;         // The holder is to pass the turn on.
    bool looks;   // The host has several processors, so that a thread may spin for a moment.
    bool by_vpid; // Virtual time: the rotation decides, and there are no time slices.
    bool several; // It has had several VCPUs at a time.
    struct rotation rotation;
};

enum turn_end {
    TURN_KEPT, // The VCPU goes on later: it sleeps, or makes room for a call from outside.
    TURN_AWAY, // The VCPU goes on later: its run call returns to the caller.
    TURN_OVER, // The VCPU wants to go on, but other VCPUs may run first.
};

void turn_init(struct turn *turn);
void turn_destroy(struct turn *turn);

// Blocks until the VCPU may run; from then until turn_give() no other one runs. False when it must
// not run now: it is kicked, or, in virtual time, where others may keep the turn as long as they
// like, its thread is to stop or to end. Whoever causes that posts the seat's semaphore. In virtual
// time a kicked VCPU that is not alone does not get the turn even if it is free: whether it is
// already, where another has kicked this one and is done, depends on when the thread asks.
bool turn_take(struct turn *turn, struct turn_seat *seat, struct blocking *blocking);

// Gives up the turn of the VCPU of `seat`.
void turn_give(struct turn *turn, enum turn_end end, struct turn_seat *seat);

// Gives the turn up and takes it again behind the VCPUs that wait, in one step: the VCPU that runs
// next finds this one waiting, and does not run on because nobody seems to want the turn.
bool turn_pass(struct turn *turn, enum turn_end end, struct turn_seat *seat,
               struct blocking *blocking);

// The calling thread, which is `thread`, has the turn for a VCPU of its own.
bool turn_is_held_by(struct turn *turn, const void *thread);

// Takes the turn for a call from outside, and gives it back.
void turn_take_call(struct turn *turn);
void turn_give_call(struct turn *turn);

// The calling thread has the turn, or the process ends (platform/lock_order.h).
#define ASSERT_TURN(turn) lock_order_assert(&(turn)->taken, #turn, LOCK_WHERE)

// The VCPU that has the turn waits in a loop for another one: lets other VCPUs run. False if none
// would.
bool turn_pause(struct turn *turn);

// Asks the holder to pass the turn on.
bool turn_is_over(struct turn *turn);

// HLT, in virtual time: chooses the next VCPU now, which runs only after turn_give().
void turn_sleep(struct turn *turn);

// In virtual time, no VCPU can go on before one is woken.
bool turn_all_asleep(struct turn *turn);

// Virtual time's order, for snapshots.
struct rotation turn_get_rotation(struct turn *turn);
void turn_set_rotation(struct turn *turn, const struct rotation *rotation);

// A VCPU comes to the guest, leaves it, or wakes; or it wakes for an interrupt and is to have the
// turn soon.
void turn_join(struct turn *turn, const struct turn_seat *seat);
void turn_leave(struct turn *turn, unsigned vpid);
void turn_wake(struct turn *turn, unsigned vpid);
void turn_hurry(struct turn *turn, struct turn_seat *seat);

#endif // ENGINE_TURN_H
