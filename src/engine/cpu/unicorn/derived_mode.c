// SPDX-License-Identifier: MIT
//
// The mode word from the registers. It is derived often: the words are read where they lie.

#include "engine/cpu/unicorn/mode_bits.h"
#include "engine/cpu/unicorn/state.h"

static uint64_t word(const struct cpu *cpu, enum cpu_register plain) {
    return state_get64(cpu, state_word(cpu, plain));
}

static uint32_t attributes(const struct cpu *cpu, enum segment_register index) {
    return state_get32(cpu, state_segment(index) + SEGMENT_ATTRIBUTES);
}

static uint64_t base(const struct cpu *cpu, enum segment_register index) {
    return state_get64(cpu, state_segment(index) + SEGMENT_BASE);
}

static bool is_virtual_8086(const struct cpu *cpu) {
    return (state_get64(cpu, STATE_RFLAGS) & RFLAGS_VM) != 0;
}

static uint32_t segment_mode(const struct cpu *cpu, bool real) {
    uint32_t mode = 0;
    if ((attributes(cpu, SEGMENT_CS) & ATTRIBUTE_BIG) != 0) {
        mode |= MODE_CODE_32;
    }
    if ((attributes(cpu, SEGMENT_SS) & ATTRIBUTE_BIG) != 0) {
        mode |= MODE_STACK_32;
    }
    const uint64_t bases = base(cpu, SEGMENT_DS) | base(cpu, SEGMENT_ES) | base(cpu, SEGMENT_SS);
    if ((mode & MODE_CODE_32) == 0 || bases != 0 || real) {
        mode |= MODE_SEGMENT_BASES;
    }
    return mode;
}

#define DERIVED                                                                                    \
    (MODE_PRIVILEGE | MODE_CODE_32 | MODE_STACK_32 | MODE_SEGMENT_BASES | MODE_PROTECTED |         \
     7u << (MODE_CR0_SHIFT + 1) | MODE_LONG_ACTIVE | MODE_CODE_64 | MODE_OSFXSR | MODE_SMAP)

uint32_t derived_mode(const struct cpu *cpu) {
    const uint64_t cr0 = word(cpu, CR0);
    const uint64_t cr4 = word(cpu, CR4);
    const bool is_protected = (cr0 & CR0_PE) != 0;
    const bool virtual_8086 = is_virtual_8086(cpu);
    uint32_t mode = state_get32(cpu, STATE_MODE) & ~DERIVED;
    if (is_protected) {
        mode |= MODE_PROTECTED;
        mode |= virtual_8086 ? 3u : ATTRIBUTE_DPL(attributes(cpu, SEGMENT_SS));
    }
    mode |= (uint32_t)(cr0 & (CR0_MP | CR0_EM | CR0_TS)) << MODE_CR0_SHIFT;
    mode |= (cr4 & CR4_OSFXSR) != 0 ? MODE_OSFXSR : 0;
    mode |= (cr4 & CR4_SMAP) != 0 ? MODE_SMAP : 0;
    const bool long_mode = (word(cpu, EFER) & EFER_LMA) != 0;
    mode |= long_mode ? MODE_LONG_ACTIVE : 0;
    if (long_mode && (attributes(cpu, SEGMENT_CS) & ATTRIBUTE_LONG) != 0) {
        return mode | MODE_CODE_32 | MODE_STACK_32 | MODE_CODE_64;
    }
    return mode | segment_mode(cpu, !is_protected || virtual_8086);
}
