// SPDX-License-Identifier: MIT
//
// The mode of the code (SDM volume 3A, section 2.2).

#include "engine/cpu/x86/mode.h"

bool cpu_long_mode(const struct cpu *cpu) {
    return (cpu_get(cpu, EFER) & EFER_LMA) != 0;
}

bool cpu_code_64(const struct cpu *cpu) {
    return cpu_long_mode(cpu) && (cpu_segment(cpu, SEGMENT_CS).attributes & ATTRIBUTE_LONG) != 0;
}

bool cpu_canonical(uint64_t linear) {
    return (int64_t)linear >> 47 == 0 || (int64_t)linear >> 47 == -1;
}

enum code_mode cpu_code_mode(const struct cpu *cpu) {
    if (cpu_code_64(cpu)) {
        return CODE_64;
    }
    return (cpu_segment(cpu, SEGMENT_CS).attributes & ATTRIBUTE_BIG) != 0 ? CODE_32 : CODE_16;
}

uint64_t cpu_code_address(const struct cpu *cpu, uint64_t rip) {
    return cpu_code_64(cpu) ? rip : (uint32_t)(rip + cpu_segment(cpu, SEGMENT_CS).base);
}
