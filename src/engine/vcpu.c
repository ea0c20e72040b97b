// SPDX-License-Identifier: MIT
//
// VCPU objects, their state, and what other threads ask of them. The loop is in vcpu_run.c.

#include "engine/vcpu.h"

#include "engine/reset.h"
#include "objects/refusal.h"
#include "objects/timer_queue.h"
#include "platform/division.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls/object.h>

#define RFLAGS_USER 0x244dd5ull

void vcpu_attend(struct vcpu *vcpu) {
    machine_request_exit(vcpu->guest->machine);
}

// --- Requests from other threads ---

void vcpu_interrupt(struct vcpu *vcpu, uint8_t vector) {
    platform_mutex_lock(&vcpu->lock);
    pending_add(&vcpu->pending, vector);
    atomic_store(&vcpu->look_due, true);
    atomic_store(&vcpu->any_pending, true);
    turn_hurry(&vcpu->guest->turn, &vcpu->seat);
    platform_mutex_unlock(&vcpu->lock);
    platform_semaphore_post(&vcpu->seat.wake);
    vcpu_attend(vcpu);
}

// The owner thread looks for pending vectors before it enters the guest again.
void vcpu_interrupt_itself(struct vcpu *vcpu, uint8_t vector) {
    ASSERT_TURN(&vcpu->guest->turn);
    platform_mutex_lock(&vcpu->lock);
    pending_add(&vcpu->pending, vector);
    atomic_store(&vcpu->look_due, true);
    atomic_store(&vcpu->any_pending, true);
    platform_mutex_unlock(&vcpu->lock);
}

// The flags first: whoever it wakes looks for them.
static void kick_for(struct vcpu *vcpu, atomic_bool *why) {
    atomic_store(why, true);
    atomic_store(&vcpu->seat.kicked, true);
    platform_semaphore_post(&vcpu->seat.wake);
    vcpu_attend(vcpu);
}

void vcpu_kick(struct vcpu *vcpu) {
    kick_for(vcpu, &vcpu->client_kicks);
}

void vcpu_want_stop(struct vcpu *vcpu) {
    kick_for(vcpu, &vcpu->stop_wanted);
}

// The client's kick stays for later where both come together.
zx_status_t vcpu_take_kick(struct vcpu *vcpu) {
    if (!atomic_load(&vcpu->seat.kicked) || !atomic_exchange(&vcpu->seat.kicked, false)) {
        return ZX_OK;
    }
    if (atomic_exchange(&vcpu->stop_wanted, false)) {
        if (atomic_load(&vcpu->client_kicks)) {
            atomic_store(&vcpu->seat.kicked, true);
        }
        vcpu->stop = (struct vcpu_stop){.cause = ZIRCONIA_STOP_REQUEST};
        return refuse(ZX_ERR_STOP, "the VCPU has stopped for a debugger");
    }
    return atomic_exchange(&vcpu->client_kicks, false)
               ? refuse(ZX_ERR_CANCELED, "the VCPU was kicked")
               : ZX_OK;
}

uint32_t vcpu_info_flags(struct object *object) {
    struct vcpu *vcpu = vcpu_from_object(object);
    return atomic_load(&vcpu->client_kicks) ? ZX_INFO_VCPU_FLAG_KICKED : 0;
}

// --- State ---

// zx_vcpu_state_t has the registers in the processor's encoding order.
_Static_assert(offsetof(zx_vcpu_state_t, rsp) == 8 * RSP, "register order");
_Static_assert(offsetof(zx_vcpu_state_t, r15) == 8 * R15, "register order");

void vcpu_read_state(struct vcpu *vcpu, zx_vcpu_state_t *out) {
    uint64_t registers[GENERAL_REGISTER_COUNT];
    cpu_lock_registers(vcpu->cpu);
    for (unsigned i = 0; i < GENERAL_REGISTER_COUNT; i++) {
        registers[i] = cpu_get(vcpu->cpu, i);
    }
    out->rflags = cpu_get(vcpu->cpu, RFLAGS) & RFLAGS_USER;
    cpu_unlock_registers(vcpu->cpu);
    memcpy(out, registers, sizeof registers);
}

void vcpu_write_state(struct vcpu *vcpu, const zx_vcpu_state_t *state) {
    uint64_t registers[GENERAL_REGISTER_COUNT];
    memcpy(registers, state, sizeof registers);
    cpu_lock_registers(vcpu->cpu);
    for (unsigned i = 0; i < GENERAL_REGISTER_COUNT; i++) {
        cpu_set(vcpu->cpu, i, registers[i]);
    }
    if ((state->rflags & RFLAGS_FIXED) != 0) {
        const uint64_t kept = cpu_get(vcpu->cpu, RFLAGS) & ~RFLAGS_USER;
        cpu_set(vcpu->cpu, RFLAGS, kept | (state->rflags & RFLAGS_USER));
    }
    cpu_unlock_registers(vcpu->cpu);
}

