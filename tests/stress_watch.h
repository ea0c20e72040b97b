// SPDX-License-Identifier: MIT
//
// A watch over the threads of a stress test: it finds the one that does not come back from what it
// does, and says who does what and who holds or wants which lock.

#ifndef TESTS_STRESS_WATCH_H
#define TESTS_STRESS_WATCH_H

#include "platform/lock_report.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <zircon/syscalls.h>

struct watched {
    pthread_t thread;
    atomic_uint steps;           // What it has done.
    _Atomic(const char *) doing; // NULL when it does nothing.

    unsigned steps_seen; // The watch's own: as it was last, and when that changed.
    zx_time_t since;
};

static inline void watch_begin(struct watched *watched) {
    watched->steps_seen = 0;
    watched->since = zx_clock_get_monotonic();
}

// The number of the first thread that has been at one thing for longer than `limit`, or -1.
static inline int watch_find_stuck(struct watched *watched, int count, zx_duration_t limit) {
    const zx_time_t now = zx_clock_get_monotonic();
    for (int i = 0; i < count; i++) {
        const unsigned steps = atomic_load(&watched[i].steps);
        if (steps != watched[i].steps_seen || atomic_load(&watched[i].doing) == NULL) {
            watched[i].steps_seen = steps;
            watched[i].since = now;
        } else if (now - watched[i].since > limit) {
            return i;
        }
    }
    return -1;
}

static inline void watch_report(struct watched *watched, int count) {
    for (int i = 0; i < count; i++) {
        const char *doing = atomic_load(&watched[i].doing);
        fprintf(stderr, "worker %d, thread %#lx: %s\n", i, (unsigned long)watched[i].thread,
                doing != NULL ? doing : "nothing");
    }
    platform_report_locks(stderr);
}

#endif // TESTS_STRESS_WATCH_H
