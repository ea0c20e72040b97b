// SPDX-License-Identifier: MIT
//
// The turn: taking it, giving it up, and time slices.

#include "engine/turn.h"

#include "platform/check.h"

// Nanoseconds.
#define LONGEST_WAIT 16000000      // The time slices of all waiting VCPUs together, at most.
#define LONGEST_TIME_SLICE 2000000 // The time slice of a VCPU when few wait.
#define HURRIED_TIME_SLICE 200000  // The time slice of a VCPU that goes first.
#define LONGEST_AWAY 50000         // The turn is kept this long for a VCPU that is with its caller.
#define LONGEST_PATIENCE 4000000   // No VCPU goes first once another has waited longer than this.
#define LONGEST_LOOK 20000         // A thread spins this long while another leaves, then it sleeps.

// Asked once, by one thread or several: the C library reads a file to answer.
static bool has_several_processors(void) {
    static _Atomic uint32_t count;
    if (atomic_load_explicit(&count, memory_order_relaxed) == 0) {
        atomic_store_explicit(&count, platform_processor_count(), memory_order_relaxed);
    }
    return atomic_load_explicit(&count, memory_order_relaxed) > 1;
}

void turn_init(struct turn *turn) {
    platform_mutex_init(&turn->lock, LOCK_TURN);
    turn->looks = has_several_processors();
}

void turn_destroy(struct turn *turn) {
    platform_mutex_destroy(&turn->lock);
}

// --- The turn among the locks of a thread ---

static void want_turn(void) {
    lock_order_check(LOCK_GUEST_TURN, LOCK_WHERE);
}

static void have_turn(const struct turn *turn) {
    lock_order_push(&turn->taken, LOCK_GUEST_TURN, LOCK_WHERE);
}

static void lose_turn(const struct turn *turn) {
    lock_order_pop(&turn->taken);
}

// --- While nobody waits ---

// A VCPU that goes to its caller and comes back again and again takes no lock while no other waits:
// `alone` says in one word whether the VCPU has the turn or is away.
#define ALONE_HAS 1u
#define ALONE_AWAY 2u
#define ALONE(vpid, what) ((vpid) << 2 | (what))

static bool take_alone(struct turn *turn, const struct turn_seat *seat) {
    unsigned state = ALONE(seat->vpid, ALONE_AWAY);
    return atomic_compare_exchange_strong(&turn->alone, &state, ALONE(seat->vpid, ALONE_HAS));
}

static bool leave_alone(struct turn *turn, const struct turn_seat *seat) {
    unsigned state = ALONE(seat->vpid, ALONE_HAS);
    return atomic_compare_exchange_strong(&turn->alone, &state, ALONE(seat->vpid, ALONE_AWAY));
}

// Makes a VCPU that took the turn without the lock need the lock from now on.
static void lock_turn(struct turn *turn) ACQUIRES(turn->lock) {
    platform_mutex_lock(&turn->lock);
    const unsigned state = atomic_exchange(&turn->alone, 0);
    if (state != 0) {
        turn->taken = (state & ALONE_HAS) != 0;
        turn->away = !turn->taken;
    }
}

// Without a runner, or while a call from outside has the turn, no VCPU is alone.
static bool is_alone(const struct turn *turn) REQUIRES(turn->lock) {
    return turn->runner != NULL && turn->away != turn->taken && turn->line.vcpus == NULL &&
           turn->line.calls == NULL && !turn->by_vpid && !atomic_load(&turn->over);
}

static void unlock_turn(struct turn *turn) RELEASES(turn->lock) {
    if (is_alone(turn)) {
        const unsigned what = turn->away ? ALONE_AWAY : ALONE_HAS;
        atomic_store(&turn->alone, ALONE(turn->runner->vpid, what));
    }
    platform_mutex_unlock(&turn->lock);
}

// --- Those who wait ---

// The waiter that may run next, or NULL while that VCPU does not wait yet.
static struct turn_waiter *next_waiter(const struct turn *turn) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    if (turn->line.calls != NULL) {
        return turn->line.calls;
    }
    if (turn->by_vpid) {
        return turn_line_find(&turn->line, turn->rotation.current);
    }
    CHECK(!turn->away || turn->runner != NULL);
    return turn->away ? turn_line_find(&turn->line, turn->runner->vpid) : turn->line.vcpus;
}

