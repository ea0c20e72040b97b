// SPDX-License-Identifier: MIT
//
// A thread that the host cancels as it sleeps (pthread_cancel) leaves the sleep as one that is
// woken does, so that the call undoes what it began, and ends only as it leaves the library.

#ifndef PLATFORM_POSIX_CANCEL_H
#define PLATFORM_POSIX_CANCEL_H

#include <stdbool.h>

// What such a `sleep` is: AddressSanitizer does not see how a cancelled thread leaves it, and would
// find what it has marked around its variables.
#define POSIX_LEFT_UNSEEN __attribute__((no_sanitize("address")))

// Calls `sleep`. True when the thread was cancelled in it, anywhere with `anywhere`, and else at
// its points of cancellation: then it has begun to end, and must soon call platform_cancel_end().
bool posix_sleep_or_cancel(void (*sleep)(void *argument), void *argument, bool anywhere);

#endif // PLATFORM_POSIX_CANCEL_H
