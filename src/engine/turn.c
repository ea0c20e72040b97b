// SPDX-License-Identifier: MIT
//
// The turn.

#include "engine/turn.h"

#include "platform/check.h"

#define LONGEST_WAIT 16000000      // ns. The time slices of all that wait come to this at most.
#define LONGEST_TIME_SLICE 2000000 // ns.
#define LONGEST_AWAY 50000 // ns. So long a VCPU that is with its caller keeps its time slice.

void turn_init(struct turn *turn) {
    platform_mutex_init(&turn->lock, LOCK_TURN);
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

// --- Waiting for it and giving it up ---

// Where the one who asks belongs: calls behind all calls, VCPUs by their places.
static struct turn_waiter **find_link(struct turn *turn, const struct turn_waiter *waiter)
    REQUIRES(turn->lock) {
    struct turn_waiter **link = waiter->seat != NULL ? &turn->line : &turn->calls;
    while (*link != NULL && (waiter->seat == NULL || (*link)->seat->place < waiter->seat->place)) {
        link = &(*link)->next;
    }
    return link;
}

static void link_waiter(struct turn *turn, struct turn_waiter *waiter) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    if (waiter->seat != NULL && waiter->seat->place == 0) {
        waiter->seat->place = ++turn->places;
    }
    struct turn_waiter **link = find_link(turn, waiter);
    waiter->next = *link;
    *link = waiter;
    atomic_fetch_add(&turn->waiting, 1);
}

static void unlink_waiter(struct turn *turn, struct turn_waiter *waiter) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    struct turn_waiter **link = waiter->seat != NULL ? &turn->line : &turn->calls;
    while (*link != waiter) {
        CHECK(*link != NULL);
        link = &(*link)->next;
    }
    *link = waiter->next;
    atomic_fetch_sub(&turn->waiting, 1);
}

// The VCPU's place in the line, or NULL.
static struct turn_waiter *find_waiter(const struct turn *turn, unsigned vpid)
    REQUIRES(turn->lock) {
    struct turn_waiter *waiter = turn->line;
    while (waiter != NULL && waiter->seat->vpid != vpid) {
        waiter = waiter->next;
    }
    return waiter;
}

// Who may run next. NULL: the one that may is not waiting yet.
static struct turn_waiter *next_waiter(const struct turn *turn) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    if (turn->calls != NULL) {
        return turn->calls;
    }
    if (turn->by_vpid) {
        return find_waiter(turn, turn->current);
    }
    return turn->away != NULL ? find_waiter(turn, turn->away->vpid) : turn->line;
}

static bool may_run(const struct turn *turn, const struct turn_waiter *waiter)
    REQUIRES(turn->lock) {
    return !turn->taken && next_waiter(turn) == waiter;
}

// Something has changed for whoever is the next.
static void wake_next(const struct turn *turn) REQUIRES(turn->lock) {
    const struct turn_waiter *next = next_waiter(turn);
    if (next != NULL) {
        platform_semaphore_post(next->wake);
    }
}

// The first in the line is to watch.
static void wake_first(const struct turn *turn) REQUIRES(turn->lock) {
    if (turn->line != NULL && !turn->by_vpid) {
        platform_semaphore_post(turn->line->wake);
    }
}

// May come back for nothing. False once the deadline has passed.
static bool sleep_until(struct turn *turn, const struct turn_waiter *waiter, int64_t deadline)
    REQUIRES(turn->lock) {
    platform_mutex_unlock(&turn->lock);
    const enum platform_wake woken = blocking_sleep(waiter->blocking, waiter->wake, deadline);
    platform_mutex_lock(&turn->lock);
    return woken != PLATFORM_TIMED_OUT;
}

static int64_t time_slice(const struct turn *turn) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    int64_t count = 1; // The one that asks, which is first.
    CHECK(turn->line != NULL);
    for (const struct turn_waiter *waiter = turn->line->next; waiter != NULL;
         waiter = waiter->next) {
        count++;
    }
    const int64_t share = LONGEST_WAIT / count;
    return share < LONGEST_TIME_SLICE ? share : LONGEST_TIME_SLICE;
}

static void end_time_slice(struct turn *turn) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    turn->away = NULL;
    if (turn->taken) {
        atomic_store(&turn->over, true);
        machine_request_exit(turn->machine);
    } else {
        wake_next(turn);
    }
}

