// SPDX-License-Identifier: MIT
//
// The semaphore of Linux: one word, and a futex to sleep on it. Both calls may be made in a signal
// handler, and neither is a point of cancellation.

#define _GNU_SOURCE // syscall()

#include "platform/platform.h"

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

// Until the state is not WAITED_FOR, or something else; false once the deadline has passed.
static bool sleep_on(struct platform_semaphore *semaphore, int64_t deadline) {
    const int64_t time = deadline < 0 ? 0 : deadline;
    const int64_t seconds = time / NANOSECONDS;
    const bool endless = seconds > LONG_MAX || deadline == INT64_MAX;
    const struct kernel_time until = {
        .seconds = endless ? 0 : (long)seconds,
        .nanoseconds = (long)(time % NANOSECONDS),
    };
    const int error = errno;
    const bool in_time =
        syscall(SYS_futex, &semaphore->state, FUTEX_WAIT_BITSET_PRIVATE, WAITED_FOR,
                endless ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY) == 0 ||
        errno != ETIMEDOUT;
    errno = error;
    return in_time;
}

bool platform_semaphore_wait_until(struct platform_semaphore *semaphore, int64_t deadline) {
    for (;;) {
        unsigned state = POSTED;
        if (atomic_compare_exchange_strong(&semaphore->state, &state, EMPTY)) {
            return true;
        }
        state = EMPTY;
        if (!atomic_compare_exchange_strong(&semaphore->state, &state, WAITED_FOR) &&
            state == POSTED) {
            continue;
        }
        if (!sleep_on(semaphore, deadline)) {
            return atomic_exchange(&semaphore->state, EMPTY) == POSTED;
        }
    }
}
