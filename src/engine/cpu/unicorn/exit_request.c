// SPDX-License-Identifier: MIT
//
// Stopping runs from outside.

#include "engine/cpu/unicorn/exit_request.h"

#include "objects/timer_queue.h"
#include "platform/platform.h"
#include "platform/publish.h"

enum { TRIES = 8 }; // How often the requesting thread stops the run by itself.

#define MOMENT 500         // ns between these stops.
#define REPEAT_AFTER 50000 // ns between the timer thread's stops.

// --- Stops ---

static bool is_open(unsigned runs) {
    return runs % 2 != 0;
}

// Stops that run only, if it is still under way. The run may miss the stop, so stops are repeated
// until it has ended. Besides, Unicorn's stores are not ordered, and only with the next stop other
// threads have surely seen the stores of this one.
static void stop(struct exit_request *request, unsigned run) {
    atomic_fetch_add(&request->stopping, 1);
    if (atomic_load(&request->runs) == run) {
        uc_emu_stop(request->unicorn);
    }
    atomic_fetch_sub(&request->stopping, 1);
}

// Goes over all machines, and stops again those that must stop.
static struct platform_mutex lock = PLATFORM_MUTEX_INIT(LOCK_EXIT_REQUESTS);
static struct exit_request *all GUARDED_BY(lock);

static void repeat(struct timer_entry *entry) {
    bool again = false;
    platform_mutex_lock(&lock);
    for (struct exit_request *request = all; request != NULL; request = request->next) {
        const unsigned run = atomic_load(&request->runs);
        if (is_open(run) && atomic_load(&request->wanted)) {
            stop(request, run);
            again = true;
        }
    }
    platform_mutex_unlock(&lock);
    if (again) {
        timer_queue_arm(entry, platform_monotonic() + REPEAT_AFTER);
    }
}

static struct timer_entry repeater = {.fire = repeat};

// --- Those who ask ---

// True when that run has ended. The run writes to what is read here, so reading it all the time
// would delay the run.
static bool ends_in_a_moment(const struct exit_request *request, unsigned run) {
    const int64_t deadline = platform_monotonic() + MOMENT;
    while (platform_monotonic() < deadline) {
    }
    return atomic_load(&request->runs) != run;
}

// The flag is set first, because a run that begins now looks at it.
void exit_request_make(struct exit_request *request) {
    platform_publish(&request->wanted, true);
    const unsigned run = atomic_load(&request->runs);
    if (!is_open(run)) {
        return;
    }
    for (unsigned tries = 0; tries < TRIES; tries++) {
        stop(request, run);
        if (ends_in_a_moment(request, run)) {
            return;
        }
    }
    timer_queue_arm_at_once(&repeater);
}

void exit_request_make_inside(struct exit_request *request) {
    atomic_store(&request->wanted, true);
    if (request->unicorn != NULL) {
        uc_emu_stop(request->unicorn);
    }
}

// --- The run ---

void exit_request_open(struct exit_request *request, uc_engine *unicorn) {
    request->unicorn = unicorn;
    platform_mutex_lock(&lock);
    request->next = all;
    request->back = &all;
    if (all != NULL) {
        all->back = &request->next;
    }
    all = request;
    platform_mutex_unlock(&lock);
}

void exit_request_close(struct exit_request *request) {
    if (request->unicorn == NULL) {
        return;
    }
    platform_mutex_lock(&lock);
    *request->back = request->next;
    if (request->next != NULL) {
        request->next->back = request->back;
    }
    platform_mutex_unlock(&lock);
    request->unicorn = NULL;
}

bool exit_request_enter(struct exit_request *request, enum exit_request_entry entry) {
    if (request->unicorn == NULL) {
        return true;
    }
    if (entry == ENTRY_CLOSED) {
        return !atomic_load(&request->wanted);
    }
    atomic_fetch_add(&request->runs, 1);
    if (!atomic_load(&request->wanted)) {
        return true;
    }
    if (entry == ENTRY_FORCED) {
        timer_queue_arm_at_once(&repeater);
        return true;
    }
    exit_request_leave(request);
    return false;
}

// Threads that are about to stop the run either see that it is over or are waited for here, because
// their stop would meet the next run. They need a moment, unless the host takes the processor from
// them.
void exit_request_leave(struct exit_request *request) {
    const unsigned runs = atomic_load_explicit(&request->runs, memory_order_relaxed);
    if (is_open(runs)) {
        platform_publish(&request->runs, runs + 1);
    }
    unsigned tries = 1;
    while (atomic_load(&request->stopping) != 0) {
        platform_back_off(tries++);
    }
}

// Only the run writes to `runs`.
void exit_request_pause(struct exit_request *request) {
    const unsigned runs = atomic_load_explicit(&request->runs, memory_order_relaxed);
    if (is_open(runs)) {
        atomic_store_explicit(&request->runs, runs + 1, memory_order_release);
    }
}

void exit_request_go_on(struct exit_request *request) {
    const unsigned runs = atomic_load_explicit(&request->runs, memory_order_relaxed);
    if (request->unicorn == NULL || is_open(runs)) {
        return;
    }
    platform_publish(&request->runs, runs + 1);
    if (atomic_load(&request->wanted)) {
        uc_emu_stop(request->unicorn);
    }
}
