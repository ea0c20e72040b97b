// SPDX-License-Identifier: MIT
//
// A VCPU's local APIC timer (hypervisor ABI 5.8.1). The other registers keep nothing: they are in
// exits/x2apic.c.

#ifndef ENGINE_LOCAL_APIC_H
#define ENGINE_LOCAL_APIC_H

#include "objects/timer_queue.h"
#include "platform/platform.h"

#include <zircon/types.h>

struct vcpu;

#define LVT_VECTOR 0xffu
#define LVT_MASKED 0x10000u
#define LVT_TIMER_MODE 0x60000u
#define LVT_TIMER_ONE_SHOT 0x00000u
#define LVT_TIMER_PERIODIC 0x20000u
#define LVT_TIMER_TSC_DEADLINE 0x40000u

struct local_apic {
    struct vcpu *vcpu;
    struct timer_entry entry;
    struct platform_mutex lock; // Guards what follows.
    uint32_t lvt_timer;
    uint32_t initial_count;
    uint32_t divide;
    int64_t deadline; // A time of the host's clock; INT64_MAX when the timer stands still.
};

// What a snapshot keeps of the local APIC.
struct local_apic_image {
    uint32_t lvt_timer;
    uint32_t initial_count;
    uint32_t divide;
    int64_t left; // Nanoseconds to the deadline; INT64_MAX when the timer stands still.
};

void local_apic_init(struct local_apic *apic, struct vcpu *vcpu);

// No interrupt comes from it any more.
void local_apic_destroy(struct local_apic *apic);

// Called from outside of the VCPU, with the turn: until local_apic_go_on() the timer does not fire,
// so that its registers and what it has sent belong to one moment. In virtual time timers fire only
// with the turn.
void local_apic_pause(struct local_apic *apic);
void local_apic_go_on(struct local_apic *apic);

// Called between local_apic_pause() and local_apic_go_on().
void local_apic_take(struct local_apic *apic, struct local_apic_image *image);
void local_apic_restore(struct local_apic *apic, const struct local_apic_image *image);

uint32_t local_apic_lvt_timer(struct local_apic *apic);

// INVALID_ARGS for the reserved timer mode (3).
zx_status_t local_apic_set_lvt_timer(struct local_apic *apic, uint32_t value);
void local_apic_set_initial_count(struct local_apic *apic, uint32_t value);
void local_apic_set_divide(struct local_apic *apic, uint32_t value);

// INVALID_ARGS unless the timer is in TSC-deadline mode. A deadline in the past fires at once; 0
// disarms.
zx_status_t local_apic_set_tsc_deadline(struct local_apic *apic, uint64_t tsc);

#endif // ENGINE_LOCAL_APIC_H
