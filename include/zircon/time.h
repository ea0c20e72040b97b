// SPDX-License-Identifier: MIT
//
// Time scalars: signed 64-bit nanoseconds, in July 2018 without a sign (objects ABI 1.1 and 3.6). A
// deadline is an absolute reading of the monotonic clock, a duration a difference of two. Sums,
// differences and, after 2018, products are held at the ends of the range; the functions are
// inline.

#ifndef ZIRCON_TIME_H_
#define ZIRCON_TIME_H_

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <zircon/compiler.h>
#include <zircon/syscalls/era.h>

#if ZIRCONIA_ERA < 201812
typedef uint64_t zx_time_t;
typedef uint64_t zx_duration_t;
#else
typedef int64_t zx_time_t;
typedef int64_t zx_duration_t;
#endif
#if ZIRCONIA_ERA < 202104
typedef uint64_t zx_ticks_t;
#else
typedef int64_t zx_ticks_t;
#endif

// The later names of the same scalars, which say the clock that a reading belongs to.
typedef int64_t zx_instant_mono_t;
typedef int64_t zx_instant_boot_t;
typedef int64_t zx_duration_mono_t;
typedef int64_t zx_duration_boot_t;

#if ZIRCONIA_ERA < 201812
#define ZX_TIME_INFINITE UINT64_MAX
#else
#define ZX_TIME_INFINITE INT64_MAX
#define ZX_TIME_INFINITE_PAST INT64_MIN
#endif

#if ZIRCONIA_ERA < 202104
#define ZX_NSEC(n) ((zx_duration_t)(n))
#define ZX_USEC(n) ((zx_duration_t)(1000LL * (n)))
#define ZX_MSEC(n) ((zx_duration_t)(1000000LL * (n)))
#define ZX_SEC(n) ((zx_duration_t)(1000000000LL * (n)))
#define ZX_MIN(n) ((zx_duration_t)(60LL * 1000000000LL * (n)))
#define ZX_HOUR(n) ((zx_duration_t)(3600LL * 1000000000LL * (n)))
#else
// What the compiler can compute may be a fraction: ZX_SEC(0.5). All else is held at the ends.
#define ZX_NSEC(n) ZIRCON_TIME_UNITS(1LL, n, zx_duration_from_nsec)
#define ZX_USEC(n) ZIRCON_TIME_UNITS(1000LL, n, zx_duration_from_usec)
#define ZX_MSEC(n) ZIRCON_TIME_UNITS(1000000LL, n, zx_duration_from_msec)
#define ZX_SEC(n) ZIRCON_TIME_UNITS(1000000000LL, n, zx_duration_from_sec)
#define ZX_MIN(n) ZIRCON_TIME_UNITS(60000000000LL, n, zx_duration_from_min)
#define ZX_HOUR(n) ZIRCON_TIME_UNITS(3600000000000LL, n, zx_duration_from_hour)
#ifdef __ISCONSTANT
#define ZIRCON_TIME_UNITS(unit, n, function)                                                       \
    (__ISCONSTANT(n) ? (zx_duration_t)((unit) * (n)) : function((int64_t)(n)))
#else // A compiler that does not tell what it can compute.
#define ZIRCON_TIME_UNITS(unit, n, function) ((zx_duration_t)((unit) * (n)))
#endif
#endif

__BEGIN_CDECLS

#if ZIRCONIA_ERA < 201812

static inline __CONSTEXPR zx_time_t zx_time_add_duration(zx_time_t time, zx_duration_t duration) {
    return duration > ZX_TIME_INFINITE - time ? ZX_TIME_INFINITE : time + duration;
}

static inline __CONSTEXPR zx_time_t zx_time_sub_duration(zx_time_t time, zx_duration_t duration) {
    return duration > time ? 0 : time - duration;
}

static inline __CONSTEXPR zx_duration_t zx_time_sub_time(zx_time_t later, zx_time_t earlier) {
    return earlier > later ? 0 : later - earlier;
}

#else

static inline __CONSTEXPR int64_t zirconia_saturating_add(int64_t left, int64_t right) {
    if (right > 0 && left > INT64_MAX - right) {
        return INT64_MAX;
    }
    return right < 0 && left < INT64_MIN - right ? INT64_MIN : left + right;
}

