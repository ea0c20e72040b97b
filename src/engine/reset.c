// SPDX-License-Identifier: MIT
//
// The registers of hypervisor ABI 4 that a new VCPU does not have by itself. What is not named here
// (model-specific registers, FPU and SSE state) is as the processor's own reset leaves it.

#include "engine/reset.h"

#define CR4_IN_USE (CR4_OSFXSR | CR4_FSGSBASE | CR4_OSXSAVE)

// Registers with one value in boot and application processors (hypervisor ABI 4.1).
static void reset_common(struct cpu *cpu) {
    const struct segment data = {.limit = 0xffff, .attributes = 0x009300};
    const struct segment task = {.limit = 0xffff, .attributes = 0x008b00};
    const struct segment local = {.limit = 0xffff, .attributes = 0x008200};
    for (unsigned i = 0; i < GENERAL_REGISTER_COUNT; i++) {
        cpu_set(cpu, i, 0);
    }
    for (enum segment_register i = SEGMENT_ES; i <= SEGMENT_IDTR; i++) {
        cpu_set_segment(cpu, i, &data);
    }
    cpu_set_segment(cpu, SEGMENT_TR, &task);
    cpu_set_segment(cpu, SEGMENT_LDTR, &local);
    cpu_set(cpu, CR2, 0);
    cpu_set(cpu, CR3, 0);
    cpu_set(cpu, RFLAGS, RFLAGS_FIXED);
    cpu_set(cpu, INTERRUPT_SHADOW, 0);
}

// Long mode, page tables at 0.
static void reset_boot_processor(struct cpu *cpu, uint64_t entry) {
    const struct segment code = {.limit = 0xffff, .attributes = 0x209f00};
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set(cpu, CR0, CR0_PE | CR0_PG | CR0_WP | CR0_NE | CR0_ET);
    cpu_set(cpu, CR4, CR4_PAE | CR4_PGE | CR4_IN_USE);
    cpu_set(cpu, EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
    cpu_set(cpu, RIP, entry);
}

// Real mode at entry:0.
static void reset_application_processor(struct cpu *cpu, uint64_t entry) {
    const struct segment code = {
        .selector = (uint16_t)(entry >> 4), .base = entry, .limit = 0xffff, .attributes = 0x009f00};
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set(cpu, CR0, CR0_WP | CR0_NE | CR0_ET);
    cpu_set(cpu, CR4, CR4_IN_USE);
    cpu_set(cpu, EFER, EFER_SCE | EFER_NXE);
    cpu_set(cpu, RIP, 0);
}

// What the years before 2022 have of the control registers (hypervisor ABI 4.3).
static void reset_to_less(struct cpu *cpu) {
    cpu_set(cpu, CR0, cpu_get(cpu, CR0) & ~CR0_WP);
    cpu_set(cpu, CR4, cpu_get(cpu, CR4) & CR4_PAE);
    cpu_set(cpu, XCR0, 1);
}

// The bits of CR0 that the guest reads from the shadow, and what it reads there.
static void reset_shadow(struct vcpu *vcpu, enum reset_form form) {
    static const struct {
        uint64_t owned;
        uint64_t shadow;
    } forms[] = {
        [RESET_2018] = {CR0_NE, CR0_NE},
        [RESET_2020] = {CR0_NE | CR0_NW | CR0_CD, CR0_CD | CR0_ET},
        [RESET_2022] = {CR0_ET | CR0_NE | CR0_NW | CR0_CD, CR0_ET},
    };
    vcpu->cr0_owned = forms[form].owned;
    vcpu->cr0_shadow = forms[form].shadow;
}

void reset_vcpu(struct vcpu *vcpu, uint64_t entry, enum reset_form form) {
    reset_common(vcpu->cpu);
    if (vcpu->seat.vpid == 1) {
        reset_boot_processor(vcpu->cpu, entry);
    } else {
        reset_application_processor(vcpu->cpu, entry);
        // A CS base above 4 GiB is refused when the VCPU is entered, not when it is made.
        vcpu->invalid_state = entry >> 32 != 0;
    }
    reset_shadow(vcpu, form);
    if (form != RESET_2022) {
        reset_to_less(vcpu->cpu);
    }
}
