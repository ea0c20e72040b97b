// SPDX-License-Identifier: MIT
//
// Copying a VCPU's state, and putting it back.

#include "engine/vcpu_image.h"

#include "engine/instruments/cpu_image.h"

#include <stdlib.h>

bool vcpu_image_take(struct vcpu_image *image, struct vcpu *vcpu) {
    ASSERT_TURN(&vcpu->guest->turn);
    image->koid = vcpu->object.koid;
    image->cr8 = vcpu->cr8;
    image->cr0_shadow = vcpu->cr0_shadow;
    image->invalid_state = vcpu->invalid_state;
    image->exited = vcpu->exited;
    image->exits = vcpu->exit_time != 0;
    image->pvclock = vcpu->pvclock;
    image->cpu = cpu_image_take(vcpu->cpu);
    image->timer_place = guest_clock_place(vcpu->guest, &vcpu->apic.entry);
    local_apic_pause(&vcpu->apic);
    local_apic_take(&vcpu->apic, &image->apic);
    platform_mutex_lock(&vcpu->lock);
    image->pending = vcpu->pending;
    image->look_due = atomic_load(&vcpu->look_due);
    platform_mutex_unlock(&vcpu->lock);
    local_apic_go_on(&vcpu->apic);
    return image->cpu != NULL;
}

void vcpu_image_restore(const struct vcpu_image *image, struct vcpu *vcpu) {
    ASSERT_TURN(&vcpu->guest->turn);
    vcpu->cr8 = image->cr8;
    vcpu->cr0_shadow = image->cr0_shadow;
    vcpu->invalid_state = image->invalid_state;
    vcpu->exited = image->exited;
    vcpu->pvclock = image->pvclock;
    vcpu->exit_kind = 0;
    vcpu->exit_time = image->exits ? platform_monotonic() : 0;
    vcpu->told_time = 0;
    vcpu->resumed = 0;
    cpu_image_restore(vcpu->cpu, image->cpu);
    local_apic_pause(&vcpu->apic);
    platform_mutex_lock(&vcpu->lock);
    vcpu->pending = image->pending;
    atomic_store(&vcpu->look_due, image->look_due);
    atomic_store(&vcpu->any_pending, pending_any(&vcpu->pending));
    platform_mutex_unlock(&vcpu->lock);
    local_apic_restore(&vcpu->apic, &image->apic);
}

void vcpu_image_destroy(struct vcpu_image *image) {
    free(image->cpu);
}
