// SPDX-License-Identifier: MIT
//
// The VCPU loop. The processor asks at_exit() before it enters the guest and at each exit; most
// exits are handled while the engine is still inside the guest, for speed.

#include "engine/exit_trace.h"
#include "engine/exits/exits.h"
#include "engine/guest_clock.h"
#include "engine/vcpu.h"
#include "engine/vcpu_entry.h"
#include "engine/vcpu_stop.h"
#include "objects/refusal.h"

// What Zircon's kernel does with an exit. ZX_OK: the guest goes on.
static zx_status_t handle(struct exit_context *context) {
    ASSERT_TURN(&context->vcpu->guest->turn);
    switch (context->exit->reason) {
    case EXIT_REQUESTED:
    case EXIT_INTERRUPT_WINDOW:
    case EXIT_EXCEPTION: // No exit: see at_exit().
        return ZX_OK;
    case EXIT_PAUSE:
        return exit_pause(context);
    case EXIT_CPUID:
        return exit_cpuid(context);
    case EXIT_HLT:
        return exit_hlt(context);
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
    case EXIT_STEPPED:
    case EXIT_BREAKPOINT:
        return debug_exit(context->vcpu, context->exit);
    case EXIT_TRIPLE_FAULT:
        triple_fault_tell(context->vcpu);
        return refuse(ZX_ERR_NOT_SUPPORTED, TRIPLE_FAULT_CAUSE);
    case EXIT_OTHER:
        return refuse(ZX_ERR_NOT_SUPPORTED, "an instruction or a task gate that nobody handles");
    case EXIT_FAILED:
        break;
    }
    return refuse(ZX_ERR_INTERNAL, "the engine failed");
}

// The end of the guest's budget comes first, and leaves all else for the next run call to do. Else
// lets others run if their turn has come, and the thread stop if it is to be suspended. Whoever
// requested an exit is answered by this and by what follows it: a look at kicks and at interrupts.
// A kicked VCPU is about to give the turn away.
static zx_status_t pass_turn(struct exit_context *context) {
    struct guest *guest = context->vcpu->guest;
    if (context->exit->divides_block) {
        machine_request_exit(guest->machine); // Behind it.
        return ZX_OK;
    }
    machine_clear_exit_request(guest->machine);
    if (guest_clock_budget_is_spent(guest)) {
        return refuse(ZX_ERR_TIMED_OUT, "the guest's budget is spent");
    }
    const bool over = guest_clock_tick(guest);
    if (over) {
        atomic_store(&context->vcpu->look_due, true);
    }
    if (over || (turn_is_over(&guest->turn) && !atomic_load(&context->vcpu->seat.kicked))) {
        const zx_status_t status = vcpu_pass_turn(context, over ? TURN_OVER : TURN_KEPT);
        if (status != ZX_OK) {
            return status;
        }
    }
    return vcpu_stop_if_wanted(context);
}

// What a debugger divides has no place in it for interrupts.
static zx_status_t look_before_entry(struct vcpu *vcpu, bool divides_block) {
    return divides_block ? vcpu_take_kick(vcpu) : vcpu_prepare_entry(vcpu);
}

static zx_status_t prepare_entry(struct vcpu *vcpu, bool divides_block) {
    if (!debug_steps(vcpu)) {
        return look_before_entry(vcpu, divides_block);
    }
    const uint64_t rip = cpu_get(vcpu->cpu, RIP);
    const zx_status_t status = look_before_entry(vcpu, divides_block);
    return status == ZX_OK ? debug_before_entry(vcpu, rip) : status;
}

// Whether the exit's handler may give the turn to others, for which the engine must have left the
// guest. A VCPU does not sleep while a vector is pending, which none but itself takes away. In
// virtual time a HLT always leaves, whenever vectors come from outside.
static bool may_sleep(const struct vcpu *vcpu, enum exit_reason reason) {
    return reason == EXIT_EPT_VIOLATION ||
           (reason == EXIT_HLT &&
            (vcpu->guest->clock.is_virtual || !atomic_load(&vcpu->any_pending)));
}

