// SPDX-License-Identifier: MIT
//
// As an Intel processor does them (SDM volume 2): SYSCALL and SYSRET are for 64-bit code only, the
// other two for all of protected mode.

#include "engine/cpu/x86/system_call.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/mode.h"

enum {
    OPCODE_SYSCALL = 0x05,
    OPCODE_SYSRET = 0x07,
    OPCODE_SYSENTER = 0x34,
    OPCODE_SYSEXIT = 0x35,
};

// Flat segments: present, accessed, 4 GiB; code is readable, data writable.
#define FLAT_CODE_32 0xc09b00u
#define FLAT_CODE_64 0xa09b00u
#define FLAT_DATA 0xc09300u

bool is_system_call(const struct instruction *instruction) {
    return instruction->map == MAP_0F &&
           (instruction->opcode == OPCODE_SYSCALL || instruction->opcode == OPCODE_SYSRET ||
            instruction->opcode == OPCODE_SYSENTER || instruction->opcode == OPCODE_SYSEXIT);
}

static void load_flat(struct cpu *cpu, uint16_t code, uint16_t stack, uint32_t code_attributes) {
    const unsigned privilege = code & 3u;
    const struct segment segments[] = {
        {.selector = code,
         .limit = ~0u,
         .attributes = code_attributes | privilege << ATTRIBUTE_DPL_SHIFT},
        {.selector = stack,
         .limit = ~0u,
         .attributes = FLAT_DATA | privilege << ATTRIBUTE_DPL_SHIFT},
    };
    cpu_set_segment(cpu, SEGMENT_CS, &segments[0]);
    cpu_set_segment(cpu, SEGMENT_SS, &segments[1]);
}

static enum delivery syscall_instruction(struct cpu *cpu, uint8_t length) {
    const uint64_t flags = cpu_get(cpu, RFLAGS) & ~RFLAGS_RF;
    const uint16_t selector = (uint16_t)(cpu_get(cpu, STAR) >> 32 & 0xfffc);
    cpu_set(cpu, RCX, cpu_get(cpu, RIP) + length);
    cpu_set(cpu, R11, flags);
    load_flat(cpu, selector, (uint16_t)(selector + 8), FLAT_CODE_64);
    return deliver_arrival(cpu, cpu_get(cpu, LSTAR), flags & ~cpu_get(cpu, FMASK));
}

// The flags that SYSRET restores: all that a program can have but RF and VM.
#define SYSRET_FLAGS 0x3c7fd7u

static enum delivery sysret(struct cpu *cpu, bool to_64) {
    const uint64_t rip = cpu_get(cpu, RCX);
    const uint64_t flags = (cpu_get(cpu, R11) & SYSRET_FLAGS) | RFLAGS_FIXED;
    const uint16_t selector = (uint16_t)(cpu_get(cpu, STAR) >> 48);
    if (cpu_privilege(cpu) != 0 || (to_64 && !cpu_canonical(rip))) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    load_flat(cpu, (uint16_t)((selector + (to_64 ? 16 : 0)) | 3), (uint16_t)((selector + 8) | 3),
              to_64 ? FLAT_CODE_64 : FLAT_CODE_32);
    return deliver_arrival(cpu, to_64 ? rip : (uint32_t)rip, flags);
}

static enum delivery sysenter(struct cpu *cpu, uint16_t selector) {
    const bool long_mode = cpu_long_mode(cpu);
    const uint64_t stack = cpu_get(cpu, SYSENTER_ESP);
    const uint64_t rip = cpu_get(cpu, SYSENTER_EIP);
    const uint64_t flags = cpu_get(cpu, RFLAGS) & ~(RFLAGS_VM | RFLAGS_IF);
    load_flat(cpu, selector, (uint16_t)(selector + 8), long_mode ? FLAT_CODE_64 : FLAT_CODE_32);
    cpu_set(cpu, RSP, long_mode ? stack : (uint32_t)stack);
    return deliver_arrival(cpu, long_mode ? rip : (uint32_t)rip, flags);
}

static enum delivery sysexit(struct cpu *cpu, uint16_t selector, bool to_64) {
    const uint64_t stack = cpu_get(cpu, RCX);
    const uint64_t rip = cpu_get(cpu, RDX);
    const uint64_t flags = cpu_get(cpu, RFLAGS);
    if (!to_64) {
        load_flat(cpu, (uint16_t)((selector + 16) | 3), (uint16_t)((selector + 24) | 3),
                  FLAT_CODE_32);
        cpu_set(cpu, RSP, (uint32_t)stack);
        return deliver_arrival(cpu, (uint32_t)rip, flags);
    }
    if (!cpu_canonical(stack) || !cpu_canonical(rip)) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    load_flat(cpu, (uint16_t)((selector + 32) | 3), (uint16_t)((selector + 40) | 3), FLAT_CODE_64);
    cpu_set(cpu, RSP, stack);
    return deliver_arrival(cpu, rip, flags);
}

static enum delivery fast_call(struct cpu *cpu, const struct instruction *instruction) {
    if ((cpu_get(cpu, EFER) & EFER_SCE) == 0 || !cpu_code_64(cpu)) {
        return deliver_fault(cpu, VECTOR_INVALID_OPCODE, 0);
    }
    return instruction->opcode == OPCODE_SYSCALL ? syscall_instruction(cpu, instruction->length)
                                                 : sysret(cpu, instruction->operand_size == 8);
}

enum delivery system_call(struct cpu *cpu, const struct instruction *instruction) {
    if (instruction->lock) {
        return deliver_fault(cpu, VECTOR_INVALID_OPCODE, 0);
    }
    if (instruction->opcode == OPCODE_SYSCALL || instruction->opcode == OPCODE_SYSRET) {
        return fast_call(cpu, instruction);
    }
    const bool leave = instruction->opcode == OPCODE_SYSEXIT;
    const uint16_t selector = cpu_get(cpu, SYSENTER_CS) & 0xfffc;
    if (selector == 0 || (cpu_get(cpu, CR0) & CR0_PE) == 0 || (leave && cpu_privilege(cpu) != 0)) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    return leave ? sysexit(cpu, selector, instruction->operand_size == 8) : sysenter(cpu, selector);
}
