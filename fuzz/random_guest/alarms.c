// SPDX-License-Identifier: MIT
//
// Alarms are timers of the guest's clock, as those of its local APICs are.

#include "alarms.h"

#include "engine/vcpu.h"
#include "objects/handle_table.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/rights.h>
#include <zircon/syscalls.h>

enum { AGAIN = 20000 }; // ns of virtual time

// A VCPU that sleeps takes its place in the line before its thread wakes up, so that the order
// does not depend on when that is.
static void kick(struct alarms *alarms, unsigned number) {
    struct object *object = NULL;
    const zx_handle_t handle = atomic_load(&alarms->vcpus[number]);
    if (handle_lookup(handle, ZX_OBJ_TYPE_VCPU, 0, &object) != ZX_OK) {
        return;
    }
    turn_wake(&alarms->guest->turn, vcpu_from_object(object)->seat.vpid);
    zx_vcpu_kick(handle);
    object_unref(object);
}

static void fire(struct timer_entry *entry) {
    const struct alarm *alarm = (struct alarm *)entry; // Its first member.
    if (alarm->vector == VECTOR_KICK) {
        kick(alarm->alarms, alarm->vcpu);
    } else {
        zx_vcpu_interrupt(atomic_load(&alarm->alarms->vcpus[alarm->vcpu]), (uint32_t)alarm->vector);
    }
}

// The VCPU that this thread runs.
#define NOBODY ALARM_VCPUS
static _Thread_local unsigned runner = NOBODY;

void alarms_begin_run(unsigned vcpu) {
    runner = vcpu;
}

void alarms_end_run(struct alarms *alarms) {
    atomic_store(&alarms->vcpus[runner], ZX_HANDLE_INVALID);
    runner = NOBODY;
}

void alarms_kick(struct alarms *alarms) {
    for (unsigned i = 0; i < ALARM_VCPUS; i++) {
        kick(alarms, i);
    }
}

// The runner alone, where there is one.
static void fire_end(struct timer_entry *entry) {
    struct alarms *alarms = (struct alarms *)(void *)((char *)entry - offsetof(struct alarms, end));
    atomic_store(&alarms->over, true);
    if (runner == NOBODY) {
        alarms_kick(alarms);
    } else {
        kick(alarms, runner);
    }
    guest_clock_arm(alarms->guest, entry, guest_clock_now(alarms->guest) + AGAIN);
}

void alarms_init(struct alarms *alarms, zx_handle_t guest, const zx_handle_t *vcpus) {
    struct object *object = NULL;
    memset(alarms, 0, sizeof *alarms);
    if (handle_lookup(guest, ZX_OBJ_TYPE_GUEST, 0, &object) != ZX_OK) {
        fprintf(stderr, "random guest: no guest for the alarms\n");
        abort();
    }
    alarms->guest = guest_from_object(object);
    for (unsigned i = 0; i < ALARM_VCPUS; i++) {
        atomic_store(&alarms->vcpus[i], vcpus[i]);
    }
    alarms->end.fire = fire_end;
}

void alarms_add(struct alarms *alarms, int64_t time, unsigned vcpu, int vector) {
    struct alarm *alarm = &alarms->alarms[alarms->count++];
    *alarm = (struct alarm){{.fire = fire}, alarms, vcpu, vector};
    guest_clock_arm(alarms->guest, &alarm->entry, time);
}

void alarms_set_end(struct alarms *alarms, int64_t time) {
    guest_clock_arm(alarms->guest, &alarms->end, time);
}

void alarms_wait_for_line(const struct alarms *alarms) {
    unsigned tries = 0;
    while (atomic_load(&alarms->guest->turn.line.count) == 0) {
        platform_back_off(tries++);
    }
}

int64_t alarms_now(const struct alarms *alarms) {
    return guest_clock_now(alarms->guest);
}

void alarms_destroy(struct alarms *alarms) {
    for (unsigned i = 0; i < alarms->count; i++) {
        guest_clock_cancel(alarms->guest, &alarms->alarms[i].entry);
    }
    guest_clock_cancel(alarms->guest, &alarms->end);
    object_unref(&alarms->guest->object);
}
