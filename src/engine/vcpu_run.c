// SPDX-License-Identifier: MIT
//
// The VCPU loop: take the turn; look whether the thread is wanted, at kicks and interrupts; run the
// guest; handle its exit.

#include "engine/cpu/cpu.h"
#include "engine/exits/exits.h"
#include "engine/guest_clock.h"
#include "engine/vcpu.h"
#include "engine/vcpu_stop.h"

// Exceptions are never gated.
static bool gated(const struct cpu *cpu, int vector) {
    return (vector >= FIRST_EXTERNAL_VECTOR || vector == VECTOR_NMI) &&
           !cpu_takes(cpu, (uint8_t)vector);
}

// The vector to inject, or -1. A non-maskable interrupt that is blocked hides no other: a window
// would open at once, again and again, and the handler never get to its IRET.
static int choose(const struct vcpu *vcpu) {
    struct pending open = vcpu->pending;
    if (cpu_nmi_blocked(vcpu->cpu)) {
        pending_remove(&open, VECTOR_NMI);
    }
    return pending_choose(&open);
}

// The memory for the event was not there: it comes again with the next entry.
static void keep_pending(struct vcpu *vcpu, uint8_t vector) {
    platform_mutex_lock(&vcpu->lock);
    pending_add(&vcpu->pending, vector);
    platform_mutex_unlock(&vcpu->lock);
}

static zx_status_t inject(struct vcpu *vcpu, uint8_t vector) {
    const bool external = vector >= FIRST_EXTERNAL_VECTOR || vector == VECTOR_NMI;
    const struct event event = {
        .kind = external ? EVENT_EXTERNAL : EVENT_EXCEPTION,
        .vector = vector,
        .has_error_code = vector_has_error_code(vector),
        .return_rip = cpu_get(vcpu->cpu, RIP),
    };
    const enum delivery result = deliver_event(vcpu->cpu, &event);
    if (result == DELIVERY_UNBACKED) {
        keep_pending(vcpu, vector);
    }
    const zx_status_t status = exit_delivery(result);
    if (status != ZX_ERR_NEXT) {
        return status;
    }
    observe_injection(vcpu, vector);
    return ZX_OK;
}

// Kick, then interrupt: the order of Zircon's loop (hypervisor ABI 8).
static zx_status_t prepare_entry(struct vcpu *vcpu) {
    if (vcpu_take_kick(vcpu)) {
        return ZX_ERR_CANCELED;
    }
    platform_mutex_lock(&vcpu->lock);
    const int vector = choose(vcpu);
    const bool wait = vector >= 0 && gated(vcpu->cpu, vector);
    const bool invalid = vector > LAST_DEFINED_EXCEPTION && vector < FIRST_EXTERNAL_VECTOR;
    if (vector >= 0 && !wait) {
        (invalid ? pending_remove : pending_injected)(&vcpu->pending, (uint8_t)vector);
    }
    platform_mutex_unlock(&vcpu->lock);
    if (cpu_nmi_returns(vcpu->cpu)) {
        vcpu_attend(vcpu);
    }
    cpu_set_window_exiting(vcpu->cpu, wait);
    pvclock_update(vcpu);
    if (vcpu->invalid_state) {
        return ZX_ERR_BAD_STATE;
    }
    if (vector < 0 || wait) {
        return ZX_OK;
    }
    return invalid ? ZX_ERR_NOT_SUPPORTED : inject(vcpu, (uint8_t)vector);
}

// With vcpu->lock held.
static bool awake(const struct vcpu *vcpu) {
    return atomic_load(&vcpu->seat.kicked) || pending_any(&vcpu->pending);
}

static bool is_awake(struct vcpu *vcpu) {
    platform_mutex_lock(&vcpu->lock);
    const bool result = awake(vcpu);
    platform_mutex_unlock(&vcpu->lock);
    return result;
}

// Without the turn unless the status says otherwise.
static zx_status_t sleep_until_awake(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    zx_status_t status = ZX_ERR_NEXT;
    while (status == ZX_ERR_NEXT && !is_awake(vcpu)) {
        if (blocking_attention(context->blocking)) {
            status = vcpu_stop_in_wait(context, ZX_ERR_CANCELED);
        } else {
            platform_semaphore_wait_until(&vcpu->seat.wake, INT64_MAX);
        }
    }
    return status;
}

