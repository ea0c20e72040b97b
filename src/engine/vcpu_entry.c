// SPDX-License-Identifier: MIT
//
// Kicks and interrupts at VM entry.

#include "engine/vcpu_entry.h"

#include "engine/exits/exits.h"
#include "objects/refusal.h"

// The vector that is injected at this entry. Exceptions are never blocked.
struct choice {
    int vector; // -1: nothing.
    bool wait;  // The guest cannot take the vector yet: an interrupt window is asked for.
    bool more;  // Another one waits behind it.
};

// A blocked NMI does not hide other vectors: its interrupt window would open at once, again and
// again, and the NMI's handler would never come to its IRET.
static int next_vector(const struct vcpu *vcpu) REQUIRES(vcpu->lock) {
    ASSERT_HELD(&vcpu->lock);
    struct pending open = vcpu->pending;
    if (cpu_ready_for(vcpu->cpu, VECTOR_NMI) == READY_AFTER_IRET) {
        pending_remove(&open, VECTOR_NMI);
    }
    return pending_choose(&open);
}

static bool is_blocked(const struct cpu *cpu, int vector) {
    return (vector >= FIRST_EXTERNAL_VECTOR || vector == VECTOR_NMI) &&
           cpu_ready_for(cpu, (uint8_t)vector) != READY;
}

static bool is_undefined(int vector) {
    return vector > LAST_DEFINED_EXCEPTION && vector < FIRST_EXTERNAL_VECTOR;
}

// A thread that adds a vector requests an exit afterwards, so a vector that comes after
// `any_pending` was read here is seen before the next block.
static struct choice choose(struct vcpu *vcpu) {
    if (!atomic_load(&vcpu->any_pending)) {
        return (struct choice){.vector = -1};
    }
    platform_mutex_lock(&vcpu->lock);
    struct choice choice = {.vector = next_vector(vcpu)};
    choice.wait = choice.vector >= 0 && is_blocked(vcpu->cpu, choice.vector);
    if (choice.vector >= 0 && !choice.wait) {
        const uint8_t vector = (uint8_t)choice.vector;
        (is_undefined(vector) ? pending_remove : pending_injected)(&vcpu->pending, vector);
        choice.more = choice.vector != VECTOR_NMI && next_vector(vcpu) >= FIRST_EXTERNAL_VECTOR;
        atomic_store(&vcpu->any_pending, pending_any(&vcpu->pending));
    }
    platform_mutex_unlock(&vcpu->lock);
    return choice;
}

// An NMI that an IRET has let in comes behind it without an exit.
static bool has_open_nmi(struct vcpu *vcpu) {
    platform_mutex_lock(&vcpu->lock);
    const bool waits = pending_has(&vcpu->pending, VECTOR_NMI);
    platform_mutex_unlock(&vcpu->lock);
    return waits && cpu_ready_for(vcpu->cpu, VECTOR_NMI) != READY_AFTER_IRET;
}

// In virtual time the guest must not see when the library leaves it for its own reasons: what waits
// for an interrupt window, or behind another vector for the next exit, would come sooner for that.
static bool may_look(struct vcpu *vcpu) {
    return !vcpu->guest->clock.is_virtual || !atomic_load(&vcpu->any_pending) ||
           atomic_exchange(&vcpu->look_due, false) || has_open_nmi(vcpu);
}

// The memory for the event was not there: it comes again with the next entry.
static void keep_pending(struct vcpu *vcpu, uint8_t vector) {
    platform_mutex_lock(&vcpu->lock);
    pending_add(&vcpu->pending, vector);
    atomic_store(&vcpu->look_due, true);
    atomic_store(&vcpu->any_pending, true);
    platform_mutex_unlock(&vcpu->lock);
}

static zx_status_t inject(struct vcpu *vcpu, uint8_t vector) {
    const bool external = vector >= FIRST_EXTERNAL_VECTOR || vector == VECTOR_NMI;
    const struct vectored_event event = {
        .kind = external ? VECTORED_EXTERNAL : VECTORED_EXCEPTION,
        .vector = vector,
        .return_rip = cpu_get(vcpu->cpu, RIP),
    };
    const enum delivery result = deliver_vectored_event(vcpu->cpu, &event);
    if (result == DELIVERED) {
        observe_injection(vcpu, vector);
    } else if (result == DELIVERY_UNBACKED) {
        keep_pending(vcpu, vector);
    }
    return exit_delivery(vcpu, result);
}

// In virtual time the guest must not see when the library leaves it for its own reasons, so without
// an exit the paravirtual clock stays as it is.
static bool shows_time(const struct vcpu *vcpu, bool exited) {
    return exited || !vcpu->guest->clock.is_virtual;
}

zx_status_t vcpu_prepare_entry(struct vcpu *vcpu) {
    ASSERT_TURN(&vcpu->guest->turn);
    const zx_status_t kicked = vcpu_take_kick(vcpu);
    if (kicked != ZX_OK) {
        return kicked;
    }
    const bool exited = vcpu->exited != EXITED_NOT;
    vcpu->exited = EXITED_NOT;
    struct choice choice = {.vector = -1};
    if (may_look(vcpu)) {
        choice = choose(vcpu);
        // On Zircon the vector behind another one waits for the next exit, which the host's timer
        // brings soon; here no such exit comes, so an interrupt window is requested for it.
        cpu_set_window_exiting(vcpu->cpu, choice.wait || choice.more);
    }
    if (shows_time(vcpu, exited)) {
        pvclock_update(vcpu);
    }
    if (vcpu->invalid_state) {
        return refuse_value(ZX_ERR_BAD_STATE, "no processor would enter a guest with CR0 %",
                            cpu_get(vcpu->cpu, CR0));
    }
    if (choice.vector < 0 || choice.wait) {
        return ZX_OK;
    }
    return is_undefined(choice.vector)
               ? refuse_value(ZX_ERR_NOT_SUPPORTED, "vector % is pending, which is an exception's",
                              (uint64_t)choice.vector)
               : inject(vcpu, (uint8_t)choice.vector);
}