static bool may_run(const struct turn *turn, const struct turn_waiter *waiter)
    REQUIRES(turn->lock) {
    return !turn->taken && next_waiter(turn) == waiter;
}

// Wakes the waiter that may run next, to look again.
static void wake_next(const struct turn *turn) REQUIRES(turn->lock) {
    const struct turn_waiter *next = next_waiter(turn);
    if (next != NULL) {
        platform_semaphore_post(next->wake);
    }
}

// Wakes the first VCPU in the line, to watch the clock.
static void wake_first(const struct turn *turn) REQUIRES(turn->lock) {
    if (turn->line.vcpus != NULL && !turn->by_vpid) {
        platform_semaphore_post(turn->line.vcpus->wake);
    }
}

// --- Time slices ---

static int64_t time_slice(const struct turn *turn) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    if (turn->hurries) {
        return HURRIED_TIME_SLICE;
    }
    if (turn->rest > 0) {
        return turn->rest;
    }
    int64_t count = 0;
    for (const struct turn_waiter *waiter = turn->line.vcpus; waiter != NULL;
         waiter = waiter->next) {
        count++;
    }
    CHECK(count > 0);
    const int64_t share = LONGEST_WAIT / count;
    return share < LONGEST_TIME_SLICE ? share : LONGEST_TIME_SLICE;
}

// A time slice begins to count once somebody waits.
static void begin_time_slice(struct turn *turn, struct turn_seat *seat) REQUIRES(turn->lock) {
    if (seat->place == 0) {
        seat->place = seat->kept != 0 ? seat->kept : ++turn->places;
    }
    turn->runner = seat;
    turn->leaves = false;
    turn->hurries = seat->hurried;
    turn->place = seat->place;
    turn->rest = seat->rest;
    const bool counts = turn->line.vcpus != NULL && !turn->by_vpid;
    turn->time_slice_end = counts ? platform_monotonic() + time_slice(turn) : 0;
    seat->kept = 0;
    seat->rest = 0;
}

// Leaves the runner its place and the rest of its time slice, without the time while it went first.
static void keep(struct turn *turn) REQUIRES(turn->lock) {
    struct turn_seat *seat = turn->runner;
    CHECK(seat != NULL);
    const bool counts = turn->time_slice_end != 0 && !turn->hurries;
    const int64_t left = turn->time_slice_end - platform_monotonic();
    seat->kept = counts && left <= 0 ? 0 : turn->place;
    seat->rest = counts ? (left > 0 ? left : 0) : turn->rest;
}

static void stop_runner(struct turn *turn) REQUIRES(turn->lock) {
    if (turn->away) {
        turn->away = false;
        turn->runner = NULL;
        wake_next(turn);
    } else if (turn->taken) {
        atomic_store(&turn->over, true);
        machine_request_exit(turn->machine);
    }
}

static void preempt(struct turn *turn) REQUIRES(turn->lock) {
    keep(turn);
    stop_runner(turn);
}

static void end_time_slice(struct turn *turn) REQUIRES(turn->lock) {
    if (turn->hurries) {
        preempt(turn);
        return;
    }
    turn->runner->kept = 0;
    turn->runner->rest = 0;
    stop_runner(turn);
}

// --- Who comes before whom ---

// Whether a VCPU may go first: no other has waited for longer than LONGEST_PATIENCE. So none waits
// longer than LONGEST_WAIT and LONGEST_PATIENCE together.
static bool may_hurry(const struct turn *turn, const struct turn_seat *seat) REQUIRES(turn->lock) {
    const int64_t now = turn->line.vcpus != NULL ? platform_monotonic() : 0;
    for (const struct turn_waiter *waiter = turn->line.vcpus; waiter != NULL;
         waiter = waiter->next) {
        if (waiter->seat != seat && now - waiter->seat->since > LONGEST_PATIENCE) {
            return false;
        }
    }
    return true;
}

// Preempts the VCPU that runs if the first in the line has an earlier place, or goes first and the
// runner does not.
static void look_at_first(struct turn *turn) REQUIRES(turn->lock) {
    const struct turn_seat *first = turn->line.vcpus->seat;
    if (turn->by_vpid || turn->runner == NULL || turn->runner == first || turn->hurries) {
        return;
    }
    if (first->hurried || first->place < turn->place) {
        preempt(turn);
    }
}

