// SPDX-License-Identifier: MIT
//
// RDMSR and WRMSR (hypervisor ABI 5.5, 5.6), less what the processor passes through by itself.

#include "engine/exits/exits.h"
#include "engine/exits/x2apic.h"
#include "engine/pvclock.h"

#define MSR_KVM_OLD_WALL_CLOCK 0x11u
#define MSR_KVM_OLD_SYSTEM_TIME 0x12u
#define MSR_APIC_BASE 0x1bu
#define MSR_MISC_ENABLE 0x1a0u
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_KVM_WALL_CLOCK 0x4b564d00u
#define MSR_KVM_SYSTEM_TIME 0x4b564d01u
#define MSR_EFER 0xc0000080u

#define APIC_BASE 0xfee00c00u // At its usual address, on, as an x2APIC.
#define APIC_BASE_BOOT_PROCESSOR 0x100u
#define MISC_ENABLE_FAST_STRINGS 1u

struct msr_range {
    uint32_t first, last;
};

#define MTRRS                                                                                      \
    {0x200, 0x213}, {0x250, 0x250}, {0x258, 0x259}, {0x268, 0x26f}, {                              \
        0x2ff, 0x2ff                                                                               \
    }

// SMI count, platform and microcode numbers, machine check, miscellaneous features, MTRRs, power.
static const struct msr_range zero_when_read[] = {
    {0x17, 0x17},   {0x34, 0x34},   {0x8b, 0x8b},   {0xfe, 0xfe},   {0x179, 0x17a},
    {0x1a2, 0x1a2}, {0x606, 0x606}, {0x611, 0x611}, {0x618, 0x619}, {0x638, 0x639},
    {0x640, 0x641}, {0x64d, 0x64e}, {0x65c, 0x65c}, MTRRS};

// Speculation control, microcode, MTRRs, power, CSTAR.
static const struct msr_range ignored_when_written[] = {
    {0x48, 0x49},   {0x8b, 0x8b},   {0xfe, 0xfe},   {0x618, 0x618},
    {0x638, 0x638}, {0x640, 0x640}, {0x65c, 0x65c}, {0xc0000083, 0xc0000083},
    MTRRS};

static bool listed(const struct msr_range *ranges, size_t count, uint32_t msr) {
    for (size_t i = 0; i < count; i++) {
        if (msr >= ranges[i].first && msr <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

#define LISTED(ranges, msr) listed(ranges, sizeof(ranges) / sizeof(ranges)[0], msr)

static zx_status_t give(struct exit_context *context, uint64_t value) {
    cpu_set_register(context->vcpu->cpu, RAX, (uint32_t)value);
    cpu_set_register(context->vcpu->cpu, RDX, value >> 32);
    exit_advance(context);
    return ZX_ERR_NEXT;
}

// EFER passes through: its instructions are no exits, after which Zircon would lose a single-step
// trap.
static zx_status_t complete(struct exit_context *context) {
    return exit_delivery(deliver_completion(context->vcpu->cpu, context->exit->instruction_length));
}

static zx_status_t give_efer(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    const uint64_t value = cpu_efer(cpu);
    cpu_set_register(cpu, RAX, (uint32_t)value);
    cpu_set_register(cpu, RDX, value >> 32);
    return complete(context);
}

zx_status_t exit_rdmsr(struct exit_context *context) {
    const struct vcpu *vcpu = context->vcpu;
    const uint32_t msr = (uint32_t)cpu_register(vcpu->cpu, RCX);
    if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) {
        return x2apic_read(context, msr);
    }
    if (LISTED(zero_when_read, msr)) {
        return give(context, 0);
    }
    switch (msr) {
    case MSR_APIC_BASE:
        return give(context, vcpu->vpid == 1 ? APIC_BASE | APIC_BASE_BOOT_PROCESSOR : APIC_BASE);
    case MSR_MISC_ENABLE:
        return give(context, MISC_ENABLE_FAST_STRINGS);
    case MSR_EFER:
        return give_efer(context);
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
    return complete(context);
}

// Errors go to the caller of the run call, after the instruction for the clocks and before it for
// the others (hypervisor ABI 5.6, 9.1).
static zx_status_t write_clock(struct exit_context *context, zx_status_t status) {
    exit_advance(context);
    return status == ZX_OK ? ZX_ERR_NEXT : status;
}

static zx_status_t write_tsc_deadline(struct exit_context *context, uint64_t value) {
    const zx_status_t status = local_apic_set_tsc_deadline(&context->vcpu->apic, value);
    return status == ZX_OK ? take(context) : status;
}

zx_status_t exit_wrmsr(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    const uint32_t low = (uint32_t)cpu_register(vcpu->cpu, RAX);
    const uint32_t high = (uint32_t)cpu_register(vcpu->cpu, RDX);
    const uint32_t msr = (uint32_t)cpu_register(vcpu->cpu, RCX);
    const uint64_t value = (uint64_t)high << 32 | low;
    if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) {
        return x2apic_write(context, msr, low, high);
    }
    if (LISTED(ignored_when_written, msr)) {
        return take(context);
    }
    switch (msr) {
    case MSR_APIC_BASE:
        if ((value & ~(uint64_t)APIC_BASE_BOOT_PROCESSOR) != APIC_BASE) {
            return ZX_ERR_INVALID_ARGS;
        }
        return take(context);
    case MSR_EFER:
        return write_efer(context, value);
    case MSR_TSC_DEADLINE:
        return write_tsc_deadline(context, value);
    case MSR_KVM_SYSTEM_TIME:
    case MSR_KVM_OLD_SYSTEM_TIME:
        return write_clock(context, pvclock_set(vcpu, value));
    case MSR_KVM_WALL_CLOCK:
    case MSR_KVM_OLD_WALL_CLOCK:
        return write_clock(context, pvclock_write_boot_time(vcpu->guest, value));
    default:
        return exit_general_protection(context);
    }
}
