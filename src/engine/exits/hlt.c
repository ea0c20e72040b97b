// SPDX-License-Identifier: MIT
//
// HLT (hypervisor ABI 5.2): sleeps until a vector is pending or the VCPU is kicked; others run
// meanwhile.

#include "engine/exits/exits.h"
#include "engine/guest_clock.h"
#include "engine/vcpu_sleep.h"
#include "engine/vcpu_stop.h"
#include "objects/refusal.h"

// Where it ends other than with ZX_OK, the turn may be another VCPU's.
static zx_status_t halt(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    struct guest *guest = vcpu->guest;
    if (!vcpu_fall_asleep(vcpu)) {
        return ZX_OK;
    }
    // Virtual time jumps before the turn is given up, or what a timer wakes would run beside the
    // rest of the jump.
    guest_clock_skip_sleep(guest);
    if (guest_clock_sleeps_for_ever(guest)) {
        turn_wake(&guest->turn, vcpu->seat.vpid);
        return refuse(ZX_ERR_TIMED_OUT, "the guest's budget would never be spent: all VCPUs sleep");
    }
    vcpu_give_turn(context, TURN_KEPT);
    const zx_status_t status = vcpu_sleep(context);
    if (status != ZX_OK) {
        return status;
    }
    turn_wake(&guest->turn, vcpu->seat.vpid);
    return vcpu_take_turn(context);
}

// The shadow has the HLT carried out before the interrupt that ends it is delivered, so that the
// handler returns behind it.
static void halt_again(struct vcpu *vcpu, uint64_t rip) {
    cpu_lock_registers(vcpu->cpu);
    cpu_set(vcpu->cpu, RIP, rip);
    cpu_set(vcpu->cpu, INTERRUPT_SHADOW, 1);
    cpu_unlock_registers(vcpu->cpu);
}

// A debugger's stop, whether it comes before the VCPU sleeps or wakes it, the guest does not
// notice: it is halted still when it goes on.
zx_status_t exit_hlt(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    const uint64_t rip = cpu_get(vcpu->cpu, RIP);
    exit_advance(context);
    zx_status_t status = halt(context);
    if (status == ZX_OK && atomic_load(&vcpu->stop_wanted)) {
        status = vcpu_take_kick(vcpu);
    }
    if (status == ZX_ERR_STOP) {
        halt_again(vcpu, rip);
    }
    return status;
}