static void stand_in_line(struct turn *turn, struct turn_waiter *waiter) REQUIRES(turn->lock) {
    struct turn_seat *seat = waiter->seat;
    if (seat->place == 0) {
        seat->place = seat->kept != 0 ? seat->kept : ++turn->places;
    }
    if (!turn->by_vpid) {
        seat->since = platform_monotonic();
        seat->hurried = seat->hurried && may_hurry(turn, seat);
    }
    turn_line_add(&turn->line, waiter);
    if (turn->line.vcpus == waiter) {
        look_at_first(turn);
    }
}

// --- Waiting ---

// May return early without a reason. False once the deadline has passed.
static bool sleep_until(struct turn *turn, const struct turn_waiter *waiter, int64_t deadline)
    REQUIRES(turn->lock) {
    unlock_turn(turn);
    const enum platform_wake woken = blocking_sleep(waiter->blocking, waiter->wake, deadline);
    lock_turn(turn);
    return woken != PLATFORM_TIMED_OUT;
}

static int64_t watch_until(const struct turn *turn, int64_t now) REQUIRES(turn->lock) {
    const int64_t look = now + LONGEST_AWAY;
    return turn->leaves && look < turn->time_slice_end ? look : turn->time_slice_end;
}

// The first VCPU in the line watches the clock for all that wait.
static void watch(struct turn *turn, const struct turn_waiter *waiter) REQUIRES(turn->lock) {
    const int64_t now = platform_monotonic();
    if (turn->time_slice_end == 0) {
        turn->time_slice_end = now + time_slice(turn);
    }
    if (now >= turn->time_slice_end) {
        end_time_slice(turn);
        return;
    }
    const uint64_t moves = atomic_load(&turn->moves);
    const bool passed = !sleep_until(turn, waiter, watch_until(turn, now));
    if (passed && turn->away && atomic_load(&turn->moves) == moves) {
        preempt(turn);
    }
}

// Spins while the holder is about to leave, which takes less time than waking this thread would.
// True when the holder has left.
static bool look_on(struct turn *turn) REQUIRES(turn->lock) {
    const uint64_t moves = atomic_load(&turn->moves);
    if (!turn->looks) {
        return false;
    }
    unlock_turn(turn);
    const int64_t deadline = platform_monotonic() + LONGEST_LOOK;
    while (atomic_load(&turn->moves) == moves && platform_monotonic() < deadline) {
    }
    lock_turn(turn);
    return atomic_load(&turn->moves) != moves;
}

static void wait_in_line(struct turn *turn, const struct turn_waiter *waiter) REQUIRES(turn->lock) {
    const bool watches = turn->line.vcpus == waiter && !turn->by_vpid && turn->runner != NULL;
    const bool leaves = turn->taken && atomic_load(&turn->over);
    if (watches && !leaves) {
        watch(turn, waiter);
    } else if (!watches || !look_on(turn)) {
        sleep_until(turn, waiter, INT64_MAX);
    }
}

// --- Taking it and giving it up ---

static bool is_wanted_elsewhere(const struct turn *turn, const struct turn_seat *seat,
                                struct blocking *blocking) {
    return atomic_load(&seat->kicked) || (turn->by_vpid && blocking_stop_requested(blocking));
}

// Gives the turn to the VCPU. A runner that was away goes on with its time slice.
static void have(struct turn *turn, struct turn_seat *seat) REQUIRES(turn->lock) {
    CHECK(!turn->taken);
    turn->taken = true;
    atomic_fetch_add_explicit(&turn->moves, 1, memory_order_relaxed);
    if (!turn->away || turn->runner != seat) {
        begin_time_slice(turn, seat);
    }
    turn->away = false;
    seat->place = 0;
    seat->hurried = false;
    if (atomic_load_explicit(&turn->over, memory_order_relaxed)) {
        atomic_store(&turn->over, false);
    }
}

// Whether the turn is free, and either left for this VCPU or wanted by no other.
static bool is_free_for(const struct turn *turn, const struct turn_seat *seat)
    REQUIRES(turn->lock) {
    return !turn->taken && turn->line.calls == NULL && !turn->by_vpid &&
           (turn->away ? turn->runner == seat : turn->line.vcpus == NULL);
}

