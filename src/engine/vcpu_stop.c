// SPDX-License-Identifier: MIT
//
// Stopping a VCPU's thread inside the run call.

#include "engine/vcpu_stop.h"

#include "engine/guest_clock.h"
#include "objects/refusal.h"
#include "ports/port.h"
#include "tasks/stop.h"

// A VCPU that will not run again keeps no turn from others, which may all be asleep.
static zx_status_t killed(struct exit_context *context) {
    struct guest *guest = context->vcpu->guest;
    turn_leave(&guest->turn, context->vcpu->seat.vpid);
    turn_take_call(&guest->turn);
    guest_clock_skip_sleep(guest);
    turn_give_call(&guest->turn);
    return ZX_ERR_INTERNAL_INTR_KILLED;
}

// A stop comes before a kick (hypervisor ABI 8).
static zx_status_t stop_until_taken(struct exit_context *context, bool taken) {
    struct vcpu *vcpu = context->vcpu;
    while (!taken) {
        if (blocking_stop_requested(context->blocking) && !thread_stop_inside()) {
            return killed(context);
        }
        const zx_status_t kicked_by = vcpu_take_kick(vcpu);
        if (kicked_by != ZX_OK) {
            return kicked_by;
        }
        taken = turn_take(&vcpu->guest->turn, &vcpu->seat, context->blocking);
    }
    context->has_turn = true;
    return ZX_OK;
}

zx_status_t vcpu_take_turn(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    return stop_until_taken(context, turn_take(&vcpu->guest->turn, &vcpu->seat, context->blocking));
}

void vcpu_give_turn(struct exit_context *context, enum turn_end end) {
    struct vcpu *vcpu = context->vcpu;
    context->has_turn = false;
    turn_give(&vcpu->guest->turn, end, &vcpu->seat);
}

zx_status_t vcpu_pass_turn(struct exit_context *context, enum turn_end end) {
    struct vcpu *vcpu = context->vcpu;
    context->has_turn = false;
    return stop_until_taken(context,
                            turn_pass(&vcpu->guest->turn, end, &vcpu->seat, context->blocking));
}

zx_status_t vcpu_stop_if_wanted(struct exit_context *context) {
    if (!blocking_stop_requested(context->blocking)) {
        return ZX_OK;
    }
    if (context->layout != PACKET_2022 && !thread_is_to_end()) {
        return ZX_OK;
    }
    vcpu_give_turn(context, TURN_KEPT);
    return thread_stop_inside() ? vcpu_take_turn(context) : killed(context);
}

zx_status_t vcpu_stop_in_wait(struct exit_context *context, zx_status_t cut_short) {
    struct vcpu *vcpu = context->vcpu;
    if (context->layout == PACKET_2022) {
        return thread_stop_inside() ? ZX_OK : killed(context);
    }
    if (thread_is_to_end()) {
        return killed(context);
    }
    turn_wake(&vcpu->guest->turn, vcpu->seat.vpid);
    const zx_status_t status = vcpu_take_turn(context);
    return status == ZX_OK ? refuse(cut_short, "the thread was suspended while the VCPU waited")
                           : status;
}

void vcpu_wake_thread(void *argument) {
    struct vcpu *vcpu = argument;
    platform_semaphore_post(&vcpu->seat.wake);
    vcpu_attend(vcpu);
}
