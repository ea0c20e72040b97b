// SPDX-License-Identifier: MIT
//
// The turn.

#include "engine/turn.h"

#define LONGEST_WAIT 16000000 // ns. All slices of those that wait come to it at most,
#define LONGEST_SLICE 2000000 // and each of them to this.

void turn_init(struct turn *turn) {
    platform_mutex_init(&turn->lock);
    platform_condition_init(&turn->changed);
}

void turn_destroy(struct turn *turn) {
    platform_condition_destroy(&turn->changed);
    platform_mutex_destroy(&turn->lock);
}

// --- turn->lock held ---

static void wait(struct turn *turn) {
    platform_condition_wait(&turn->changed, &turn->lock);
}

// The first in the line watches the clock for all.
static void wait_slice(struct turn *turn) {
    const int64_t share = LONGEST_WAIT / (int64_t)(turn->next_ticket - turn->served);
    const int64_t slice = share < LONGEST_SLICE ? share : LONGEST_SLICE;
    const int64_t end = platform_monotonic() + slice;
    bool over = false;
    while (turn->taken && !over) {
        over = !platform_condition_wait_until(&turn->changed, &turn->lock, end);
    }
    if (turn->taken) {
        machine_request_exit(turn->machine);
        wait(turn);
    }
}

static void wait_in_line(struct turn *turn) {
    const uint64_t ticket = turn->next_ticket++;
    while (turn->taken || turn->calls > 0 || turn->served != ticket) {
        if (turn->taken && turn->served == ticket) {
            wait_slice(turn);
        } else {
            wait(turn);
        }
    }
    turn->served++;
}

static bool is_runnable(const struct turn *turn, unsigned vpid) {
    return ((turn->present & ~turn->asleep) >> vpid & 1) != 0;
}

static void pass_on(struct turn *turn) {
    const unsigned from = turn->current;
    turn->current = 0;
    for (unsigned i = 1; i <= 64; i++) {
        const unsigned vpid = (from + i) % 64;
        if (is_runnable(turn, vpid)) {
            turn->current = vpid;
            return;
        }
    }
}

// True when it is its turn.
static bool wait_by_vpid(struct turn *turn, unsigned vpid, const struct blocking *blocking) {
    while (turn->taken || turn->calls > 0 || turn->current != vpid) {
        if (blocking_attention(blocking)) {
            return false;
        }
        wait(turn);
    }
    return true;
}

static bool take(struct turn *turn, unsigned vpid, const struct blocking *blocking) {
    bool mine = true;
    atomic_fetch_add(&turn->waiting, 1);
    if (turn->by_vpid) {
        mine = wait_by_vpid(turn, vpid, blocking);
    } else {
        wait_in_line(turn);
    }
    atomic_fetch_sub(&turn->waiting, 1);
    turn->taken = turn->taken || mine;
    if (turn->next_ticket != turn->served) {
        platform_condition_broadcast(&turn->changed); // Another one is the first now.
    }
    return mine;
}

static void give(struct turn *turn, enum turn_end end) {
    turn->taken = false;
    if (turn->by_vpid && end == TURN_OVER) {
        pass_on(turn);
    }
    if (turn->waiting > 0) {
        platform_condition_broadcast(&turn->changed);
    }
}

// --- VCPUs ---

bool turn_take(struct turn *turn, unsigned vpid, const struct blocking *blocking) {
    platform_mutex_lock(&turn->lock);
    const bool mine = take(turn, vpid, blocking);
    platform_mutex_unlock(&turn->lock);
    return mine;
}

void turn_poke(struct turn *turn) {
    platform_mutex_lock(&turn->lock);
    platform_condition_broadcast(&turn->changed);
    platform_mutex_unlock(&turn->lock);
}

void turn_give(struct turn *turn, enum turn_end end) {
    platform_mutex_lock(&turn->lock);
    give(turn, end);
    platform_mutex_unlock(&turn->lock);
}

bool turn_pass(struct turn *turn, enum turn_end end, unsigned vpid,
               const struct blocking *blocking) {
    platform_mutex_lock(&turn->lock);
    give(turn, end);
    const bool mine = take(turn, vpid, blocking);
    platform_mutex_unlock(&turn->lock);
    return mine;
}

bool turn_wanted(struct turn *turn) {
    return atomic_load_explicit(&turn->waiting, memory_order_relaxed) > 0;
}

// --- Calls from outside ---

void turn_take_call(struct turn *turn) {
    platform_mutex_lock(&turn->lock);
    atomic_fetch_add(&turn->waiting, 1);
    turn->calls++;
    while (turn->taken) {
        machine_request_exit(turn->machine);
        wait(turn);
    }
    turn->calls--;
    atomic_fetch_sub(&turn->waiting, 1);
    turn->taken = true;
    platform_mutex_unlock(&turn->lock);
}

void turn_give_call(struct turn *turn) {
    platform_mutex_lock(&turn->lock);
    turn->taken = false;
    platform_condition_broadcast(&turn->changed);
    platform_mutex_unlock(&turn->lock);
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
    const bool result = turn->by_vpid && turn->current == 0;
    platform_mutex_unlock(&turn->lock);
    return result;
}

void turn_join(struct turn *turn, unsigned vpid) {
    platform_mutex_lock(&turn->lock);
    turn->present |= 1ull << vpid;
    if (turn->current == 0) {
        turn->current = vpid;
    }
    platform_mutex_unlock(&turn->lock);
}

void turn_leave(struct turn *turn, unsigned vpid) {
    platform_mutex_lock(&turn->lock);
    turn->present &= ~(1ull << vpid);
    turn->asleep &= ~(1ull << vpid);
    if (turn->current == vpid) {
        pass_on(turn);
        platform_condition_broadcast(&turn->changed);
    }
    platform_mutex_unlock(&turn->lock);
}

void turn_wake(struct turn *turn, unsigned vpid) {
    platform_mutex_lock(&turn->lock);
    turn->asleep &= ~(1ull << vpid);
    if (turn->current == 0) {
        turn->current = vpid;
        platform_condition_broadcast(&turn->changed);
    }
    platform_mutex_unlock(&turn->lock);
}
