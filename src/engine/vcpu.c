// SPDX-License-Identifier: MIT
//
// The VCPU loop.

#include "engine/vcpu.h"

#include "engine/exits/exits.h"
#include "engine/reset.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls/object.h>

#define RFLAGS_USER 0x244dd5ull

enum {
    FIRST_EXTERNAL_VECTOR = 32,
    LAST_DEFINED_EXCEPTION = 20,
};

void vcpu_attend(struct vcpu *vcpu) {
    atomic_store(&vcpu->guest->machine->attention, true);
}

// --- Pending vectors; vcpu.lock held ---

static bool is_pending(const struct vcpu *vcpu, unsigned vector) {
    return (vcpu->pending[vector / 64] >> vector % 64 & 1) != 0;
}

static void clear_pending(struct vcpu *vcpu, unsigned vector) {
    vcpu->pending[vector / 64] &= ~(1ull << vector % 64);
}

static bool any_pending(const struct vcpu *vcpu) {
    return (vcpu->pending[0] | vcpu->pending[1] | vcpu->pending[2] | vcpu->pending[3]) != 0;
}

// The vector to inject next (hypervisor ABI 7.3), or -1.
static int choose_pending(const struct vcpu *vcpu) {
    if (is_pending(vcpu, VECTOR_NMI)) {
        return VECTOR_NMI;
    }
    int word = 3;
    while (word >= 0 && vcpu->pending[word] == 0) {
        word--;
    }
    int vector = 64 * word + 63;
    while (word >= 0 && !is_pending(vcpu, (unsigned)vector)) {
        vector--;
    }
    return word >= 0 ? vector : -1;
}

static void forget_exceptions(struct vcpu *vcpu) {
    for (unsigned vector = 0; vector <= LAST_DEFINED_EXCEPTION; vector++) {
        if (vector != VECTOR_NMI) {
            clear_pending(vcpu, vector);
        }
    }
}

// --- The loop ---

static bool gated(const struct cpu *cpu, int vector) {
    if (vector >= FIRST_EXTERNAL_VECTOR) {
        return (cpu_rflags(cpu) & RFLAGS_IF) == 0 || cpu_interrupt_shadow(cpu);
    }
    return vector == VECTOR_NMI && cpu_interrupt_shadow(cpu);
}

static zx_status_t inject(struct vcpu *vcpu, uint8_t vector) {
    const bool external = vector >= FIRST_EXTERNAL_VECTOR || vector == VECTOR_NMI;
    const struct event event = {
        .kind = external ? EVENT_EXTERNAL : EVENT_EXCEPTION,
        .vector = vector,
        .has_error_code = vector_has_error_code(vector),
        .return_rip = cpu_rip(vcpu->cpu),
    };
    const zx_status_t status = exit_delivery(deliver_event(vcpu->cpu, &event));
    if (status != ZX_ERR_NEXT) {
        return status;
    }
    observe_injection(vcpu, vector);
    return ZX_OK;
}

