// SPDX-License-Identifier: MIT
//
// The semaphore of other POSIX systems, and of builds with ZIRCONIA_PORTABLE: one that counts, of
// which a wait takes all posts. POSIX has deadlines on the wall's clock only, which may be set back
// during a wait; so no wait is longer than LONGEST.

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "platform/platform.h"
#include "platform/posix_cancel.h"

#if defined(PLATFORM_POSIX_SEMAPHORE)

#include <errno.h>
#include <time.h>

enum { NANOSECONDS = 1000000000 };

#define LONGEST INT64_C(100000000) // ns

void platform_semaphore_init(struct platform_semaphore *semaphore) {
    sem_init(&semaphore->native, 0, 0);
}

void platform_semaphore_destroy(struct platform_semaphore *semaphore) {
    sem_destroy(&semaphore->native);
}

// At the largest count there is a post already.
void platform_semaphore_post(struct platform_semaphore *semaphore) {
    const int error = errno;
    sem_post(&semaphore->native);
    errno = error;
}

static bool try_wait(struct platform_semaphore *semaphore) {
    bool posted = false;
    while (sem_trywait(&semaphore->native) == 0) {
        posted = true;
    }
    return posted;
}

struct sleep {
    sem_t *semaphore;
    int64_t deadline;
    bool posted;
};

// Until a post, or something else, or LONGEST or the deadline has passed.
POSIX_LEFT_UNSEEN static void sleep_once(void *argument) {
    struct sleep *sleep = argument;
    if (sleep->deadline == INT64_MAX) {
        sleep->posted = sem_wait(sleep->semaphore) == 0;
        return;
    }
    const int64_t left = sleep->deadline - platform_monotonic();
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    const int64_t nanoseconds = until.tv_nsec + (left < LONGEST ? left : LONGEST);
    until.tv_sec += (time_t)(nanoseconds / NANOSECONDS);
    until.tv_nsec = (long)(nanoseconds % NANOSECONDS);
    sleep->posted = sem_timedwait(sleep->semaphore, &until) == 0;
}

static enum platform_wake wait_until(struct platform_semaphore *semaphore, int64_t deadline,
                                     bool cancelable) {
    struct sleep sleep = {
        .semaphore = &semaphore->native,
        .deadline = deadline,
        .posted = try_wait(semaphore),
    };
    while (!sleep.posted && platform_monotonic() < deadline) {
        if (!cancelable) {
            sleep_once(&sleep);
        } else if (posix_sleep_or_cancel(sleep_once, &sleep, false)) {
            return PLATFORM_CANCELED;
        }
    }
    return try_wait(semaphore) || sleep.posted ? PLATFORM_POSTED : PLATFORM_TIMED_OUT;
}

// The host's waits are points of cancellation, which this is not.
bool platform_semaphore_wait_until(struct platform_semaphore *semaphore, int64_t deadline) {
    const int error = errno;
    int state = PTHREAD_CANCEL_DISABLE;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    const enum platform_wake woken = wait_until(semaphore, deadline, false);
    pthread_setcancelstate(state, NULL);
    errno = error;
    return woken == PLATFORM_POSTED;
}

enum platform_wake platform_semaphore_wait_or_cancel(struct platform_semaphore *semaphore,
                                                     int64_t deadline) {
    const int error = errno;
    const enum platform_wake woken = wait_until(semaphore, deadline, true);
    errno = error;
    return woken;
}

#endif
