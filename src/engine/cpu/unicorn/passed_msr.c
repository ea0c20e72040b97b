// SPDX-License-Identifier: MIT
//
// The MSRs that pass through, and the check of what is written to them.

#include "engine/cpu/unicorn/passed_msr.h"

#include <string.h>

enum {
    MSR_SYSENTER_CS = 0x174,
    MSR_SYSENTER_ESP = 0x175,
    MSR_SYSENTER_EIP = 0x176,
    MSR_PAT = 0x277,
};
#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_SFMASK 0xc0000084u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_TSC_AUX 0xc0000103u

#define BITMAP_SIZE 0x2000u
#define READ 1u
#define WRITE 2u

// EFER passes through as well, but it changes the mode: see exits/msr.c.
static const struct {
    uint32_t msr;
    unsigned accesses; // That do not report.
} passed[] = {
    {MSR_SYSENTER_CS, READ | WRITE},
    {MSR_SYSENTER_ESP, READ},
    {MSR_SYSENTER_EIP, READ},
    {MSR_PAT, READ},
    {MSR_STAR, READ | WRITE},
    {MSR_LSTAR, READ},
    {MSR_SFMASK, READ},
    {MSR_FS_BASE, READ},
    {MSR_GS_BASE, READ},
    {MSR_KERNEL_GS_BASE, READ},
    {MSR_TSC_AUX, READ},
};

void passed_msr_fill_bitmap(uint8_t *bitmap) {
    memset(bitmap, 0xff, BITMAP_SIZE);
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        const uint32_t msr = passed[i].msr;
        const uint32_t index = msr >= 0xc0000000u ? 0x2000u + (msr - 0xc0000000u) : msr;
        bitmap[index * 2 / 8] &= (uint8_t) ~(passed[i].accesses << index * 2 % 8);
    }
}

static enum passed_msr write_word(struct cpu *cpu, size_t offset, uint64_t value, bool legal) {
    if (legal) {
        cpu_set_word(cpu, offset, value);
    }
    return legal ? PASSED_MSR_WRITTEN : PASSED_MSR_REFUSED;
}

static enum passed_msr write_address(struct cpu *cpu, size_t offset, uint64_t value) {
    return write_word(cpu, offset, value, cpu_canonical(value));
}

static enum passed_msr write_low(struct cpu *cpu, size_t offset, uint64_t value) {
    return write_word(cpu, offset, value, value >> 32 == 0);
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

static enum passed_msr write_base(struct cpu *cpu, enum segment_register index, uint64_t value) {
    if (!cpu_canonical(value)) {
        return PASSED_MSR_REFUSED;
    }
    struct segment segment = cpu_segment(cpu, index);
    segment.base = value;
    cpu_set_segment(cpu, index, &segment);
    return PASSED_MSR_WRITTEN;
}

enum passed_msr passed_msr_write(struct cpu *cpu) {
    const struct layout *layout = cpu->machine->layout;
    const uint64_t value = cpu_register(cpu, RDX) << 32 | (uint32_t)cpu_register(cpu, RAX);
    switch ((uint32_t)cpu_register(cpu, RCX)) {
    case MSR_PAT:
        return write_word(cpu, layout->pat, value, is_attribute_table(value));
    case MSR_SYSENTER_ESP:
        return write_address(cpu, layout->sysenter_esp, value);
    case MSR_SYSENTER_EIP:
        return write_address(cpu, layout->sysenter_eip, value);
    case MSR_LSTAR:
        return write_address(cpu, layout->lstar, value);
    case MSR_KERNEL_GS_BASE:
        return write_address(cpu, layout->kernel_gs_base, value);
    case MSR_SFMASK:
        return write_low(cpu, layout->sfmask, value);
    case MSR_TSC_AUX:
        return write_low(cpu, layout->tsc_aux, value);
    case MSR_FS_BASE:
        return write_base(cpu, SEGMENT_FS, value);
    case MSR_GS_BASE:
        return write_base(cpu, SEGMENT_GS, value);
    default:
        return PASSED_MSR_OTHER;
    }
}
