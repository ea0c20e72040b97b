// SPDX-License-Identifier: MIT
//
// A copy of a VCPU's state, put back into that VCPU: the processor, the local APIC with the time
// that its timer had left, what is pending, and the paravirtual clock. A kick is no state: it stays
// with the run call that it is for.

#ifndef ENGINE_VCPU_IMAGE_H
#define ENGINE_VCPU_IMAGE_H

#include "engine/vcpu.h"

struct vcpu_image {
    zx_koid_t koid;
    struct cpu_image *cpu;
    uint64_t cr0_shadow;
    uint8_t cr8;
    bool invalid_state;
    struct local_apic_image apic;
    unsigned timer_place; // The place of the timer among the timers of virtual time.
    struct pending pending;
    bool look_due;
    unsigned exited; // (enum exited)
    bool exits;      // An exit was told of, and not yet that the guest goes on.
    struct pvclock pvclock;
};

// The caller has the guest's turn, here and below, and the VCPU is in no run call. False without
// memory.
bool vcpu_image_take(struct vcpu_image *image, struct vcpu *vcpu);

// Called once the guest's clock has been put back.
void vcpu_image_restore(const struct vcpu_image *image, struct vcpu *vcpu);

void vcpu_image_destroy(struct vcpu_image *image);

#endif // ENGINE_VCPU_IMAGE_H
