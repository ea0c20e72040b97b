// SPDX-License-Identifier: MIT
//
// What a scheduling profile would say. No profile can be made here (zircon/syscalls/refused.h);
// clients fill these in on the way to being told so.

#ifndef ZIRCON_SYSCALLS_PROFILE_H_
#define ZIRCON_SYSCALLS_PROFILE_H_

#include <zircon/syscalls/object.h>
#include <zircon/syscalls/scheduler.h>
#include <zircon/types.h>

#define ZX_PRIORITY_LOWEST 0
#define ZX_PRIORITY_LOW 8
#define ZX_PRIORITY_DEFAULT 16
#define ZX_PRIORITY_HIGH 24
#define ZX_PRIORITY_HIGHEST 31

#if ZIRCONIA_ERA < 202104

#define ZX_PROFILE_INFO_SCHEDULER 1

typedef struct zx_profile_scheduler {
    int32_t priority;
    uint32_t boost;
    uint32_t deboost;
    uint32_t quantum;
} zx_profile_scheduler_t;

typedef struct zx_profile_info {
    uint32_t type; // ZX_PROFILE_INFO_SCHEDULER
    union {
        zx_profile_scheduler_t scheduler;
    };
} zx_profile_info_t;

#else

#define ZX_PROFILE_INFO_FLAG_PRIORITY ((uint32_t)1u << 0)
#define ZX_PROFILE_INFO_FLAG_CPU_MASK ((uint32_t)1u << 1)
#define ZX_PROFILE_INFO_FLAG_DEADLINE ((uint32_t)1u << 2)

typedef struct zx_profile_info {
    uint32_t flags; // ZX_PROFILE_INFO_FLAG_
    uint8_t padding1[4];
    union {
        int32_t priority;
        zx_sched_deadline_params_t deadline_params;
    };
    zx_cpu_set_t cpu_affinity_mask;
} zx_profile_info_t;

#endif

#endif // ZIRCON_SYSCALLS_PROFILE_H_