static bool is_kept_from(const struct turn *turn, const struct turn_seat *seat)
    REQUIRES(turn->lock) {
    return turn->by_vpid && turn->several && atomic_load(&seat->kicked);
}

// Whether the waiter runs now. In virtual time a VCPU lets others go first at this moment, whenever
// its thread comes.
static bool runs_next(struct turn *turn, const struct turn_waiter *waiter) REQUIRES(turn->lock) {
    if (!may_run(turn, waiter) || is_kept_from(turn, waiter->seat)) {
        return false;
    }
    if (turn->by_vpid && !atomic_load(&waiter->seat->kicked)) {
        rotation_yield(&turn->rotation);
        wake_next(turn);
    }
    return may_run(turn, waiter);
}

static bool take(struct turn *turn, struct turn_seat *seat, struct blocking *blocking)
    REQUIRES(turn->lock) {
    if (is_free_for(turn, seat)) {
        have(turn, seat);
        return true;
    }
    struct turn_waiter waiter = {.wake = &seat->wake, .seat = seat, .blocking = blocking};
    stand_in_line(turn, &waiter);
    bool mine = runs_next(turn, &waiter);
    while (!mine && !is_wanted_elsewhere(turn, seat, blocking)) {
        wait_in_line(turn, &waiter);
        mine = runs_next(turn, &waiter);
    }
    const bool was_first = turn->line.vcpus == &waiter;
    turn_line_remove(&turn->line, &waiter);
    if (mine) {
        have(turn, seat);
    }
    if (was_first) {
        wake_first(turn);
    }
    return mine;
}

static void leave(struct turn *turn) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    CHECK(turn->taken);
    turn->taken = false;
    atomic_fetch_add_explicit(&turn->moves, 1, memory_order_relaxed);
}

// A VCPU that leaves at the end of its time slice gives up its place.
static void give(struct turn *turn, enum turn_end end) REQUIRES(turn->lock) {
    leave(turn);
    if (turn->by_vpid) {
        if (end == TURN_OVER) {
            rotation_advance(&turn->rotation);
        }
    } else if (end == TURN_AWAY && !atomic_load(&turn->over)) {
        turn->away = true;
        if (!turn->leaves) {
            turn->leaves = true;
            wake_first(turn);
        }
    } else {
        turn->runner = NULL;
    }
    wake_next(turn);
}

// --- VCPUs ---

bool turn_take(struct turn *turn, struct turn_seat *seat, struct blocking *blocking) {
    want_turn();
    bool mine = take_alone(turn, seat);
    if (!mine) {
        lock_turn(turn);
        mine = take(turn, seat, blocking);
        unlock_turn(turn);
    }
    if (mine) {
        have_turn(turn);
    }
    return mine;
}

void turn_give(struct turn *turn, enum turn_end end, struct turn_seat *seat) {
    lose_turn(turn);
    if (end == TURN_AWAY && leave_alone(turn, seat)) {
        return;
    }
    lock_turn(turn);
    if (end == TURN_KEPT) { // The VCPU sleeps, and asks anew.
        seat->kept = 0;
        seat->rest = 0;
    }
    give(turn, end);
    unlock_turn(turn);
}

bool turn_pass(struct turn *turn, enum turn_end end, struct turn_seat *seat,
               struct blocking *blocking) {
    lose_turn(turn);
    want_turn();
    lock_turn(turn);
    give(turn, end);
    const bool mine = take(turn, seat, blocking);
    unlock_turn(turn);
    if (mine) {
        have_turn(turn);
    }
    return mine;
}

bool turn_pause(struct turn *turn) {
    bool ends = false;
    if (!turn->by_vpid && atomic_load_explicit(&turn->line.count, memory_order_relaxed) == 0) {
        return false;
    }
    lock_turn(turn);
    if (turn->by_vpid) {
        ends = rotation_pause(&turn->rotation);
        if (ends) {
            stop_runner(turn);
        }
    } else if (turn->line.vcpus != NULL) {
        ends = true;
        end_time_slice(turn);
    }
    unlock_turn(turn);
    return ends;
}

bool turn_is_over(struct turn *turn) {
    return atomic_load(&turn->over);
}

bool turn_is_held_by(struct turn *turn, const void *thread) {
    lock_turn(turn);
    const bool result = turn->taken && !turn->called && turn->runner->thread == thread;
    unlock_turn(turn);
    return result;
}

