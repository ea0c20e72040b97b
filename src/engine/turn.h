// SPDX-License-Identifier: MIT
//
// Who may use a guest's engine: one VCPU at a time, or one call from outside that changes the
// guest's memory or traps. Calls from outside go first. VCPUs have places in a line and run for a
// time slice each, so that none waits longer than LONGEST_WAIT.
//
// A VCPU that has left for its caller keeps the rest of its time slice and its place. For a moment
// the first in the line does not take the turn: most callers answer an exit sooner than another
// thread wakes. After that the others run until it is back. One whose wait was cut short, by a
// kick, keeps its place, and so does one that makes room for a call from outside.
//
// One that an interrupt came for goes first, for a short while, and then the one that it came
// before goes on. That is not done where somebody else has waited for long, who else might wait for
// ever.
//
// In virtual time the order does not depend on when anybody asks: see rotation.h. The VCPU whose
// turn it is keeps it while its caller is at work outside. So the guest does the same every time,
// as long as the callers do.
//
// Lock: `lock` guards everything but the atomics. It is taken inside a VCPU's lock, never outside.
// Whoever waits sleeps on a semaphore of its own, so that a kick, which takes no lock, can end it.

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
    struct machine *machine; // Whose VCPU is asked to exit when it is to give its turn up.
    atomic_uint alone;       // What `taken` and `away` are while it is not 0; see turn.c.
    bool taken;
    bool called; // By a call from outside.
    struct turn_line line;
    uint64_t places;          // Given out so far.
    struct turn_seat *runner; // Whose time slice it is: it has the turn, or is away.
    bool away;                // The runner is with its caller, and nobody takes the turn meanwhile.
    bool leaves;              // The runner has been with its caller in this time slice.
    bool hurries;             // The runner goes before others, for a short while.
    uint64_t place;           // Where the runner stood in the line.
    int64_t rest; // What is left of the runner's time slice, which counts once somebody waits; 0:
                  // all of it.
    int64_t time_slice_end; // 0 until somebody waits.
    atomic_ullong moves;    // How often it was taken and given.
    atomic_bool over;       // Whoever has the turn is to pass it on.
    bool looks;             // The host has several processors: looking on leaves others theirs.
    bool by_vpid;           // Virtual time: the rotation decides, and there are no time slices.
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
// like, its thread is to stop or to end. Whoever causes that posts the seat's semaphore.
bool turn_take(struct turn *turn, struct turn_seat *seat, struct blocking *blocking);

// Gives up the turn of the VCPU of `seat`.
void turn_give(struct turn *turn, enum turn_end end, struct turn_seat *seat);

// Gives it and takes it again behind those who wait. One step: whoever runs next finds this VCPU
// waiting, and does not run on because nobody seems to want the turn.
bool turn_pass(struct turn *turn, enum turn_end end, struct turn_seat *seat,
               struct blocking *blocking);

// The calling thread, which is `thread`, has the turn for a VCPU of its own.
bool turn_is_held_by(struct turn *turn, const void *thread);

// A call from outside.
void turn_take_call(struct turn *turn);
void turn_give_call(struct turn *turn);

// The calling thread has the turn, or the process ends (platform/lock_order.h).
#define ASSERT_TURN(turn) lock_order_assert(&(turn)->taken, #turn, LOCK_WHERE)

// The one that has it waits for another in a loop: others are to run. False where nothing follows
// from that.
bool turn_pause(struct turn *turn);

// Asks the holder to pass the turn on.
bool turn_is_over(struct turn *turn);

// HLT, in virtual time: the next is known from now on, but runs only after turn_give().
void turn_sleep(struct turn *turn);

// In virtual time, no VCPU can go on before one is woken.
bool turn_all_asleep(struct turn *turn);

// Virtual time's order, for snapshots.
struct rotation turn_get_rotation(struct turn *turn);
void turn_set_rotation(struct turn *turn, const struct rotation *rotation);

// VCPUs come, go and wake. One that hurries wakes, for an interrupt, and is to have the turn soon.
void turn_join(struct turn *turn, const struct turn_seat *seat);
void turn_leave(struct turn *turn, unsigned vpid);
void turn_wake(struct turn *turn, unsigned vpid);
void turn_hurry(struct turn *turn, struct turn_seat *seat);

#endif // ENGINE_TURN_H
