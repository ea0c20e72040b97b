// SPDX-License-Identifier: MIT
//
// What far CALL, JMP, RET and IRET share.

#include "engine/cpu/x86/far_code.h"

#include "engine/cpu/x86/descriptor.h"
#include "engine/cpu/x86/mode.h"

bool far_code_read(struct cpu *cpu, uint16_t selector, struct descriptor *out,
                   struct fault *fault) {
    const uint32_t code = ATTRIBUTE_CODE_OR_DATA | ATTRIBUTE_CODE;
    const uint32_t both_sizes = ATTRIBUTE_LONG | ATTRIBUTE_BIG;
    const uint32_t error_code = selector & 0xfffcu;
    if (error_code == 0) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, 0);
    }
    if (!read_descriptor(cpu, selector, out, fault)) {
        return false;
    }
    const uint32_t attributes = out->words[1];
    if ((attributes & code) != code ||
        (cpu_long_mode(cpu) && (attributes & both_sizes) == both_sizes)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    return true;
}

static bool is_64_bit(const struct cpu *cpu, const struct segment *code) {
    return cpu_long_mode(cpu) && (code->attributes & ATTRIBUTE_LONG) != 0;
}

bool far_code_contains(const struct cpu *cpu, const struct segment *code, uint64_t rip,
                       struct fault *fault) {
    const bool contained = is_64_bit(cpu, code) ? cpu_canonical(rip) : rip <= code->limit;
    return contained || fault_raise(fault, VECTOR_GENERAL_PROTECTION, 0);
}

void far_code_enter(struct cpu *cpu, const struct segment *code, unsigned privilege) {
    struct segment loaded = *code;
    loaded.selector = (uint16_t)((code->selector & ~3u) | privilege);
    if (is_64_bit(cpu, code)) {
        loaded.base = 0; // Ignored in 64-bit code by a processor, added by the engine.
    }
    cpu_set_segment(cpu, SEGMENT_CS, &loaded);
}
