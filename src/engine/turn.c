// SPDX-License-Identifier: MIT
//
// The turn.

#include "engine/turn.h"

#include "platform/check.h"

#define LONGEST_WAIT 16000000 // ns. All slices of those that wait come to it at most,
#define LONGEST_SLICE 2000000 // and each of them to this.

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

static void link_waiter(struct turn *turn, struct turn_waiter *waiter) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    struct turn_waiter **link = waiter->seat != NULL ? &turn->line : &turn->calls;
    while (*link != NULL) {
        link = &(*link)->next;
    }
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

// Who may run next, or in virtual time may not be waiting yet: then NULL.
static struct turn_waiter *next_waiter(const struct turn *turn) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    if (turn->calls != NULL) {
        return turn->calls;
    }
    struct turn_waiter *waiter = turn->line;
    while (turn->by_vpid && waiter != NULL && waiter->seat->vpid != turn->current) {
        waiter = waiter->next;
    }
    return waiter;
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

// May come back for nothing. False once the deadline has passed.
static bool sleep_until(struct turn *turn, const struct turn_waiter *waiter, int64_t deadline)
    REQUIRES(turn->lock) {
    platform_mutex_unlock(&turn->lock);
    const enum platform_wake woken = blocking_sleep(waiter->blocking, waiter->wake, deadline);
    platform_mutex_lock(&turn->lock);
    return woken != PLATFORM_TIMED_OUT;
}

static int64_t slice(const struct turn *turn) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    int64_t count = 1; // The one that asks, which is first.
    CHECK(turn->line != NULL);
    for (const struct turn_waiter *waiter = turn->line->next; waiter != NULL;
         waiter = waiter->next) {
        count++;
    }
    const int64_t share = LONGEST_WAIT / count;
    return share < LONGEST_SLICE ? share : LONGEST_SLICE;
}

// The first in the line watches the clock for all: `end` is that of the slice of who runs, and 0
// before it is known.
static void wait_in_line(struct turn *turn, const struct turn_waiter *waiter, int64_t *end)
    REQUIRES(turn->lock) {
    const bool watches = turn->taken && turn->line == waiter && !turn->by_vpid;
    if (!watches) {
        *end = 0;
        sleep_until(turn, waiter, INT64_MAX);
        return;
    }
    if (*end == 0) {
        *end = platform_monotonic() + slice(turn);
    }
    if (!sleep_until(turn, waiter, *end) && turn->taken) {
        machine_request_exit(turn->machine);
        *end = INT64_MAX;
    }
}

static bool is_wanted_elsewhere(const struct turn *turn, const struct turn_seat *seat,
                                struct blocking *blocking) {
    return atomic_load(&seat->kicked) || (turn->by_vpid && blocking_attention(blocking));
}

static bool take(struct turn *turn, struct turn_seat *seat, struct blocking *blocking)
    REQUIRES(turn->lock) {
    struct turn_waiter waiter = {.wake = &seat->wake, .seat = seat, .blocking = blocking};
    int64_t end = 0;
    link_waiter(turn, &waiter);
    while (!may_run(turn, &waiter) && !is_wanted_elsewhere(turn, seat, blocking)) {
        wait_in_line(turn, &waiter, &end);
    }
    const bool mine = may_run(turn, &waiter);
    unlink_waiter(turn, &waiter);
    CHECK(!mine || !turn->taken);
    turn->taken = turn->taken || mine;
    wake_next(turn); // Another one is the first now.
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

static void give(struct turn *turn, enum turn_end end) REQUIRES(turn->lock) {
    ASSERT_HELD(&turn->lock);
    CHECK(turn->taken);
    turn->taken = false;
    if (turn->by_vpid && end == TURN_OVER) {
        pass_on(turn);
    }
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

void turn_give(struct turn *turn, enum turn_end end) {
    lose_turn(turn);
    platform_mutex_lock(&turn->lock);
    give(turn, end);
    wake_next(turn);
    platform_mutex_unlock(&turn->lock);
}

bool turn_pass(struct turn *turn, enum turn_end end, struct turn_seat *seat,
               struct blocking *blocking) {
    lose_turn(turn);
    want_turn();
    platform_mutex_lock(&turn->lock);
    give(turn, end);
    wake_next(turn);
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

// --- Calls from outside ---

void turn_take_call(struct turn *turn) {
    struct platform_semaphore wake;
    platform_semaphore_init(&wake);
    struct turn_waiter waiter = {.wake = &wake};
    want_turn();
    platform_mutex_lock(&turn->lock);
    link_waiter(turn, &waiter);
    while (turn->taken) {
        machine_request_exit(turn->machine);
        sleep_until(turn, &waiter, INT64_MAX);
    }
    unlink_waiter(turn, &waiter);
    turn->taken = true;
    platform_mutex_unlock(&turn->lock);
    have_turn(turn);
    platform_semaphore_destroy(&wake);
}

void turn_give_call(struct turn *turn) {
    turn_give(turn, TURN_KEPT);
}

// --- Virtual time ---

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
        wake_next(turn);
    }
    platform_mutex_unlock(&turn->lock);
}

void turn_wake(struct turn *turn, unsigned vpid) {
    platform_mutex_lock(&turn->lock);
    turn->asleep &= ~(1ull << vpid);
    if (turn->current == 0 && (turn->present >> vpid & 1) != 0) {
        turn->current = vpid;
        wake_next(turn);
    }
    platform_mutex_unlock(&turn->lock);
}
