// SPDX-License-Identifier: MIT
//
// A guest's time: what RDTSC, the TSC deadline and pvclock are made of. The TSC counts nanoseconds
// of the host's monotonic clock, on every VCPU alike, so that it has one frequency on every host.

#ifndef ENGINE_GUEST_CLOCK_H
#define ENGINE_GUEST_CLOCK_H

#include <stdint.h>

struct guest;

#define GUEST_TSC_FREQUENCY 1000000000u

// Nanoseconds, as zx_clock_get_monotonic() gives them.
int64_t guest_clock_now(const struct guest *guest);

uint64_t guest_clock_tsc(const struct guest *guest);

// When the TSC will be `tsc`; negative when it never will.
int64_t guest_clock_deadline(const struct guest *guest, uint64_t tsc);

// How long so many ticks take.
int64_t guest_clock_duration(uint32_t ticks);

#endif // ENGINE_GUEST_CLOCK_H
