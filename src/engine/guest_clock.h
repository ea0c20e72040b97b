// SPDX-License-Identifier: MIT
//
// A guest's time: what RDTSC, the local APIC's timer and pvclock are made of. The TSC counts
// nanoseconds, on every VCPU alike, so that it has one frequency on every host.
//
// It is the host's monotonic clock, or virtual time: then each block of guest code, each exit and
// each exception takes the same time, timers are looked at between blocks, and when all VCPUs are
// asleep the clock jumps to the next timer.
//
// Lock: `lock` guards the list of timers. It is a leaf.

#ifndef ENGINE_GUEST_CLOCK_H
#define ENGINE_GUEST_CLOCK_H

#include "engine/instruments/work_image.h"
#include "objects/timer_queue.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <zircon/types.h>

struct guest;

#define GUEST_TSC_FREQUENCY 1000000000u

struct guest_clock {
    bool is_virtual; // Constant once there is a VCPU.
    struct platform_mutex lock;
    struct timer_entry *timers; // Virtual time's, linked by `sibling`.
    atomic_llong skipped;       // Nanoseconds of sleep that were jumped over.
    int64_t time_slice_end;     // When the turn passes on. Guarded by the guest's turn.
    uint64_t budget_end;        // The work at which run calls end. Guarded by the guest's turn.
};

// What a snapshot keeps of the clock. Nothing goes by it unless time is virtual.
struct guest_clock_image {
    struct work_image work;
    int64_t skipped;
    int64_t time_slice_end;
    uint64_t budget_end;
};

void guest_clock_init(struct guest_clock *clock);
void guest_clock_destroy(struct guest_clock *clock);

// BAD_STATE when the guest has had a VCPU. The caller has the turn.
zx_status_t guest_clock_use_virtual_time(struct guest *guest);

// Nanoseconds, as zx_clock_get_monotonic() gives them unless time is virtual.
int64_t guest_clock_now(const struct guest *guest);

// The guest's time when the host's monotonic clock reads `host`, which it does about now.
int64_t guest_clock_at(const struct guest *guest, int64_t host);

// When an exit or an exception that was just made began. In virtual time that is earlier than
// guest_clock_at(), because the exit has been counted as work already.
int64_t guest_clock_beginning(const struct guest *guest, int64_t host);

uint64_t guest_clock_tsc(const struct guest *guest);

// When the TSC will be `tsc`; negative when it never will.
int64_t guest_clock_deadline(const struct guest *guest, uint64_t tsc);

// How long so many ticks take.
int64_t guest_clock_duration(uint32_t ticks);

// As timer_queue_arm() and timer_queue_cancel(), on this clock.
void guest_clock_arm(struct guest *guest, struct timer_entry *entry, int64_t deadline);
void guest_clock_cancel(struct guest *guest, struct timer_entry *entry);

// Copies the clock, and puts it back; the caller has the guest's turn. VCPUs put their timers back.
void guest_clock_take(const struct guest *guest, struct guest_clock_image *image);
void guest_clock_restore(struct guest *guest, const struct guest_clock_image *image);

// Whether an image from a file is one that a guest can reach without running for decades.
bool guest_clock_is_sound(const struct guest_clock_image *image);

// How many timers of virtual time come before this one; 0 for one that is not armed.
unsigned guest_clock_place(struct guest *guest, const struct timer_entry *entry);

// Whether a timer of virtual time is due, or the time slice is over.
bool guest_clock_is_due(struct guest *guest);

// The turn's holder, before it runs its VCPU: fires what is due in virtual time. True when the turn
// is to pass on.
bool guest_clock_tick(struct guest *guest);

// Limits the guest's work from now on; UINT64_MAX is no limit. BAD_STATE unless time is virtual.
zx_status_t guest_clock_set_budget(struct guest *guest, uint64_t work);

// Whether the work of the budget is done.
bool guest_clock_budget_is_spent(const struct guest *guest);

// Whether all VCPUs sleep, and nothing will wake one before the budget is spent.
bool guest_clock_sleeps_for_ever(struct guest *guest);

// Ends the time slice of virtual time.
void guest_clock_end_time_slice(struct guest *guest);

// All VCPUs are asleep, in virtual time: jumps to timers until one wakes somebody or none is left.
void guest_clock_skip_sleep(struct guest *guest);

#endif // ENGINE_GUEST_CLOCK_H
