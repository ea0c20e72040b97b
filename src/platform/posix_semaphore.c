// SPDX-License-Identifier: MIT
//
// The semaphore of other POSIX systems, and of builds with ZIRCONIA_PORTABLE: one that counts, of
// which a wait takes all posts. POSIX has deadlines on the wall's clock only, which may be set back
// during a wait; so no wait is longer than LONGEST.

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "platform/platform.h"

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

static bool wait_for(struct platform_semaphore *semaphore, int64_t duration) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    const int64_t nanoseconds = until.tv_nsec + (duration < LONGEST ? duration : LONGEST);
    until.tv_sec += (time_t)(nanoseconds / NANOSECONDS);
    until.tv_nsec = (long)(nanoseconds % NANOSECONDS);
    return sem_timedwait(&semaphore->native, &until) == 0;
}

bool platform_semaphore_wait_until(struct platform_semaphore *semaphore, int64_t deadline) {
    const int error = errno;
    bool posted = try_wait(semaphore);
    while (!posted && deadline == INT64_MAX) {
        posted = sem_wait(&semaphore->native) == 0;
    }
    int64_t now = platform_monotonic();
    while (!posted && now < deadline) {
        posted = wait_for(semaphore, deadline - now);
        now = platform_monotonic();
    }
    posted = posted || try_wait(semaphore);
    if (posted) {
        try_wait(semaphore);
    }
    errno = error;
    return posted;
}

#endif
