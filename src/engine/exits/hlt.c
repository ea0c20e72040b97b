// SPDX-License-Identifier: MIT
//
// HLT (hypervisor ABI 5.2): sleeps until a vector is pending or the VCPU is kicked; others run
// meanwhile.

#include "engine/exits/exits.h"
#include "engine/guest_clock.h"
#include "engine/vcpu_stop.h"

static bool awake(const struct vcpu *vcpu) REQUIRES(vcpu->lock) {
    ASSERT_HELD(&vcpu->lock);
    return atomic_load(&vcpu->seat.kicked) || pending_any(&vcpu->pending);
}

static bool is_awake(struct vcpu *vcpu) {
    platform_mutex_lock(&vcpu->lock);
    const bool result = awake(vcpu);
    platform_mutex_unlock(&vcpu->lock);
    return result;
}

// Falls asleep inside the lock, so that who interrupts the VCPU finds it asleep; a kick, which
// takes no lock, leaves it to the VCPU to wake. False: there is something to wake for already.
static bool fall_asleep(struct vcpu *vcpu) {
    platform_mutex_lock(&vcpu->lock);
    const bool asleep = !awake(vcpu);
    if (asleep) {
        turn_sleep(&vcpu->guest->turn);
    }
    platform_mutex_unlock(&vcpu->lock);
    return asleep;
}

static zx_status_t sleep_until_awake(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    zx_status_t status = ZX_OK;
    while (status == ZX_OK && !is_awake(vcpu)) {
        if (blocking_stop_requested(context->blocking)) {
            status = vcpu_stop_in_wait(context, ZX_ERR_CANCELED);
        } else {
            blocking_sleep(context->blocking, &vcpu->seat.wake, INT64_MAX);
        }
    }
    return status;
}

// Unless a debugger wants to stop the VCPU, which the guest does not notice: it is halted still
// when it goes on.
static zx_status_t wake_up(struct exit_context *context, uint64_t rip, uint64_t shadow) {
    struct vcpu *vcpu = context->vcpu;
    turn_wake(&vcpu->guest->turn, vcpu->seat.vpid);
    zx_status_t status = vcpu_take_turn(context);
    if (status == ZX_OK && atomic_load(&vcpu->stop_wanted)) {
        status = vcpu_take_kick(vcpu);
    }
    if (status == ZX_ERR_STOP) {
        cpu_set(vcpu->cpu, RIP, rip);
        cpu_set(vcpu->cpu, INTERRUPT_SHADOW, shadow);
    }
    return status;
}

zx_status_t exit_hlt(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    struct guest *guest = vcpu->guest;
    const uint64_t rip = cpu_get(vcpu->cpu, RIP);
    const uint64_t shadow = cpu_get(vcpu->cpu, INTERRUPT_SHADOW);
    exit_advance(context);
    if (!fall_asleep(vcpu)) {
        return ZX_OK;
    }
    // Virtual time jumps before the turn is given up, or what a timer wakes would run beside the
    // rest of the jump.
    guest_clock_skip_sleep(guest);
    if (guest_clock_sleeps_for_ever(guest)) {
        turn_wake(&guest->turn, vcpu->seat.vpid);
        return ZX_ERR_TIMED_OUT;
    }
    vcpu_give_turn(context, TURN_KEPT);
    const zx_status_t status = sleep_until_awake(context);
    if (status != ZX_OK) {
        return status;
    }
    return wake_up(context, rip, shadow);
}
