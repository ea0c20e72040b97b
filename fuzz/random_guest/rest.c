// SPDX-License-Identifier: MIT
//
// Leaving the turns of a guest, and coming back.

#include "rest.h"

#include "host.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/progress.h"
#include "engine/guest_clock.h"
#include "engine/vcpu.h"
#include "objects/handle_table.h"
#include "tasks/door.h"

#include <stddef.h>
#include <string.h>

// Its handle stays open. A reference would have to be given back when others run already.
static struct vcpu *find(zx_handle_t handle) {
    struct object *object = NULL;
    host_require(handle_lookup(handle, ZX_OBJ_TYPE_VCPU, 0, &object) == ZX_OK,
                 "there is no VCPU to rest");
    object_unref(object);
    return vcpu_from_object(object);
}

// As long as it has not left no other one runs, whom the call would stop: where is up to the host.
void rest_begin(zx_handle_t handle) {
    struct vcpu *vcpu = find(handle);
    struct guest *guest = vcpu->guest;
    door_enter(); // As a call does: alarms that are due make others.
    turn_take_call(&guest->turn);
    turn_leave(&guest->turn, vcpu->seat.vpid);
    guest_clock_cancel(guest, &vcpu->apic.entry);
    guest_clock_skip_sleep(guest); // The other one may be asleep.
    turn_give_call(&guest->turn);
    door_leave();
}

void rest_end(zx_handle_t handle) {
    struct vcpu *vcpu = find(handle);
    turn_join(&vcpu->guest->turn, &vcpu->seat);
}

void rest_forget(zx_handle_t handle) {
    struct cpu_progress *progress = cpu_progress(find(handle)->cpu);
    memset(&progress->walks, 0, sizeof progress->walks);
    memset(progress->decoded, 0, sizeof progress->decoded);
}
