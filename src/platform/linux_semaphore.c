// SPDX-License-Identifier: MIT
//
// The semaphore of Linux: one word, and a futex to sleep on it. All calls may be made in a signal
// handler, and the host cancels none of them by itself.

#define _GNU_SOURCE // syscall()

#include "platform/platform.h"
#include "platform/posix_cancel.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NANOSECONDS = 1000000000 };

enum { EMPTY, POSTED, WAITED_FOR };

// As the kernel has it for this call, whatever the C library's time is.
struct kernel_time {
    long seconds;
    long nanoseconds;
};

void platform_semaphore_init(struct platform_semaphore *semaphore) {
    atomic_init(&semaphore->state, EMPTY);
}

void platform_semaphore_destroy(struct platform_semaphore *semaphore) {
    (void)semaphore;
}

// The word may be gone by the time of the call, which then finds nobody or wakes somebody for
// nothing.
void platform_semaphore_post(struct platform_semaphore *semaphore) {
    if (atomic_exchange(&semaphore->state, POSTED) == WAITED_FOR) {
        const int error = errno;
        syscall(SYS_futex, &semaphore->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
        errno = error;
    }
}

struct sleep {
    struct platform_semaphore *semaphore;
    int64_t deadline;
    bool in_time;
};

// Until the state is not WAITED_FOR, or something else, or the deadline has passed.
POSIX_LEFT_UNSEEN static void sleep_once(void *argument) {
    struct sleep *sleep = argument;
    const int64_t time = sleep->deadline < 0 ? 0 : sleep->deadline;
    const int64_t seconds = time / NANOSECONDS;
    const bool endless = seconds > LONG_MAX || sleep->deadline == INT64_MAX;
    const struct kernel_time until = {
        .seconds = endless ? 0 : (long)seconds,
        .nanoseconds = (long)(time % NANOSECONDS),
    };
    const int error = errno;
    sleep->in_time =
        syscall(SYS_futex, &sleep->semaphore->state, FUTEX_WAIT_BITSET_PRIVATE, WAITED_FOR,
                endless ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY) == 0 ||
        errno != ETIMEDOUT;
    errno = error;
}

// True when the thread was cancelled. A sleep changes nothing, so it may be cancelled anywhere.
static bool sleep_for(struct sleep *sleep, bool cancelable) {
    if (cancelable) {
        return posix_sleep_or_cancel(sleep_once, sleep, true);
    }
    sleep_once(sleep);
    return false;
}

static enum platform_wake wait(struct platform_semaphore *semaphore, int64_t deadline,
                               bool cancelable) {
    struct sleep sleep = {.semaphore = semaphore, .deadline = deadline};
    for (;;) {
        unsigned state = POSTED;
        if (atomic_compare_exchange_strong(&semaphore->state, &state, EMPTY)) {
            return PLATFORM_POSTED;
        }
        state = EMPTY;
        if (!atomic_compare_exchange_strong(&semaphore->state, &state, WAITED_FOR) &&
            state == POSTED) {
            continue;
        }
        if (sleep_for(&sleep, cancelable)) {
            return PLATFORM_CANCELED;
        }
        if (!sleep.in_time) {
            return atomic_exchange(&semaphore->state, EMPTY) == POSTED ? PLATFORM_POSTED
                                                                       : PLATFORM_TIMED_OUT;
        }
    }
}

bool platform_semaphore_wait_until(struct platform_semaphore *semaphore, int64_t deadline) {
    return wait(semaphore, deadline, false) == PLATFORM_POSTED;
}

enum platform_wake platform_semaphore_wait_or_cancel(struct platform_semaphore *semaphore,
                                                     int64_t deadline) {
    return wait(semaphore, deadline, true);
}
