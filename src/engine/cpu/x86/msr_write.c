// SPDX-License-Identifier: MIT
//
// The values that WRMSR takes (SDM volume 4).

#include "engine/cpu/x86/msr_write.h"

#include "engine/cpu/x86/mode.h"

static enum msr_write write_word(struct cpu *cpu, enum cpu_register name, uint64_t value,
                                 bool legal) {
    if (legal) {
        cpu_set(cpu, name, value);
    }
    return legal ? MSR_WRITTEN : MSR_REFUSED;
}

static enum msr_write write_address(struct cpu *cpu, enum cpu_register name, uint64_t value) {
    return write_word(cpu, name, value, cpu_canonical(value));
}

static enum msr_write write_low(struct cpu *cpu, enum cpu_register name, uint64_t value) {
    return write_word(cpu, name, value, value >> 32 == 0);
}

// Each byte is a memory type: 2, 3 and those above 7 are reserved.
static bool is_attribute_table(uint64_t value) {
    for (unsigned i = 0; i < 8; i++) {
        const uint64_t type = value >> (8 * i) & 0xff;
        if (type > 7 || type == 2 || type == 3) {
            return false;
        }
    }
    return true;
}

static enum msr_write write_base(struct cpu *cpu, enum segment_register index, uint64_t value) {
    if (!cpu_canonical(value)) {
        return MSR_REFUSED;
    }
    struct segment segment = cpu_segment(cpu, index);
    segment.base = value;
    cpu_set_segment(cpu, index, &segment);
    return MSR_WRITTEN;
}

enum msr_write msr_write(struct cpu *cpu) {
    const uint64_t value = cpu_get(cpu, RDX) << 32 | (uint32_t)cpu_get(cpu, RAX);
    switch ((uint32_t)cpu_get(cpu, RCX)) {
    case IA32_PAT:
        return write_word(cpu, PAT, value, is_attribute_table(value));
    case IA32_SYSENTER_ESP:
        return write_address(cpu, SYSENTER_ESP, value);
    case IA32_SYSENTER_EIP:
        return write_address(cpu, SYSENTER_EIP, value);
    case IA32_LSTAR:
        return write_address(cpu, LSTAR, value);
    case IA32_KERNEL_GS_BASE:
        return write_address(cpu, KERNEL_GS_BASE, value);
    case IA32_FMASK:
        return write_low(cpu, FMASK, value);
    case IA32_TSC_AUX:
        return write_low(cpu, TSC_AUX, value);
    case IA32_FS_BASE:
        return write_base(cpu, SEGMENT_FS, value);
    case IA32_GS_BASE:
        return write_base(cpu, SEGMENT_GS, value);
    default:
        return MSR_OTHER;
    }
}