// Sleeps until a vector is pending or the VCPU is kicked; others run meanwhile. It falls asleep
// inside the lock, so that who interrupts it finds it asleep; a kick, which takes no lock, leaves
// it to the VCPU to wake. Virtual time jumps before the turn is given up, or what a timer wakes
// would run beside the rest of the jump.
static zx_status_t halt(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    struct guest *guest = vcpu->guest;
    exit_advance(context);
    platform_mutex_lock(&vcpu->lock);
    if (awake(vcpu)) {
        platform_mutex_unlock(&vcpu->lock);
        return ZX_ERR_NEXT;
    }
    turn_sleep(&guest->turn);
    platform_mutex_unlock(&vcpu->lock);
    guest_clock_skip_sleep(guest);
    vcpu_give_turn(context);
    const zx_status_t status = sleep_until_awake(context);
    if (status != ZX_ERR_NEXT) {
        return status;
    }
    turn_wake(&guest->turn, vcpu->seat.vpid);
    const zx_status_t taken = vcpu_take_turn(context);
    return taken == ZX_OK ? ZX_ERR_NEXT : taken;
}

static zx_status_t dispatch(struct exit_context *context) {
    switch (context->exit->reason) {
    case EXIT_REQUESTED:
    case EXIT_INTERRUPT_WINDOW:
        return ZX_ERR_NEXT;
    case EXIT_PAUSE:
        return exit_pause(context);
    case EXIT_CPUID:
        return exit_cpuid(context);
    case EXIT_HLT:
        return halt(context);
    case EXIT_VMCALL:
        return exit_vmcall(context);
    case EXIT_CONTROL_REGISTER_ACCESS:
        return exit_control_register_access(context);
    case EXIT_IO_INSTRUCTION:
        return exit_io_instruction(context);
    case EXIT_RDMSR:
        return exit_rdmsr(context);
    case EXIT_WRMSR:
        return exit_wrmsr(context);
    case EXIT_XSETBV:
        return exit_xsetbv(context);
    case EXIT_EPT_VIOLATION:
        return exit_ept_violation(context);
    case EXIT_FAILED:
        return ZX_ERR_INTERNAL;
    default:
        return ZX_ERR_NOT_SUPPORTED;
    }
}

static void finish_exit(struct exit_context *context) {
    observe_exit(context->vcpu, context->exit);
    context->status = dispatch(context);
    context->finished = true;
}

// These give the turn to others, for which the engine must have left the guest.
static bool may_sleep(enum exit_reason reason) {
    return reason == EXIT_HLT || reason == EXIT_EPT_VIOLATION;
}

// Handles an exit without leaving the guest, if it can be; true when the guest goes on.
static bool finish_inside(void *argument, const struct cpu_exit *exit) {
    struct exit_context *context = argument;
    if (exit->reason == EXIT_EXCEPTION) {
        observe_exception(context->vcpu, exit);
        return true;
    }
    if (may_sleep(exit->reason)) {
        return false;
    }
    finish_exit(context);
    if (context->status != ZX_ERR_NEXT || machine_exit_requested(context->vcpu->guest->machine)) {
        return false;
    }
    const zx_status_t status = prepare_entry(context->vcpu);
    if (status != ZX_OK) {
        context->status = status;
        return false;
    }
    observe_entry(context->vcpu);
    context->finished = false;
    return true;
}

// Lets others run if it is their time. Whoever asked for attention is answered by this and by what
// follows it: a look at kicks and at interrupts.
static zx_status_t pass_turn(struct exit_context *context) {
    struct guest *guest = context->vcpu->guest;
    machine_clear_exit_request(guest->machine);
    const bool over = guest_clock_tick(guest);
    if (over || turn_wanted(&guest->turn)) {
        const zx_status_t status = vcpu_pass_turn(context, over ? TURN_OVER : TURN_KEPT);
        if (status != ZX_OK) {
            return status;
        }
    }
    return vcpu_stop_if_wanted(context);
}

static void run(struct exit_context *context, struct cpu_exit *exit) {
    struct vcpu *vcpu = context->vcpu;
    context->status = pass_turn(context);
    if (context->status == ZX_OK) {
        context->status = prepare_entry(vcpu);
    }
    if (context->status != ZX_OK) {
        return;
    }
    observe_entry(vcpu);
    context->finished = false;
    cpu_run(vcpu->cpu, exit, finish_inside, context);
    if (!context->finished) {
        finish_exit(context);
    }
}

zx_status_t vcpu_enter(struct vcpu *vcpu, enum packet_layout layout, zx_port_packet_t *packet) {
    struct cpu_exit exit;
    struct exit_context context = {.vcpu = vcpu,
                                   .exit = &exit,
                                   .layout = layout,
                                   .packet = packet,
                                   .blocking = blocking_current()};
    if (!blocking_begin(context.blocking, 0, vcpu_wake_thread, vcpu)) {
        return ZX_ERR_INTERNAL_INTR_RETRY;
    }
    context.status = vcpu_take_turn(&context);
    if (context.status == ZX_OK) {
        context.status = ZX_ERR_NEXT;
    }
    while (context.status == ZX_ERR_NEXT) {
        run(&context, &exit);
    }
    if (context.has_turn) {
        vcpu_give_turn(&context);
    }
    blocking_end(context.blocking);
    return context.status;
}
