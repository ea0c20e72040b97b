// SPDX-License-Identifier: MIT
//
// The parameters of a deadline profile (zircon/syscalls/profile.h), none of which can be made here.

#ifndef ZIRCON_SYSCALLS_SCHEDULER_H_
#define ZIRCON_SYSCALLS_SCHEDULER_H_

#include <zircon/types.h>

// 0 < capacity <= relative_deadline <= period.
typedef struct zx_sched_deadline_params {
    zx_duration_t capacity;
    zx_duration_t relative_deadline;
    zx_duration_t period;
} zx_sched_deadline_params_t;

#endif // ZIRCON_SYSCALLS_SCHEDULER_H_
