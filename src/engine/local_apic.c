// SPDX-License-Identifier: MIT
//
// The timer. `deadline` is what counts: the clock may still fire for one that has been replaced,
// which is then seen to be early.

#include "engine/local_apic.h"

#include "engine/guest_clock.h"
#include "engine/vcpu.h"
#include "objects/refusal.h"

#include <stddef.h>

#define NEVER INT64_MAX

// A period may be a nanosecond, but one guest must not keep the timer thread from all others.
#define SHORTEST_PERIOD 20000

static uint32_t divide_shift(uint32_t divide) {
    const uint32_t selected = (divide & 3) | (divide >> 1 & 4);
    return (selected + 1) & 7;
}

// --- When it is due ---

static int64_t period(const struct local_apic *apic) REQUIRES(apic->lock) {
    ASSERT_HELD(&apic->lock);
    return guest_clock_duration(apic->initial_count << divide_shift(apic->divide));
}

static void set_deadline(struct local_apic *apic, int64_t deadline) REQUIRES(apic->lock) {
    ASSERT_HELD(&apic->lock);
    apic->deadline = deadline;
    guest_clock_arm(apic->vcpu->guest, &apic->entry, deadline);
}

// Starts the count anew (hypervisor ABI 5.8.1). A count of 0 is over at once.
static void restart(struct local_apic *apic) REQUIRES(apic->lock) {
    if ((apic->lvt_timer & LVT_TIMER_MODE) == LVT_TIMER_TSC_DEADLINE) {
        set_deadline(apic, NEVER);
    } else {
        set_deadline(apic, guest_clock_now(apic->vcpu->guest) + period(apic));
    }
}

static int64_t next_deadline(const struct local_apic *apic, int64_t now) REQUIRES(apic->lock) {
    const int64_t length = period(apic);
    if ((apic->lvt_timer & LVT_TIMER_MODE) != LVT_TIMER_PERIODIC || length == 0) {
        return NEVER;
    }
    const int64_t next = apic->deadline + length;
    const int64_t earliest = now + SHORTEST_PERIOD;
    return next > earliest ? next : earliest;
}

// --- The timer thread ---

static void expire(struct timer_entry *entry) {
    struct local_apic *apic =
        (struct local_apic *)((char *)entry - offsetof(struct local_apic, entry));
    platform_mutex_lock(&apic->lock);
    const int64_t now = guest_clock_now(apic->vcpu->guest);
    const bool due = now >= apic->deadline;
    const bool masked = (apic->lvt_timer & LVT_MASKED) != 0;
    const uint8_t vector = (uint8_t)(apic->lvt_timer & LVT_VECTOR);
    if (due) {
        set_deadline(apic, masked ? NEVER : next_deadline(apic, now));
    }
    platform_mutex_unlock(&apic->lock);
    if (due && !masked) {
        vcpu_interrupt(apic->vcpu, vector);
    }
}

// ---

void local_apic_init(struct local_apic *apic, struct vcpu *vcpu) {
    apic->vcpu = vcpu;
    apic->entry.fire = expire;
    apic->lvt_timer = LVT_MASKED;
    apic->deadline = NEVER;
    platform_mutex_init(&apic->lock, LOCK_LOCAL_APIC);
}

void local_apic_destroy(struct local_apic *apic) {
    guest_clock_cancel(apic->vcpu->guest, &apic->entry);
    platform_mutex_destroy(&apic->lock);
}

// --- Snapshots ---

void local_apic_pause(struct local_apic *apic) {
    if (!apic->vcpu->guest->clock.is_virtual) {
        guest_clock_cancel(apic->vcpu->guest, &apic->entry);
    }
}

void local_apic_go_on(struct local_apic *apic) {
    platform_mutex_lock(&apic->lock);
    if (!apic->vcpu->guest->clock.is_virtual && apic->deadline != NEVER) {
        set_deadline(apic, apic->deadline);
    }
    platform_mutex_unlock(&apic->lock);
}

void local_apic_take(struct local_apic *apic, struct local_apic_image *image) {
    platform_mutex_lock(&apic->lock);
    image->lvt_timer = apic->lvt_timer;
    image->initial_count = apic->initial_count;
    image->divide = apic->divide;
    image->left =
        apic->deadline == NEVER ? NEVER : apic->deadline - guest_clock_now(apic->vcpu->guest);
    platform_mutex_unlock(&apic->lock);
}

void local_apic_restore(struct local_apic *apic, const struct local_apic_image *image) {
    platform_mutex_lock(&apic->lock);
    apic->lvt_timer = image->lvt_timer;
    apic->initial_count = image->initial_count;
    apic->divide = image->divide;
    if (image->left != NEVER) {
        set_deadline(apic, guest_clock_now(apic->vcpu->guest) + image->left);
    } else if (apic->deadline != NEVER && apic->vcpu->guest->clock.is_virtual) {
        set_deadline(apic, NEVER);
    } else {
        apic->deadline = NEVER; // The timer is paused: nothing is armed, and nobody woken.
    }
    platform_mutex_unlock(&apic->lock);
}

// --- The owner thread ---

uint32_t local_apic_lvt_timer(struct local_apic *apic) {
    platform_mutex_lock(&apic->lock);
    const uint32_t value = apic->lvt_timer;
    platform_mutex_unlock(&apic->lock);
    return value;
}

zx_status_t local_apic_set_lvt_timer(struct local_apic *apic, uint32_t value) {
    if ((value & LVT_TIMER_MODE) == LVT_TIMER_MODE) {
        return refuse_value(ZX_ERR_INVALID_ARGS,
                            "WRMSR of % to the LVT timer: its mode is reserved", value);
    }
    platform_mutex_lock(&apic->lock);
    apic->lvt_timer = value;
    restart(apic);
    platform_mutex_unlock(&apic->lock);
    return ZX_OK;
}

void local_apic_set_initial_count(struct local_apic *apic, uint32_t value) {
    platform_mutex_lock(&apic->lock);
    apic->initial_count = value;
    restart(apic);
    platform_mutex_unlock(&apic->lock);
}

void local_apic_set_divide(struct local_apic *apic, uint32_t value) {
    platform_mutex_lock(&apic->lock);
    apic->divide = value;
    restart(apic);
    platform_mutex_unlock(&apic->lock);
}

zx_status_t local_apic_set_tsc_deadline(struct local_apic *apic, uint64_t tsc) {
    platform_mutex_lock(&apic->lock);
    const bool legal = (apic->lvt_timer & LVT_TIMER_MODE) == LVT_TIMER_TSC_DEADLINE;
    if (legal) {
        const int64_t deadline = guest_clock_deadline(apic->vcpu->guest, tsc);
        set_deadline(apic, deadline > 0 ? deadline : NEVER);
    }
    platform_mutex_unlock(&apic->lock);
    return legal
               ? ZX_OK
               : refuse_value(ZX_ERR_INVALID_ARGS,
                              "WRMSR of % to IA32_TSC_DEADLINE: the timer is in another mode", tsc);
}
