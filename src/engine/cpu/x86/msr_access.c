// SPDX-License-Identifier: MIT
//
// The MSRs that have no exits, and the values that WRMSR takes for them (SDM volume 4).

#include "engine/cpu/x86/msr_access.h"

#include "engine/cpu/x86/mode.h"

static enum msr_access write_word(struct cpu *cpu, enum cpu_register name, uint64_t value,
                                  bool legal) {
    if (legal) {
        cpu_set(cpu, name, value);
    }
    return legal ? MSR_DONE : MSR_REFUSED;
}

static enum msr_access write_address(struct cpu *cpu, enum cpu_register name, uint64_t value) {
    return write_word(cpu, name, value, cpu_canonical(value));
}

static enum msr_access write_low(struct cpu *cpu, enum cpu_register name, uint64_t value) {
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

static enum msr_access write_base(struct cpu *cpu, enum segment_register index, uint64_t value) {
    if (!cpu_canonical(value)) {
        return MSR_REFUSED;
    }
    struct segment segment = cpu_segment(cpu, index);
    segment.base = value;
    cpu_set_segment(cpu, index, &segment);
    return MSR_DONE;
}

enum msr_access msr_write(struct cpu *cpu) {
    const uint64_t value = cpu_get(cpu, RDX) << 32 | (uint32_t)cpu_get(cpu, RAX);
    switch ((uint32_t)cpu_get(cpu, RCX)) {
    case IA32_PAT:
        return write_word(cpu, PAT, value, is_attribute_table(value));
    case IA32_SYSENTER_CS:
        return write_word(cpu, SYSENTER_CS, (uint16_t)value, true);
    case IA32_SYSENTER_ESP:
        return write_address(cpu, SYSENTER_ESP, value);
    case IA32_SYSENTER_EIP:
        return write_address(cpu, SYSENTER_EIP, value);
    case IA32_STAR:
        return write_word(cpu, STAR, value, true);
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

static enum msr_access read_word(struct cpu *cpu, uint64_t value) {
    cpu_set(cpu, RAX, (uint32_t)value);
    cpu_set(cpu, RDX, value >> 32);
    return MSR_DONE;
}

enum msr_access msr_read(struct cpu *cpu) {
    switch ((uint32_t)cpu_get(cpu, RCX)) {
    case IA32_PAT:
        return read_word(cpu, cpu_get(cpu, PAT));
    case IA32_SYSENTER_CS:
        return read_word(cpu, (uint16_t)cpu_get(cpu, SYSENTER_CS));
    case IA32_SYSENTER_ESP:
        return read_word(cpu, cpu_get(cpu, SYSENTER_ESP));
    case IA32_SYSENTER_EIP:
        return read_word(cpu, cpu_get(cpu, SYSENTER_EIP));
    case IA32_STAR:
        return read_word(cpu, cpu_get(cpu, STAR));
    case IA32_LSTAR:
        return read_word(cpu, cpu_get(cpu, LSTAR));
    case IA32_KERNEL_GS_BASE:
        return read_word(cpu, cpu_get(cpu, KERNEL_GS_BASE));
    case IA32_FMASK:
        return read_word(cpu, cpu_get(cpu, FMASK));
    case IA32_TSC_AUX:
        return read_word(cpu, cpu_get(cpu, TSC_AUX));
    case IA32_FS_BASE:
        return read_word(cpu, cpu_segment(cpu, SEGMENT_FS).base);
    case IA32_GS_BASE:
        return read_word(cpu, cpu_segment(cpu, SEGMENT_GS).base);
    default:
        return MSR_OTHER;
    }
}