static int64_t watch_until(const struct turn *turn, int64_t now) REQUIRES(turn->lock) {
    const int64_t look = now + LONGEST_AWAY;
    return turn->leaves && look < turn->time_slice_end ? look : turn->time_slice_end;
}

// The first in the line watches the clock for all.
static void watch(struct turn *turn, const struct turn_waiter *waiter) REQUIRES(turn->lock) {
    const int64_t now = platform_monotonic();
    if (turn->time_slice_end == 0) {
        turn->time_slice_end = now + time_slice(turn);
    }
    if (now >= turn->time_slice_end) {
        end_time_slice(turn);
        return;
    }
    const uint64_t moves = turn->moves;
    const bool passed = !sleep_until(turn, waiter, watch_until(turn, now));
    if (passed && turn->moves == moves) {
        turn->away = NULL;
    }
}

static void wait_in_line(struct turn *turn, const struct turn_waiter *waiter) REQUIRES(turn->lock) {
    const bool has_end = (turn->taken && !atomic_load(&turn->over)) || turn->away != NULL;
    if (turn->line == waiter && has_end && !turn->by_vpid) {
        watch(turn, waiter);
    } else {
        sleep_until(turn, waiter, INT64_MAX);
    }
}

static bool is_wanted_elsewhere(const struct turn *turn, const struct turn_seat *seat,
                                struct blocking *blocking) {
    return atomic_load(&seat->kicked) || (turn->by_vpid && blocking_stop_requested(blocking));
}

// The VCPU has it from now on. One that was away goes on with its time slice.
static void have(struct turn *turn, struct turn_seat *seat) REQUIRES(turn->lock) {
    CHECK(!turn->taken);
    turn->taken = true;
    turn->moves++;
    seat->place = 0;
    if (turn->away != seat) {
        turn->time_slice_end = 0;
        turn->leaves = false;
    }
    turn->away = NULL;
    if (atomic_load_explicit(&turn->over, memory_order_relaxed)) {
        atomic_store(&turn->over, false);
    }
}

// Nobody has it or waits for it, and no time slice is under way but the VCPU's own.
static bool is_free_for(const struct turn *turn, const struct turn_seat *seat)
    REQUIRES(turn->lock) {
    return !turn->taken && turn->calls == NULL && turn->line == NULL && !turn->by_vpid &&
           (turn->away == NULL || turn->away == seat);
}

static bool take(struct turn *turn, struct turn_seat *seat, struct blocking *blocking)
    REQUIRES(turn->lock) {
    if (is_free_for(turn, seat)) {
        have(turn, seat);
        return true;
    }
    struct turn_waiter waiter = {.wake = &seat->wake, .seat = seat, .blocking = blocking};
    link_waiter(turn, &waiter);
    while (!may_run(turn, &waiter) && !is_wanted_elsewhere(turn, seat, blocking)) {
        wait_in_line(turn, &waiter);
    }
    const bool mine = may_run(turn, &waiter);
    const bool was_first = turn->line == &waiter;
    unlink_waiter(turn, &waiter);
    if (mine) {
        have(turn, seat);
    }
    if (was_first) {
        wake_first(turn);
    }
    return mine;
}

// A kick takes no lock, and the thread that it wakes runs when the host likes. So that virtual time
// repeats, those who decide whose turn is next look at kicks.
static void wake_kicked(struct turn *turn) REQUIRES(turn->lock) {
    for (unsigned vpid = 1; vpid < TURN_SEATS; vpid++) {
        if ((turn->asleep >> vpid & 1) != 0 && atomic_load(&turn->seats[vpid]->kicked)) {
            turn->asleep &= ~(1ull << vpid);
        }
    }
}

static bool is_runnable(const struct turn *turn, unsigned vpid) {
    return ((turn->present & ~turn->asleep) >> vpid & 1) != 0;
}

static void pass_on(struct turn *turn) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    const unsigned from = turn->current;
    wake_kicked(turn);
    turn->current = 0;
    for (unsigned i = 1; i <= TURN_SEATS; i++) {
        const unsigned vpid = (from + i) % TURN_SEATS;
        if (is_runnable(turn, vpid)) {
            turn->current = vpid;
            return;
        }
    }
}

// A VCPU that leaves when its time slice is over leaves it for good.
static void give(struct turn *turn, struct turn_seat *seat, enum turn_end end)
    REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    CHECK(turn->taken);
    turn->taken = false;
    turn->moves++;
    if (turn->by_vpid) {
        if (end == TURN_OVER) {
            pass_on(turn);
        }
    } else if (end == TURN_AWAY && !atomic_load(&turn->over)) {
        turn->away = seat;
        if (!turn->leaves) {
            turn->leaves = true;
            wake_first(turn);
        }
    }
    wake_next(turn);
}

