// SPDX-License-Identifier: MIT
//
// The semaphore of hosts that have no other.

#include "platform/platform.h"

#if !defined(PLATFORM_POSIX_SEMAPHORE)

void platform_semaphore_init(struct platform_semaphore *semaphore) {
    platform_mutex_init(&semaphore->lock, LOCK_SEMAPHORE);
    platform_condition_init(&semaphore->post);
    semaphore->posted = false;
}

void platform_semaphore_destroy(struct platform_semaphore *semaphore) {
    platform_condition_destroy(&semaphore->post);
    platform_mutex_destroy(&semaphore->lock);
}

void platform_semaphore_post(struct platform_semaphore *semaphore) {
    platform_mutex_lock(&semaphore->lock);
    semaphore->posted = true;
    platform_condition_signal(&semaphore->post);
    platform_mutex_unlock(&semaphore->lock);
}

bool platform_semaphore_wait_until(struct platform_semaphore *semaphore, int64_t deadline) {
    platform_mutex_lock(&semaphore->lock);
    bool in_time = true;
    while (!semaphore->posted && in_time) {
        in_time = platform_condition_wait_until(&semaphore->post, &semaphore->lock, deadline);
    }
    const bool posted = semaphore->posted;
    semaphore->posted = false;
    platform_mutex_unlock(&semaphore->lock);
    return posted;
}

enum platform_wake platform_semaphore_wait_or_cancel(struct platform_semaphore *semaphore,
                                                     int64_t deadline) {
    return platform_semaphore_wait_until(semaphore, deadline) ? PLATFORM_POSTED
                                                              : PLATFORM_TIMED_OUT;
}

#endif
