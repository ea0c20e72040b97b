// SPDX-License-Identifier: MIT
//
// Falling asleep, and being woken. A thread may wake for nothing.

#include "engine/vcpu_sleep.h"

#include "engine/vcpu_stop.h"

static bool awake(const struct vcpu *vcpu) REQUIRES(vcpu->lock) {
    ASSERT_HELD(&vcpu->lock);
    return atomic_load(&vcpu->seat.kicked) || atomic_load(&vcpu->any_pending);
}

static bool is_awake(struct vcpu *vcpu) {
    platform_mutex_lock(&vcpu->lock);
    const bool result = awake(vcpu);
    platform_mutex_unlock(&vcpu->lock);
    return result;
}

// Inside the lock, so that who interrupts the VCPU finds it asleep; a kick, which takes no lock,
// leaves it to the VCPU to wake.
bool vcpu_fall_asleep(struct vcpu *vcpu) {
    platform_mutex_lock(&vcpu->lock);
    const bool asleep = !awake(vcpu);
    if (asleep) {
        turn_sleep(&vcpu->guest->turn);
    }
    platform_mutex_unlock(&vcpu->lock);
    return asleep;
}

zx_status_t vcpu_sleep(struct exit_context *context) {
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
