// SPDX-License-Identifier: MIT
//
// The guest's time, from the host's.

#include "engine/guest_clock.h"

#include "platform/platform.h"

_Static_assert(GUEST_TSC_FREQUENCY == 1000000000u, "a tick is a nanosecond");

int64_t guest_clock_now(const struct guest *guest) {
    (void)guest;
    return platform_monotonic();
}

uint64_t guest_clock_tsc(const struct guest *guest) {
    return (uint64_t)guest_clock_now(guest);
}

int64_t guest_clock_deadline(const struct guest *guest, uint64_t tsc) {
    (void)guest;
    return (int64_t)tsc;
}

int64_t guest_clock_duration(uint32_t ticks) {
    return ticks;
}
