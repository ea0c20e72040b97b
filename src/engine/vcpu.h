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

// What is due between an exit that was handled and the next entry.
enum exited {
    EXITED_NOT,     // Nothing.
    EXITED_INSIDE,  // A look at interrupts, before the turn may pass on.
    EXITED_OUTSIDE, // The turn may pass on; then a look at interrupts.
    EXITED_COUNT,
};

struct vcpu {
    struct object object;
    struct guest *guest;
    struct thread *owner;
    struct turn_seat seat;
    struct cpu *cpu;
    uint64_t cr0_owned;  // Bits of CR0 that the guest reads from the shadow (hypervisor ABI 4.3).
    uint64_t cr0_shadow; // What it reads there.
    uint8_t cr8;         // Private: it has no effect on injection (hypervisor ABI 4.4).
    atomic_bool inside;  // A run call has begun and uses the VCPU. Set with the turn.
    atomic_bool client_kicks; // The client has kicked the VCPU.
    atomic_bool stop_wanted;  // A debugger has kicked the VCPU. The client may have, too.
    bool steps;               // A debugger wants run calls of one instruction.
    unsigned exited;          // What the last exit that was handled still wants (enum exited).
    struct vcpu_stop stop;    // Why the last run call that returned ZX_ERR_STOP did.
    // VM entry refuses the guest's state. Only the restoring of a snapshot takes that back.
    bool invalid_state;
    struct local_apic apic;
    struct pvclock pvclock;
    zirconia_exit_kind_t exit_kind; // The kind of the exit that is being handled.
    int64_t exit_time;              // When that exit began; 0 while none is handled.
    int64_t
        told_time;   // The last time that the observer was told. Nothing later is told as earlier.
    int64_t resumed; // When the last exit ended, in the guest's time; 0 before the first one.
    struct platform_mutex lock;
    struct pending pending;
    atomic_bool any_pending; // Whether anything is pending, for the owner to read without the lock.
    atomic_bool look_due;    // An exit was made, or a vector came, since the owner looked last.
};

static inline struct vcpu *vcpu_from_object(struct object *object) {
    return (struct vcpu *)object;
}

// Makes a VCPU of the calling thread. BAD_STATE where the era allows one VCPU a thread and the
// thread has one of such an era; NO_RESOURCES without a VPID; NO_MEMORY.
zx_status_t vcpu_create(struct guest *guest, uint64_t entry, const struct era *era,
                        struct vcpu **out);

// BAD_STATE unless the caller is the owner thread.
zx_status_t vcpu_check_owner(const struct vcpu *vcpu);

// The run call, on the owner thread; `packet` is zero-filled by the caller and written on ZX_OK.
zx_status_t vcpu_enter(struct vcpu *vcpu, enum packet_layout layout, zx_port_packet_t *packet);

void vcpu_interrupt(struct vcpu *vcpu, uint8_t vector);

// As vcpu_interrupt(), from the handler of one of this VCPU's exits.
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
