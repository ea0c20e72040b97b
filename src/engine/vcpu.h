// SPDX-License-Identifier: MIT
//
// VCPU objects and their run loop (hypervisor ABI 3.3 to 3.9, 7, 8).
//
// Locks: `lock` guards `pending`, and `any_pending` changes under it. `cpu` belongs to the owner
// thread, and while it runs to the guest's turn. The seat's semaphore is what the VCPU sleeps on:
// halted, at a full bell, or waiting for its turn. Everything else is constant.

#ifndef ENGINE_VCPU_H
#define ENGINE_VCPU_H

#include "engine/cpu/cpu.h"
#include "engine/debug.h"
#include "engine/guest.h"
#include "engine/local_apic.h"
#include "engine/pending.h"
#include "engine/pvclock.h"
#include "objects/era.h"
#include "objects/object.h"
#include "tasks/thread.h"

#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>

struct vcpu {
    struct object object;
    struct guest *guest;
    struct thread *owner;
    struct turn_seat seat;
    struct cpu *cpu;
    uint64_t cr0_owned; // Bits of CR0 that the guest reads from the shadow (hypervisor ABI 4.3).
    uint64_t cr0_shadow;
    uint8_t cr8;              // Private: it has no effect on injection (hypervisor ABI 4.4).
    atomic_bool inside;       // A run call has begun and uses the VCPU. Set with the turn.
    atomic_bool client_kicks; // The seat's kick is one of the client's.
    atomic_bool stop_wanted;  // The seat's kick is to stop the VCPU, or that too.
    bool steps;               // A debugger wants run calls of one instruction.
    bool exited;              // In a step, whose end has not seen to the paravirtual clock.
    struct vcpu_stop stop;    // Why the last one ended with ZX_ERR_STOP.
    // What the checks of VM entry refuse, for good: no call changes it but that of a restore.
    bool invalid_state;
    struct local_apic apic;
    struct pvclock pvclock;
    zirconia_exit_kind_t exit_kind; // The exit being handled, and when it began; 0 for none.
    int64_t exit_time;
    // In the guest's time, for the observer: what it was told last, or when the exit behind that
    // ended; and when the last exit ended, 0 for none.
    int64_t told_time;
    int64_t resumed;
    struct platform_mutex lock;
    struct pending pending;
    atomic_bool any_pending; // Whether anything is pending, for the owner to read without the lock.
};

static inline struct vcpu *vcpu_from_object(struct object *object) {
    return (struct vcpu *)object;
}

// For the calling thread: BAD_STATE when it owns a live VCPU, in the eras that count them, and of
// such an era. Then NO_RESOURCES, NO_MEMORY.
zx_status_t vcpu_create(struct guest *guest, uint64_t entry, const struct era *era,
                        struct vcpu **out);

// BAD_STATE unless the caller is the owner thread.
zx_status_t vcpu_check_owner(const struct vcpu *vcpu);

// The run call, on the owner thread; `packet` is zero-filled by the caller and written on ZX_OK.
zx_status_t vcpu_enter(struct vcpu *vcpu, enum packet_layout layout, zx_port_packet_t *packet);

void vcpu_interrupt(struct vcpu *vcpu, uint8_t vector);

// Called from the handler of an exit of the VCPU's own.
void vcpu_interrupt_itself(struct vcpu *vcpu, uint8_t vector);

// Takes no lock: may be called anywhere, in a signal handler too.
void vcpu_kick(struct vcpu *vcpu);

// Has the run call end with ZX_ERR_STOP, or else the next one. Takes no lock either.
void vcpu_want_stop(struct vcpu *vcpu);

// Takes the kick, on the owner thread: ZX_OK if there was none, or what the run call ends with.
zx_status_t vcpu_take_kick(struct vcpu *vcpu);

void vcpu_read_state(struct vcpu *vcpu, zx_vcpu_state_t *out);
void vcpu_write_state(struct vcpu *vcpu, const zx_vcpu_state_t *state);
void vcpu_write_io(struct vcpu *vcpu, const zx_vcpu_io_t *io);

// The flags of ZX_INFO_VCPU.
uint32_t vcpu_info_flags(struct object *object);

// Makes a running VCPU look at what was asked of it. Any thread.
void vcpu_attend(struct vcpu *vcpu);

#endif // ENGINE_VCPU_H