static inline __CONSTEXPR int64_t zirconia_saturating_subtract(int64_t left, int64_t right) {
    if (right < 0 && left > INT64_MAX + right) {
        return INT64_MAX;
    }
    return right > 0 && left < INT64_MIN + right ? INT64_MIN : left - right;
}

static inline __CONSTEXPR int64_t zirconia_saturating_multiply(int64_t left, int64_t right) {
    if (left == 0 || right == 0) {
        return 0;
    }
    const int64_t bound = (left < 0) == (right < 0) ? INT64_MAX : INT64_MIN;
    // INT64_MIN / -1 cannot be computed.
    if (right == -1) {
        return left == INT64_MIN ? bound : -left;
    }
    const int64_t most = bound / right; // Has the sign of `left`.
    const bool beyond = left > 0 ? left > most : left < most;
    return beyond ? bound : left * right;
}

static inline __CONSTEXPR zx_time_t zx_time_add_duration(zx_time_t time, zx_duration_t duration) {
    return zirconia_saturating_add(time, duration);
}

static inline __CONSTEXPR zx_time_t zx_time_sub_duration(zx_time_t time, zx_duration_t duration) {
    return zirconia_saturating_subtract(time, duration);
}

static inline __CONSTEXPR zx_duration_t zx_time_sub_time(zx_time_t later, zx_time_t earlier) {
    return zirconia_saturating_subtract(later, earlier);
}

static inline __CONSTEXPR zx_duration_t zx_duration_add_duration(zx_duration_t left,
                                                                 zx_duration_t right) {
    return zirconia_saturating_add(left, right);
}

static inline __CONSTEXPR zx_duration_t zx_duration_sub_duration(zx_duration_t left,
                                                                 zx_duration_t right) {
    return zirconia_saturating_subtract(left, right);
}

static inline __CONSTEXPR zx_duration_t zx_duration_mul_int64(zx_duration_t duration,
                                                              int64_t multiplier) {
    return zirconia_saturating_multiply(duration, multiplier);
}

#if ZIRCONIA_ERA >= 202104

// --- Units. Every count is good ---

static inline __CONSTEXPR int64_t zx_nsec_from_duration(zx_duration_t duration) {
    return duration;
}

static inline __CONSTEXPR zx_duration_t zx_duration_from_nsec(int64_t count) {
    return count;
}

static inline __CONSTEXPR zx_duration_t zx_duration_from_usec(int64_t count) {
    return zirconia_saturating_multiply(count, 1000);
}

static inline __CONSTEXPR zx_duration_t zx_duration_from_msec(int64_t count) {
    return zirconia_saturating_multiply(count, 1000000);
}

static inline __CONSTEXPR zx_duration_t zx_duration_from_sec(int64_t count) {
    return zirconia_saturating_multiply(count, 1000000000);
}

static inline __CONSTEXPR zx_duration_t zx_duration_from_min(int64_t count) {
    return zirconia_saturating_multiply(count, 60000000000);
}

static inline __CONSTEXPR zx_duration_t zx_duration_from_hour(int64_t count) {
    return zirconia_saturating_multiply(count, 3600000000000);
}

#endif

// --- struct timespec, nanoseconds from 0 to 999,999,999 but for negative times ---

static inline __CONSTEXPR zx_duration_t zx_duration_from_timespec(struct timespec value) {
    return zirconia_saturating_add(zirconia_saturating_multiply(value.tv_sec, ZX_SEC(1)),
                                   value.tv_nsec);
}

static inline __CONSTEXPR struct timespec zx_timespec_from_duration(zx_duration_t duration) {
    struct timespec value = {(time_t)(duration / ZX_SEC(1)), (long)(duration % ZX_SEC(1))};
    return value;
}

static inline __CONSTEXPR zx_time_t zx_time_from_timespec(struct timespec value) {
    return zx_duration_from_timespec(value);
}

static inline __CONSTEXPR struct timespec zx_timespec_from_time(zx_time_t time) {
    return zx_timespec_from_duration(time);
}

#endif

__END_CDECLS

#endif // ZIRCON_TIME_H_
