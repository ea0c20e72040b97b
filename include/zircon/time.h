// SPDX-License-Identifier: MIT
//
// Time scalars: signed 64-bit nanoseconds (objects ABI 1.1 and 3.6). A deadline is an absolute
// reading of the monotonic clock, a duration a difference of two. No function is declared here.

#ifndef ZIRCON_TIME_H_
#define ZIRCON_TIME_H_

#include <stdint.h>

typedef int64_t zx_time_t;
typedef int64_t zx_duration_t;
#ifdef ZIRCONIA_ABI_2018
typedef uint64_t zx_ticks_t;
#else
typedef int64_t zx_ticks_t;
#endif

// The later names of the same scalars, which say the clock that a reading belongs to.
typedef int64_t zx_instant_mono_t;
typedef int64_t zx_instant_boot_t;
typedef int64_t zx_duration_mono_t;
typedef int64_t zx_duration_boot_t;

#define ZX_TIME_INFINITE INT64_MAX
#define ZX_TIME_INFINITE_PAST INT64_MIN

#define ZX_NSEC(n) ((zx_duration_t)(n))
#define ZX_USEC(n) ((zx_duration_t)(1000LL * (n)))
#define ZX_MSEC(n) ((zx_duration_t)(1000000LL * (n)))
#define ZX_SEC(n) ((zx_duration_t)(1000000000LL * (n)))
#define ZX_MIN(n) ((zx_duration_t)(60LL * 1000000000LL * (n)))
#define ZX_HOUR(n) ((zx_duration_t)(3600LL * 1000000000LL * (n)))

#endif // ZIRCON_TIME_H_