void vcpu_write_io(struct vcpu *vcpu, const zx_vcpu_io_t *io) {
    cpu_lock_registers(vcpu->cpu);
    uint64_t rax = cpu_get(vcpu->cpu, RAX);
    for (unsigned i = 0; i < io->access_size; i++) {
        rax &= ~(0xffull << (8 * i));
        rax |= (uint64_t)io->data[i] << (8 * i);
    }
    cpu_set(vcpu->cpu, RAX, rax);
    cpu_unlock_registers(vcpu->cpu);
}

// --- The object ---

zx_status_t vcpu_check_owner(const struct vcpu *vcpu) {
    return vcpu->owner == thread_current()
               ? ZX_OK
               : refuse_value(ZX_ERR_BAD_STATE, "the VCPU belongs to another thread, of koid %",
                              vcpu->owner->object.koid);
}

static void detach(struct vcpu *vcpu) {
    void *self = vcpu;
    atomic_compare_exchange_strong(&vcpu->owner->vcpu, &self, NULL);
}

// The caller has the turn.
static void leave_guest(struct vcpu *vcpu) {
    struct guest *guest = vcpu->guest;
    ASSERT_TURN(&guest->turn);
    local_apic_destroy(&vcpu->apic); // In virtual time, a VCPU that has the turn may fire it.
    if (vcpu->cpu != NULL) {
        cpu_destroy(vcpu->cpu);
    }
    guest->vcpus[vcpu->seat.vpid] = NULL;
    guest_give_vpid(guest, vcpu->seat.vpid);
    guest_clock_skip_sleep(guest); // The others may all be asleep.
}

// Code inside of another VCPU's run call, for example an observer that interrupts this VCPU, may
// drop the last reference: that thread has the turn already.
static void destroy(struct object *object) {
    struct vcpu *vcpu = vcpu_from_object(object);
    struct guest *guest = vcpu->guest;
    turn_leave(&guest->turn, vcpu->seat.vpid);
    if (turn_is_held_by(&guest->turn, thread_current())) {
        leave_guest(vcpu);
    } else {
        turn_take_call(&guest->turn);
        leave_guest(vcpu);
        turn_give_call(&guest->turn);
    }
    detach(vcpu);
    object_unref(&vcpu->owner->object);
    object_unref(&guest->object);
    platform_semaphore_destroy(&vcpu->seat.wake);
    platform_mutex_destroy(&vcpu->lock);
    free(vcpu);
}

// The owner thread may create another one at once, even while somebody's last call is under way.
static void on_zero_handles(struct object *object) {
    detach(vcpu_from_object(object));
}

static const struct object_ops vcpu_ops = {
    .type = ZX_OBJ_TYPE_VCPU,
    .default_rights = ZX_DEFAULT_VCPU_RIGHTS,
    .on_zero_handles = on_zero_handles,
    .destroy = destroy,
};

static zx_status_t attach(struct vcpu *vcpu, uint64_t entry, const struct era *era) {
    void *none = NULL;
    if (era->one_vcpu_a_thread &&
        !atomic_compare_exchange_strong(&vcpu->owner->vcpu, &none, vcpu)) {
        return refuse(ZX_ERR_BAD_STATE, "the thread has a live VCPU already");
    }
    turn_take_call(&vcpu->guest->turn);
    // The VPID last: it decides how the VCPU starts, and would not come again.
    zx_status_t status = cpu_create(vcpu->guest->machine, &vcpu->cpu);
    if (status == ZX_OK) {
        vcpu->seat.vpid = guest_take_vpid(vcpu->guest);
        status = vcpu->seat.vpid != 0
                     ? ZX_OK
                     : refuse_value(ZX_ERR_NO_RESOURCES, "the guest has % VCPUs", VPID_COUNT - 1);
    }
    if (status == ZX_OK) {
        reset_vcpu(vcpu, entry, era->reset);
        vcpu->guest->vcpus[vcpu->seat.vpid] = vcpu;
    }
    turn_give_call(&vcpu->guest->turn);
    if (status == ZX_OK) {
        turn_join(&vcpu->guest->turn, &vcpu->seat);
    }
    return status;
}

zx_status_t vcpu_create(struct guest *guest, uint64_t entry, const struct era *era,
                        struct vcpu **out) {
    struct thread *owner = thread_current();
    const bool timers = guest->clock.is_virtual || timer_queue_prepare();
    struct vcpu *vcpu = owner != NULL && timers ? calloc(1, sizeof *vcpu) : NULL;
    if (vcpu == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    object_init(&vcpu->object, &vcpu_ops, 0);
    object_ref(&guest->object);
    object_ref(&owner->object);
    vcpu->guest = guest;
    vcpu->owner = owner;
    vcpu->seat.thread = owner;
    platform_mutex_init(&vcpu->lock, LOCK_VCPU);
    platform_semaphore_init(&vcpu->seat.wake);
    local_apic_init(&vcpu->apic, vcpu);
    platform_let_divide(); // This thread will run the guest.
    const zx_status_t status = attach(vcpu, entry, era);
    if (status != ZX_OK) {
        object_unref(&vcpu->object);
        return status;
    }
    *out = vcpu;
    return ZX_OK;
}