// --- VCPUs ---

bool turn_take(struct turn *turn, struct turn_seat *seat, struct blocking *blocking) {
    want_turn();
    platform_mutex_lock(&turn->lock);
    const bool mine = take(turn, seat, blocking);
    platform_mutex_unlock(&turn->lock);
    if (mine) {
        have_turn(turn);
    }
    return mine;
}

void turn_give(struct turn *turn, enum turn_end end, struct turn_seat *seat) {
    lose_turn(turn);
    platform_mutex_lock(&turn->lock);
    give(turn, seat, end);
    platform_mutex_unlock(&turn->lock);
}

bool turn_pass(struct turn *turn, enum turn_end end, struct turn_seat *seat,
               struct blocking *blocking) {
    lose_turn(turn);
    want_turn();
    platform_mutex_lock(&turn->lock);
    give(turn, seat, end);
    const bool mine = take(turn, seat, blocking);
    platform_mutex_unlock(&turn->lock);
    if (mine) {
        have_turn(turn);
    }
    return mine;
}

bool turn_wanted(struct turn *turn) {
    return atomic_load_explicit(&turn->waiting, memory_order_relaxed) > 0;
}

void turn_end_time_slice(struct turn *turn) {
    platform_mutex_lock(&turn->lock);
    end_time_slice(turn);
    platform_mutex_unlock(&turn->lock);
}

bool turn_is_over(struct turn *turn) {
    return atomic_load(&turn->over);
}

// --- Calls from outside ---

void turn_take_call(struct turn *turn) {
    struct platform_semaphore wake;
    platform_semaphore_init(&wake);
    struct turn_waiter waiter = {.wake = &wake};
    want_turn();
    platform_mutex_lock(&turn->lock);
    link_waiter(turn, &waiter);
    while (turn->taken) {
        atomic_store(&turn->over, true);
        machine_request_exit(turn->machine);
        sleep_until(turn, &waiter, INT64_MAX);
    }
    unlink_waiter(turn, &waiter);
    turn->taken = true;
    turn->moves++;
    platform_mutex_unlock(&turn->lock);
    have_turn(turn);
    platform_semaphore_destroy(&wake);
}

void turn_give_call(struct turn *turn) {
    turn_give(turn, TURN_KEPT, NULL);
}

// --- Sleep, and in virtual time whose turn it is ---

void turn_sleep(struct turn *turn) {
    platform_mutex_lock(&turn->lock);
    if (turn->by_vpid) {
        turn->asleep |= 1ull << turn->current;
        pass_on(turn);
    }
    platform_mutex_unlock(&turn->lock);
}

bool turn_all_asleep(struct turn *turn) {
    platform_mutex_lock(&turn->lock);
    if (turn->by_vpid && turn->current == 0) {
        pass_on(turn); // To one that was kicked since.
    }
    const bool result = turn->by_vpid && turn->current == 0 && turn->asleep != 0;
    platform_mutex_unlock(&turn->lock);
    return result;
}

void turn_join(struct turn *turn, const struct turn_seat *seat) {
    platform_mutex_lock(&turn->lock);
    turn->present |= 1ull << seat->vpid;
    turn->seats[seat->vpid] = seat;
    if (turn->current == 0) {
        turn->current = seat->vpid;
    }
    platform_mutex_unlock(&turn->lock);
}

void turn_leave(struct turn *turn, unsigned vpid) {
    platform_mutex_lock(&turn->lock);
    turn->present &= ~(1ull << vpid);
    turn->asleep &= ~(1ull << vpid);
    if (turn->current == vpid) {
        pass_on(turn);
    }
    if (turn->away != NULL && turn->away->vpid == vpid) {
        turn->away = NULL;
    }
    wake_next(turn);
    platform_mutex_unlock(&turn->lock);
}

void turn_wake(struct turn *turn, unsigned vpid) {
    platform_mutex_lock(&turn->lock);
    turn->asleep &= ~(1ull << vpid);
    if (turn->current == 0 && (turn->present >> vpid & 1) != 0) {
        turn->current = vpid;
        wake_next(turn);
    }
    if (!turn->by_vpid && find_waiter(turn, vpid) != NULL) {
        end_time_slice(turn);
    }
    platform_mutex_unlock(&turn->lock);
}
