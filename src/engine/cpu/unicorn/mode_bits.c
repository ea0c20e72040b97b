// SPDX-License-Identifier: MIT
//
// The mode word from the registers.

#include "engine/cpu/unicorn/mode_bits.h"

#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/x86/mode.h"

static uint32_t segment_mode(const struct cpu *cpu) {
    if (cpu_code_64(cpu)) {
        return MODE_CODE_32 | MODE_STACK_32 | MODE_CODE_64;
    }
    uint32_t mode = 0;
    if ((cpu_segment(cpu, SEGMENT_CS).attributes & ATTRIBUTE_BIG) != 0) {
        mode |= MODE_CODE_32;
    }
    if ((cpu_segment(cpu, SEGMENT_SS).attributes & ATTRIBUTE_BIG) != 0) {
        mode |= MODE_STACK_32;
    }
    const uint64_t bases = cpu_segment(cpu, SEGMENT_DS).base | cpu_segment(cpu, SEGMENT_ES).base |
                           cpu_segment(cpu, SEGMENT_SS).base;
    const bool real = (cpu_get(cpu, CR0) & CR0_PE) == 0 || (flags_get(cpu) & RFLAGS_VM) != 0;
    if ((mode & MODE_CODE_32) == 0 || bases != 0 || real) {
        mode |= MODE_SEGMENT_BASES;
    }
    return mode;
}

uint32_t mode_bits_derive(const struct cpu *cpu) {
    const uint32_t derived = MODE_PRIVILEGE | MODE_CODE_32 | MODE_STACK_32 | MODE_SEGMENT_BASES |
                             MODE_PROTECTED | 7u << (MODE_CR0_SHIFT + 1) | MODE_LONG_ACTIVE |
                             MODE_CODE_64 | MODE_OSFXSR | MODE_SMAP;
    const uint64_t cr0 = cpu_get(cpu, CR0);
    const uint64_t cr4 = cpu_get(cpu, CR4);
    uint32_t mode = state_get32(cpu, STATE_MODE) & ~derived;
    if ((cr0 & CR0_PE) != 0) {
        const uint32_t attributes = cpu_segment(cpu, SEGMENT_SS).attributes;
        const bool virtual_8086 = (flags_get(cpu) & RFLAGS_VM) != 0;
        mode |= MODE_PROTECTED | (virtual_8086 ? 3u : ATTRIBUTE_DPL(attributes));
    }
    mode |= (uint32_t)(cr0 & (CR0_MP | CR0_EM | CR0_TS)) << MODE_CR0_SHIFT;
    mode |= cpu_long_mode(cpu) ? MODE_LONG_ACTIVE : 0;
    mode |= (cr4 & CR4_OSFXSR) != 0 ? MODE_OSFXSR : 0;
    mode |= (cr4 & CR4_SMAP) != 0 ? MODE_SMAP : 0;
    return mode | segment_mode(cpu);
}