// --- Calls from outside ---

void turn_take_call(struct turn *turn) {
    struct platform_semaphore wake;
    platform_semaphore_init(&wake);
    struct turn_waiter waiter = {.wake = &wake};
    want_turn();
    lock_turn(turn);
    turn_line_add(&turn->line, &waiter);
    while (turn->taken) {
        if (turn->runner != NULL && !turn->away) {
            keep(turn);
        }
        atomic_store(&turn->over, true);
        machine_request_exit(turn->machine);
        sleep_until(turn, &waiter, INT64_MAX);
    }
    turn_line_remove(&turn->line, &waiter);
    turn->taken = true;
    turn->called = true;
    atomic_fetch_add(&turn->moves, 1);
    unlock_turn(turn);
    have_turn(turn);
    platform_semaphore_destroy(&wake);
}

void turn_give_call(struct turn *turn) {
    lose_turn(turn);
    lock_turn(turn);
    turn->called = false;
    leave(turn);
    wake_next(turn);
    unlock_turn(turn);
}

// --- Sleep, and in virtual time whose turn it is ---

void turn_sleep(struct turn *turn) {
    lock_turn(turn);
    if (turn->by_vpid) {
        rotation_sleep(&turn->rotation);
    }
    unlock_turn(turn);
}

bool turn_all_asleep(struct turn *turn) {
    lock_turn(turn);
    if (turn->by_vpid && turn->rotation.current == 0) {
        rotation_advance(&turn->rotation); // To a VCPU that was kicked in the meantime.
    }
    const bool result = turn->by_vpid && turn->rotation.current == 0 && turn->rotation.asleep != 0;
    unlock_turn(turn);
    return result;
}

struct rotation turn_get_rotation(struct turn *turn) {
    platform_mutex_lock(&turn->lock);
    const struct rotation rotation = turn->rotation;
    platform_mutex_unlock(&turn->lock);
    return rotation;
}

void turn_set_rotation(struct turn *turn, const struct rotation *rotation) {
    platform_mutex_lock(&turn->lock);
    rotation_resume(&turn->rotation, rotation);
    platform_mutex_unlock(&turn->lock);
}

void turn_join(struct turn *turn, const struct turn_seat *seat) {
    lock_turn(turn);
    turn->several |= turn->rotation.present != 0;
    rotation_join(&turn->rotation, seat);
    unlock_turn(turn);
}

void turn_leave(struct turn *turn, unsigned vpid) {
    lock_turn(turn);
    rotation_leave(&turn->rotation, vpid);
    if (turn->away && turn->runner->vpid == vpid) {
        turn->away = false;
        turn->runner = NULL;
    }
    wake_next(turn);
    unlock_turn(turn);
}

void turn_wake(struct turn *turn, unsigned vpid) {
    lock_turn(turn);
    rotation_wake(&turn->rotation, vpid);
    wake_next(turn);
    unlock_turn(turn);
}

// In virtual time the VCPU whose turn it is lets others go first before it runs again; if it runs,
// it is stopped for that.
static void hurry_by_vpid(struct turn *turn, unsigned vpid) REQUIRES(turn->lock) {
    rotation_hurry(&turn->rotation, vpid);
    if (turn->rotation.hurried != 0) {
        stop_runner(turn);
    }
    wake_next(turn);
}

static void hurry(struct turn *turn, struct turn_seat *seat) REQUIRES(turn->lock) {
    struct turn_waiter *waiter = turn_line_find(&turn->line, seat->vpid);
    if (turn->runner == seat || seat->hurried) {
        return;
    }
    seat->hurried = may_hurry(turn, seat);
    if (waiter == NULL || !seat->hurried) {
        return;
    }
    turn_line_remove(&turn->line, waiter);
    turn_line_add(&turn->line, waiter);
    look_at_first(turn);
    wake_next(turn);
}

void turn_hurry(struct turn *turn, struct turn_seat *seat) {
    if (atomic_load(&turn->alone) >> 2 == seat->vpid) {
        return;
    }
    lock_turn(turn);
    if (turn->by_vpid) {
        hurry_by_vpid(turn, seat->vpid);
    } else {
        hurry(turn, seat);
    }
    unlock_turn(turn);
}
