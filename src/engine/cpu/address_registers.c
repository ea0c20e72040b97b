// SPDX-License-Identifier: MIT
//
// MSRs that hold an address.

#include "engine/cpu/address_registers.h"

enum {
    MSR_SYSENTER_ESP = 0x175,
    MSR_SYSENTER_EIP = 0x176,
};

#define MSR_LSTAR 0xc0000082u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

bool is_address_register(uint32_t msr) {
    return msr == MSR_SYSENTER_ESP || msr == MSR_SYSENTER_EIP || msr == MSR_LSTAR ||
           msr == MSR_FS_BASE || msr == MSR_GS_BASE || msr == MSR_KERNEL_GS_BASE;
}

static void set_base(struct cpu *cpu, enum segment_register index, uint64_t base) {
    struct segment segment = cpu_segment(cpu, index);
    segment.base = base;
    cpu_set_segment(cpu, index, &segment);
}

static void set_register(struct cpu *cpu, uint32_t msr, uint64_t value) {
    const struct layout *layout = cpu->machine->layout;
    switch (msr) {
    case MSR_FS_BASE:
        set_base(cpu, SEGMENT_FS, value);
        break;
    case MSR_GS_BASE:
        set_base(cpu, SEGMENT_GS, value);
        break;
    case MSR_LSTAR:
        cpu_set_word(cpu, layout->lstar, value);
        break;
    case MSR_KERNEL_GS_BASE:
        cpu_set_word(cpu, layout->kernel_gs_base, value);
        break;
    case MSR_SYSENTER_ESP:
        cpu_set_word(cpu, layout->sysenter_esp, value);
        break;
    default:
        cpu_set_word(cpu, layout->sysenter_eip, value);
        break;
    }
}

enum delivery address_register_write(struct cpu *cpu, uint8_t instruction_length) {
    const uint64_t value = cpu_register(cpu, RDX) << 32 | (uint32_t)cpu_register(cpu, RAX);
    if (!cpu_canonical(value)) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    set_register(cpu, (uint32_t)cpu_register(cpu, RCX), value);
    return deliver_completion(cpu, instruction_length);
}
