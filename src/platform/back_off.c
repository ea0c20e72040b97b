// SPDX-License-Identifier: MIT
//
// Waiting for another thread that has only a few instructions to go.

#include "platform/platform.h"

enum { TRIES_BETWEEN_YIELDS = 64, TRIES_BEFORE_SLEEP = 1024 };

#define SLEEP INT64_C(50000) // ns

void platform_back_off(unsigned tries) {
    if (tries > TRIES_BEFORE_SLEEP) {
        platform_sleep_until(platform_monotonic() + SLEEP);
    } else if (tries % TRIES_BETWEEN_YIELDS == 0) {
        platform_yield();
    }
}