// Kick, then interrupt: the order of Zircon's loop (hypervisor ABI 8).
static zx_status_t prepare_entry(struct vcpu *vcpu) {
    platform_mutex_lock(&vcpu->lock);
    if (vcpu->kicked) {
        vcpu->kicked = false;
        platform_mutex_unlock(&vcpu->lock);
        return ZX_ERR_CANCELED;
    }
    const int vector = choose_pending(vcpu);
    const bool wait = vector >= 0 && gated(vcpu->cpu, vector);
    const bool invalid = vector > LAST_DEFINED_EXCEPTION && vector < FIRST_EXTERNAL_VECTOR;
    if (vector >= 0 && !wait) {
        clear_pending(vcpu, (unsigned)vector);
        if (!invalid) {
            forget_exceptions(vcpu);
        }
    }
    platform_mutex_unlock(&vcpu->lock);
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

// Sleeps until a vector is pending or the VCPU is kicked; others run meanwhile.
static zx_status_t halt(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    exit_advance(context);
    guest_give_turn(vcpu->guest);
    platform_mutex_lock(&vcpu->lock);
    while (!vcpu->kicked && !any_pending(vcpu)) {
        platform_condition_wait(&vcpu->wake, &vcpu->lock);
    }
    platform_mutex_unlock(&vcpu->lock);
    guest_take_turn(vcpu->guest, vcpu);
    return ZX_ERR_NEXT;
}

static zx_status_t dispatch(struct exit_context *context) {
    switch (context->exit->reason) {
    case EXIT_ATTENTION:
    case EXIT_INTERRUPT_WINDOW:
        return ZX_ERR_NEXT;
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

// Whoever asked for attention is answered by what follows: a look at the turn, at kicks and at
// interrupts.
static bool turn_wanted(struct vcpu *vcpu) {
    atomic_store(&vcpu->guest->machine->attention, false);
    return guest_turn_wanted(vcpu->guest);
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
    if (context->status != ZX_ERR_NEXT || turn_wanted(context->vcpu)) {
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

static void run(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    if (turn_wanted(vcpu)) {
        guest_give_turn(vcpu->guest);
        platform_yield();
        guest_take_turn(vcpu->guest, vcpu);
    }
    context->status = prepare_entry(vcpu);
    if (context->status != ZX_OK) {
        return;
    }
    observe_entry(vcpu);
    context->finished = false;
    struct cpu_exit exit;
    context->exit = &exit;
    cpu_run(vcpu->cpu, &exit, finish_inside, context);
    if (!context->finished) {
        finish_exit(context);
    }
}

zx_status_t vcpu_enter(struct vcpu *vcpu, enum packet_layout layout, zx_port_packet_t *packet) {
    struct exit_context context = {
        .vcpu = vcpu, .layout = layout, .packet = packet, .status = ZX_ERR_NEXT};
    guest_take_turn(vcpu->guest, vcpu);
    while (context.status == ZX_ERR_NEXT) {
        run(&context);
    }
    guest_give_turn(vcpu->guest);
    return context.status;
}

// --- Requests from other threads ---

void vcpu_interrupt(struct vcpu *vcpu, uint8_t vector) {
    platform_mutex_lock(&vcpu->lock);
    vcpu->pending[vector / 64] |= 1ull << vector % 64;
    platform_condition_signal(&vcpu->wake);
    platform_mutex_unlock(&vcpu->lock);
    vcpu_attend(vcpu);
}

void vcpu_kick(struct vcpu *vcpu) {
    platform_mutex_lock(&vcpu->lock);
    vcpu->kicked = true;
    platform_condition_signal(&vcpu->wake);
    platform_mutex_unlock(&vcpu->lock);
    vcpu_attend(vcpu);
}

uint32_t vcpu_info_flags(struct object *object) {
    struct vcpu *vcpu = vcpu_from_object(object);
    platform_mutex_lock(&vcpu->lock);
    const bool kicked = vcpu->kicked;
    platform_mutex_unlock(&vcpu->lock);
    return kicked ? ZX_INFO_VCPU_FLAG_KICKED : 0;
}

// --- State ---

// zx_vcpu_state_t has the registers in the processor's encoding order.
_Static_assert(offsetof(zx_vcpu_state_t, rsp) == 8 * RSP, "register order");
_Static_assert(offsetof(zx_vcpu_state_t, r15) == 8 * R15, "register order");

void vcpu_read_state(struct vcpu *vcpu, zx_vcpu_state_t *out) {
    uint64_t registers[GENERAL_REGISTER_COUNT];
    for (unsigned i = 0; i < GENERAL_REGISTER_COUNT; i++) {
        registers[i] = cpu_register(vcpu->cpu, i);
    }
    memcpy(out, registers, sizeof registers);
    out->rflags = cpu_rflags(vcpu->cpu) & RFLAGS_USER;
}

void vcpu_write_state(struct vcpu *vcpu, const zx_vcpu_state_t *state) {
    uint64_t registers[GENERAL_REGISTER_COUNT];
    memcpy(registers, state, sizeof registers);
    for (unsigned i = 0; i < GENERAL_REGISTER_COUNT; i++) {
        cpu_set_register(vcpu->cpu, i, registers[i]);
    }
    if ((state->rflags & RFLAGS_FIXED) != 0) {
        const uint64_t kept = cpu_rflags(vcpu->cpu) & ~RFLAGS_USER;
        cpu_set_rflags(vcpu->cpu, kept | (state->rflags & RFLAGS_USER));
    }
}

void vcpu_write_io(struct vcpu *vcpu, const zx_vcpu_io_t *io) {
    uint64_t rax = cpu_register(vcpu->cpu, RAX);
    for (unsigned i = 0; i < io->access_size; i++) {
        rax &= ~(0xffull << (8 * i));
        rax |= (uint64_t)io->data[i] << (8 * i);
    }
    cpu_set_register(vcpu->cpu, RAX, rax);
}

// --- The object ---

zx_status_t vcpu_check_owner(const struct vcpu *vcpu) {
    return vcpu->owner == thread_current() ? ZX_OK : ZX_ERR_BAD_STATE;
}

static void destroy(struct object *object) {
    struct vcpu *vcpu = vcpu_from_object(object);
    struct guest *guest = vcpu->guest;
    local_apic_destroy(&vcpu->apic);
    guest_take_turn(guest, NULL);
    if (vcpu->cpu != NULL) {
        cpu_destroy(vcpu->cpu);
    }
    guest_give_vpid(guest, vcpu->vpid);
    guest_give_turn(guest);
    void *self = vcpu;
    atomic_compare_exchange_strong(&vcpu->owner->vcpu, &self, NULL);
    object_unref(&vcpu->owner->object);
    object_unref(&guest->object);
    platform_condition_destroy(&vcpu->wake);
    platform_mutex_destroy(&vcpu->lock);
    free(vcpu);
}

static const struct object_ops vcpu_ops = {
    .type = ZX_OBJ_TYPE_VCPU,
    .default_rights = ZX_DEFAULT_VCPU_RIGHTS,
    .destroy = destroy,
};

static zx_status_t attach(struct vcpu *vcpu, uint64_t entry) {
    void *none = NULL;
    if (!atomic_compare_exchange_strong(&vcpu->owner->vcpu, &none, vcpu)) {
        return ZX_ERR_BAD_STATE;
    }
    guest_take_turn(vcpu->guest, NULL);
    vcpu->vpid = guest_take_vpid(vcpu->guest);
    zx_status_t status = vcpu->vpid != 0 ? ZX_OK : ZX_ERR_NO_RESOURCES;
    if (status == ZX_OK) {
        status = cpu_create(vcpu->guest->machine, &vcpu->cpu);
    }
    if (status == ZX_OK) {
        reset_vcpu(vcpu, entry);
    }
    guest_give_turn(vcpu->guest);
    return status;
}

zx_status_t vcpu_create(struct guest *guest, uint64_t entry, struct vcpu **out) {
    struct thread *owner = thread_current();
    struct vcpu *vcpu = owner != NULL ? calloc(1, sizeof *vcpu) : NULL;
    if (vcpu == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    object_init(&vcpu->object, &vcpu_ops, 0);
    object_ref(&guest->object);
    object_ref(&owner->object);
    vcpu->guest = guest;
    vcpu->owner = owner;
    platform_mutex_init(&vcpu->lock);
    platform_condition_init(&vcpu->wake);
    local_apic_init(&vcpu->apic, vcpu);
    const zx_status_t status = attach(vcpu, entry);
    if (status != ZX_OK) {
        object_unref(&vcpu->object);
        return status;
    }
    *out = vcpu;
    return ZX_OK;
}
