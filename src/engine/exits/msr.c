// SPDX-License-Identifier: MIT
//
// RDMSR and WRMSR (hypervisor ABI 5.5 to 5.7), less what the processor passes through by itself.

#include "engine/exits/exits.h"

#define MSR_APIC_BASE 0x1bu
#define MSR_X2APIC_ID 0x802u
#define MSR_X2APIC_VERSION 0x803u
#define MSR_X2APIC_EOI 0x80bu
#define MSR_X2APIC_SVR 0x80fu
#define MSR_X2APIC_SELF_IPI 0x83fu
#define MSR_EFER 0xc0000080u

#define APIC_BASE 0xfee00c00u
#define APIC_BASE_BOOT_PROCESSOR 0x100u

static zx_status_t give(struct exit_context *context, uint64_t value) {
    cpu_set_register(context->vcpu->cpu, RAX, (uint32_t)value);
    cpu_set_register(context->vcpu->cpu, RDX, value >> 32);
    exit_advance(context);
    return ZX_ERR_NEXT;
}

// x2APIC reads leave RDX alone.
static zx_status_t give_low(struct exit_context *context, uint32_t value) {
    cpu_set_register(context->vcpu->cpu, RAX, value);
    exit_advance(context);
    return ZX_ERR_NEXT;
}

zx_status_t exit_rdmsr(struct exit_context *context) {
    const struct vcpu *vcpu = context->vcpu;
    switch ((uint32_t)cpu_register(vcpu->cpu, RCX)) {
    case MSR_APIC_BASE:
        return give(context, vcpu->vpid == 1 ? APIC_BASE | APIC_BASE_BOOT_PROCESSOR : APIC_BASE);
    case MSR_EFER:
        return give(context, cpu_efer(vcpu->cpu));
    case MSR_X2APIC_ID:
        return give_low(context, vcpu->vpid - 1);
    case MSR_X2APIC_VERSION:
        return give_low(context, 0x60015);
    case MSR_X2APIC_SVR:
        return give_low(context, 0xff);
    default:
        return exit_general_protection(context);
    }
}

static zx_status_t take(struct exit_context *context) {
    exit_advance(context);
    return ZX_ERR_NEXT;
}

static zx_status_t write_efer(struct exit_context *context, uint64_t value) {
    struct cpu *cpu = context->vcpu->cpu;
    const uint64_t writable = EFER_SCE | EFER_LME | EFER_NXE;
    const uint64_t old = cpu_efer(cpu);
    const bool paging = (cpu_control(cpu, 0) & CR0_PG) != 0;
    if ((value & ~(writable | EFER_LMA)) != 0 || (paging && ((value ^ old) & EFER_LME) != 0)) {
        return exit_general_protection(context);
    }
    cpu_set_efer(cpu, (value & writable) | (old & ~writable));
    cpu_update_mode(cpu);
    return take(context);
}

zx_status_t exit_wrmsr(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    const uint32_t low = (uint32_t)cpu_register(vcpu->cpu, RAX);
    const uint32_t high = (uint32_t)cpu_register(vcpu->cpu, RDX);
    const uint32_t msr = (uint32_t)cpu_register(vcpu->cpu, RCX);
    const uint64_t value = (uint64_t)high << 32 | low;
    if (msr >= 0x800 && msr <= 0x83f && high != 0) {
        return exit_general_protection(context);
    }
    switch (msr) {
    case MSR_APIC_BASE:
        if ((value & ~(uint64_t)APIC_BASE_BOOT_PROCESSOR) != APIC_BASE) {
            return ZX_ERR_INVALID_ARGS;
        }
        return take(context);
    case MSR_EFER:
        return write_efer(context, value);
    case MSR_X2APIC_EOI:
        return low == 0 ? take(context) : exit_general_protection(context);
    case MSR_X2APIC_SVR:
        return take(context);
    case MSR_X2APIC_SELF_IPI:
        vcpu_interrupt(vcpu, (uint8_t)low);
        return take(context);
    default:
        return exit_general_protection(context);
    }
}
