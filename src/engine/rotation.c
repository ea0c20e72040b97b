// SPDX-License-Identifier: MIT
//
// Moving the turn round.

#include "engine/rotation.h"

#include "engine/turn_line.h"

static uint64_t bit(unsigned vpid) {
    return 1ull << vpid;
}

// A kick takes no lock, and the host decides when the kicked thread runs. So that virtual time
// repeats, kicks are looked at here, where the next VCPU is chosen.
static void wake_kicked(struct rotation *rotation) {
    for (unsigned vpid = 1; vpid < TURN_SEATS; vpid++) {
        if ((rotation->asleep & bit(vpid)) != 0 && atomic_load(&rotation->seats[vpid]->kicked)) {
            rotation->asleep &= ~bit(vpid);
        }
    }
}

static bool is_runnable(const struct rotation *rotation, unsigned vpid) {
    return (rotation->present & ~rotation->asleep & bit(vpid)) != 0;
}

// The next of these VCPUs that can run, or 0.
static unsigned next_of(const struct rotation *rotation, uint64_t vpids) {
    for (unsigned i = 1; i <= TURN_SEATS; i++) {
        const unsigned vpid = (rotation->slice + i) % TURN_SEATS;
        if ((vpids & bit(vpid)) != 0 && is_runnable(rotation, vpid)) {
            return vpid;
        }
    }
    return 0;
}

void rotation_advance(struct rotation *rotation) {
    wake_kicked(rotation);
    rotation->paused = false;
    rotation->current = next_of(rotation, UINT64_MAX);
    if (rotation->current != 0) {
        rotation->slice = rotation->current;
    }
}

// A VCPU whose thread has ended in the meantime is gone.
void rotation_resume(struct rotation *rotation, const struct rotation *old) {
    rotation->asleep = old->asleep & rotation->present;
    rotation->hurried = old->hurried & rotation->present;
    rotation->current = old->current;
    rotation->slice = old->slice;
    rotation->paused = old->paused;
    if (old->current != 0 && !is_runnable(rotation, old->current)) {
        rotation_advance(rotation);
    }
}

// The VCPU that has the rest of the time slice, when none goes first.
static void go_on(struct rotation *rotation) {
    wake_kicked(rotation);
    rotation->paused = false;
    if (is_runnable(rotation, rotation->slice)) {
        rotation->current = rotation->slice;
    } else {
        rotation_advance(rotation);
    }
}

void rotation_yield(struct rotation *rotation) {
    const unsigned hurried = next_of(rotation, rotation->hurried);
    if (hurried != 0) {
        rotation->hurried &= ~bit(hurried);
        rotation->current = hurried;
    } else if (rotation->paused) {
        go_on(rotation);
    }
}

static void stop_current(struct rotation *rotation) {
    rotation->paused = true;
    rotation_yield(rotation);
}

void rotation_sleep(struct rotation *rotation) {
    rotation->asleep |= bit(rotation->current);
    stop_current(rotation);
}

bool rotation_pause(struct rotation *rotation) {
    rotation->paused = rotation->current != rotation->slice;
    return rotation->paused;
}

void rotation_wake(struct rotation *rotation, unsigned vpid) {
    rotation->asleep &= ~bit(vpid);
    if (rotation->current == 0 && (rotation->present & bit(vpid)) != 0) {
        rotation->current = vpid;
        rotation->slice = vpid;
    }
}

void rotation_hurry(struct rotation *rotation, unsigned vpid) {
    rotation_wake(rotation, vpid);
    if (rotation->current != vpid) {
        rotation->hurried |= bit(vpid) & rotation->present;
    }
}

void rotation_join(struct rotation *rotation, const struct turn_seat *seat) {
    rotation->present |= bit(seat->vpid);
    rotation->seats[seat->vpid] = seat;
    if (rotation->current == 0) {
        rotation->current = seat->vpid;
        rotation->slice = seat->vpid;
    }
}

void rotation_leave(struct rotation *rotation, unsigned vpid) {
    rotation->present &= ~bit(vpid);
    rotation->asleep &= ~bit(vpid);
    rotation->hurried &= ~bit(vpid);
    if (rotation->current == vpid) {
        stop_current(rotation);
    }
}