// The turn passes on behind an exit for which the engine leaves the guest. In virtual time it may
// do so for something that the guest must not notice, such as a debugger or the end of a budget.
static bool passes_turn(const struct vcpu *vcpu, enum exit_reason reason, bool inside) {
    struct guest *guest = vcpu->guest;
    return !inside &&
           (!guest->clock.is_virtual || may_sleep(vcpu, reason) || guest_clock_is_due(guest));
}

static bool is_exit(enum exit_reason reason) {
    return reason != EXIT_REQUESTED && reason != EXIT_STEPPED && reason != EXIT_BREAKPOINT;
}

// What lies between an exit that was handled and the next entry. The rest waits for the next run
// call where a kick, a budget or a debugger ends this one, as each step does.
static zx_status_t go_on(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    const struct cpu_exit *exit = context->exit;
    const bool exits = is_exit(exit->reason);
    zx_status_t status = ZX_OK;
    if (exits && vcpu->steps) {
        return ZX_OK;
    }
    if (vcpu->exited == EXITED_INSIDE) {
        status = prepare_entry(vcpu, false);
        if (status != ZX_OK || exits) {
            return status;
        }
        observe_entry(vcpu);
    }
    status = pass_turn(context);
    return status == ZX_OK ? prepare_entry(vcpu, exit->divides_block) : status;
}

// The guest is about to run, but for an exit that was stepped over.
static bool enters(const struct vcpu *vcpu) {
    return vcpu->exited == EXITED_NOT;
}

static enum run_next at_exit(void *argument, const struct cpu_exit *exit, bool inside) {
    struct exit_context *context = argument;
    struct vcpu *vcpu = context->vcpu;
    if (exit->reason == EXIT_EXCEPTION) {
        observe_exception(vcpu, exit);
        return RUN_ON;
    }
    if (inside && may_sleep(vcpu, exit->reason)) {
        return RUN_LEAVE;
    }
    context->exit = exit;
    const bool exits = is_exit(exit->reason);
    const bool passes = exits && passes_turn(vcpu, exit->reason, inside);
    if (exits) {
        atomic_store_explicit(&vcpu->look_due, true, memory_order_relaxed);
    }
    observe_exit(vcpu, exit);
    zx_status_t status = handle(context);
    if (status < ZX_OK && status != ZX_ERR_NEXT) {
        bad_end_tell(context, status);
    }
    if (exits && status == ZX_OK) {
        vcpu->exited = passes ? EXITED_OUTSIDE : EXITED_INSIDE;
    }
    if (status == ZX_OK) {
        status = go_on(context);
    }
    if (status == ZX_OK && enters(vcpu)) {
        observe_entry(vcpu);
    }
    context->status = status;
    return status == ZX_OK ? RUN_ON : RUN_END;
}

zx_status_t vcpu_enter(struct vcpu *vcpu, enum packet_layout layout, zx_port_packet_t *packet) {
    struct exit_context context = {
        .vcpu = vcpu,
        .layout = layout,
        .packet = packet,
        .blocking = blocking_current(),
    };
    if (!blocking_begin(context.blocking, 0, vcpu_wake_thread, vcpu)) {
        return ZX_ERR_INTERNAL_INTR_RETRY;
    }
    context.status = vcpu_take_turn(&context);
    if (context.status == ZX_OK) {
        atomic_store_explicit(&vcpu->inside, true, memory_order_relaxed);
        debug_begin(vcpu);
        const struct run_client client = {
            .context = &context,
            .handle = at_exit,
            .answer_cpuid = observe_is_watched(vcpu) ? NULL : exit_cpuid_inside,
        };
        cpu_run(vcpu->cpu, &client);
    }
    atomic_store_explicit(&vcpu->inside, false, memory_order_relaxed);
    if (context.has_turn && exit_trace_is_on()) {
        const bool returns_packet = context.status == ZX_ERR_NEXT;
        exit_trace_return(vcpu, returns_packet ? ZX_OK : context.status, packet);
    }
    if (context.has_turn) {
        vcpu_give_turn(&context, TURN_AWAY);
    }
    blocking_end(context.blocking);
    return context.status == ZX_ERR_NEXT ? ZX_OK : context.status;
}
