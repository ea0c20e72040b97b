// SPDX-License-Identifier: MIT
//
// RDMSR and WRMSR (hypervisor ABI 5.5, 5.6), less what the processor passes through by itself.

#include "engine/exits/exits.h"
#include "engine/exits/x2apic.h"
#include "engine/pvclock.h"
#include "objects/refusal.h"

#define APIC_BASE 0xfee00c00u // At its usual address, on, as an x2APIC.
#define APIC_BASE_BOOT_PROCESSOR 0x100u
#define MISC_ENABLE_FAST_STRINGS 1u

struct msr_range {
    uint32_t first, last;
};

#define MTRRS                                                                                      \
    {IA32_MTRR_PHYSBASE0, IA32_MTRR_PHYSMASK9}, {IA32_MTRR_FIX64K_00000, IA32_MTRR_FIX64K_00000},  \
        {IA32_MTRR_FIX16K_80000, IA32_MTRR_FIX16K_A0000},                                          \
        {IA32_MTRR_FIX4K_C0000, IA32_MTRR_FIX4K_F8000}, {                                          \
        IA32_MTRR_DEF_TYPE, IA32_MTRR_DEF_TYPE                                                     \
    }
#define ONE(msr)                                                                                   \
    { msr, msr }

static const struct msr_range zero_when_read[] = {
    ONE(IA32_PLATFORM_ID),
    ONE(MSR_SMI_COUNT),
    ONE(IA32_BIOS_SIGN_ID),
    ONE(IA32_MTRRCAP),
    {IA32_MCG_CAP, IA32_MCG_STATUS},
    ONE(MSR_TEMPERATURE_TARGET),
    ONE(MSR_RAPL_POWER_UNIT),
    ONE(MSR_PKG_ENERGY_STATUS),
    {MSR_DRAM_POWER_LIMIT, MSR_DRAM_ENERGY_STATUS},
    {MSR_PP0_POWER_LIMIT, MSR_PP0_ENERGY_STATUS},
    {MSR_PP1_POWER_LIMIT, MSR_PP1_ENERGY_STATUS},
    {MSR_PLATFORM_ENERGY_COUNTER, MSR_PPERF},
    ONE(MSR_PLATFORM_POWER_LIMIT),
    MTRRS,
};

static const struct msr_range ignored_when_written[] = {
    {IA32_SPEC_CTRL, IA32_PRED_CMD}, ONE(IA32_BIOS_SIGN_ID),   ONE(IA32_MTRRCAP),
    ONE(MSR_DRAM_POWER_LIMIT),       ONE(MSR_PP0_POWER_LIMIT), ONE(MSR_PP1_POWER_LIMIT),
    ONE(MSR_PLATFORM_POWER_LIMIT),   ONE(IA32_CSTAR),          MTRRS,
};

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
    cpu_set(context->vcpu->cpu, RAX, (uint32_t)value);
    cpu_set(context->vcpu->cpu, RDX, value >> 32);
    exit_advance(context);
    return ZX_OK;
}

// EFER passes through: its instructions are no exits, after which Zircon would lose a single-step
// trap.
static zx_status_t give_efer(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    const uint64_t value = cpu_get(cpu, EFER);
    cpu_set(cpu, RAX, (uint32_t)value);
    cpu_set(cpu, RDX, value >> 32);
    return exit_complete(context, NULL);
}

zx_status_t exit_rdmsr(struct exit_context *context) {
    const struct vcpu *vcpu = context->vcpu;
    const uint32_t msr = (uint32_t)cpu_get(vcpu->cpu, RCX);
    if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) {
        return x2apic_read(context, msr);
    }
    if (LISTED(zero_when_read, msr)) {
        return give(context, 0);
    }
    switch (msr) {
    case IA32_APIC_BASE:
        return give(context,
                    vcpu->seat.vpid == 1 ? APIC_BASE | APIC_BASE_BOOT_PROCESSOR : APIC_BASE);
    case IA32_MISC_ENABLE:
        return give(context, MISC_ENABLE_FAST_STRINGS);
    case IA32_EFER:
        return give_efer(context);
    default:
        return exit_general_protection(context);
    }
}

static zx_status_t take(struct exit_context *context) {
    exit_advance(context);
    return ZX_OK;
}

static zx_status_t write_efer(struct exit_context *context, uint64_t value) {
    struct cpu *cpu = context->vcpu->cpu;
    const uint64_t writable = EFER_SCE | EFER_LME | EFER_NXE;
    const uint64_t old = cpu_get(cpu, EFER);
    const bool paging = (cpu_get(cpu, CR0) & CR0_PG) != 0;
    if ((value & ~(writable | EFER_LMA)) != 0 || (paging && ((value ^ old) & EFER_LME) != 0)) {
        return exit_general_protection(context);
    }
    cpu_set(cpu, EFER, (value & writable) | (old & ~writable));
    return exit_complete(context, NULL);
}

// Errors go to the caller of the run call, after the instruction for the clocks and before it for
// the others (hypervisor ABI 5.6, 9.1).
static zx_status_t write_clock(struct exit_context *context, zx_status_t status) {
    exit_advance(context);
    return status;
}

static zx_status_t write_tsc_deadline(struct exit_context *context, uint64_t value) {
    const zx_status_t status = local_apic_set_tsc_deadline(&context->vcpu->apic, value);
    return status == ZX_OK ? take(context) : status;
}

zx_status_t exit_wrmsr(struct exit_context *context) {
    struct vcpu *vcpu = context->vcpu;
    const uint32_t low = (uint32_t)cpu_get(vcpu->cpu, RAX);
    const uint32_t high = (uint32_t)cpu_get(vcpu->cpu, RDX);
    const uint32_t msr = (uint32_t)cpu_get(vcpu->cpu, RCX);
    const uint64_t value = (uint64_t)high << 32 | low;
    if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) {
        return x2apic_write(context, msr, low, high);
    }
    if (LISTED(ignored_when_written, msr)) {
        return take(context);
    }
    switch (msr) {
    case IA32_APIC_BASE:
        if ((value & ~(uint64_t)APIC_BASE_BOOT_PROCESSOR) != APIC_BASE) {
            return refuse_value(ZX_ERR_INVALID_ARGS,
                                "WRMSR of % to IA32_APIC_BASE, which does not change", value);
        }
        return take(context);
    case IA32_EFER:
        return write_efer(context, value);
    case IA32_TSC_DEADLINE:
        return write_tsc_deadline(context, value);
    case MSR_KVM_SYSTEM_TIME_NEW:
    case MSR_KVM_SYSTEM_TIME:
        return write_clock(context, pvclock_set(vcpu, value));
    case MSR_KVM_WALL_CLOCK_NEW:
    case MSR_KVM_WALL_CLOCK:
        return write_clock(context, pvclock_write_boot_time(vcpu->guest, value));
    default:
        return exit_general_protection(context);
    }
}
