// SPDX-License-Identifier: MIT
//
// Exceptions that are more than that, and those that a program asks for.

#include "engine/cpu/state.h"
#include "engine/cpu/x86/intercept.h"
#include "engine/cpu/x86/mode.h"

// Instructions of VMX that exit before their operands or the privilege are looked at (SDM volume
// 3C, section 25.1.2); elsewhere than in protected mode and in compatibility mode they are
// undefined.
static bool is_vmx_instruction(const struct cpu *cpu, const struct instruction *decoded) {
    if ((cpu_get(cpu, CR0) & CR0_PE) == 0 || (cpu_system_flags(cpu) & RFLAGS_VM) != 0 ||
        (cpu_long_mode(cpu) && !cpu_code_64(cpu)) || decoded->vex || decoded->lock) {
        return false;
    }
    const bool memory = decoded->modrm < 0xc0;
    switch (decoded->map << 8 | decoded->opcode) {
    case MAP_0F << 8 | 0x01: // VMLAUNCH, VMRESUME, VMXOFF
        return decoded->modrm >= 0xc2 && decoded->modrm <= 0xc4;
    case MAP_0F << 8 | 0xc7: // VMPTRLD, VMCLEAR and VMXON; VMPTRST
        return memory && (decoded->modrm >> 3 & 7) >= 6;
    case MAP_0F << 8 | 0x78: // VMREAD, VMWRITE
    case MAP_0F << 8 | 0x79:
        return !decoded->operand_prefix && !decoded->repeat_equal && !decoded->repeat_not_equal;
    case MAP_0F38 << 8 | 0x80: // INVEPT, INVVPID
    case MAP_0F38 << 8 | 0x81:
        return memory && decoded->operand_prefix;
    default:
        return false;
    }
}

static bool is_vmcall(const struct instruction *decoded) {
    const bool prefixed = decoded->operand_prefix || decoded->repeat_equal ||
                          decoded->repeat_not_equal || decoded->lock || decoded->vex;
    return decoded->map == MAP_0F && decoded->opcode == 0x01 && decoded->modrm == 0xc1 && !prefixed;
}

// A #DB that no debug register shows.
static bool is_icebp(const struct instruction *decoded) {
    return decoded->map == MAP_ONE_BYTE && decoded->opcode == 0xf1 && !decoded->lock;
}

static bool raise_debug(struct cpu *cpu, struct cpu_exit *exit) {
    const struct vectored_event event = {
        .kind = VECTORED_EXCEPTION,
        .vector = VECTOR_DEBUG,
        .return_rip = cpu_get(cpu, RIP) + exit->decoded.length,
    };
    return intercept_delivered(cpu, deliver_vectored_event(cpu, &event), exit);
}

bool intercept_invalid_opcode(struct cpu *cpu, struct cpu_exit *exit) {
    const struct instruction *decoded = &exit->decoded;
    if (!intercept_decode(cpu, exit)) {
        return intercept_fault(cpu, VECTOR_INVALID_OPCODE, 0, exit);
    }
    if (is_vmcall(decoded)) {
        exit->reason = EXIT_VMCALL;
        return true;
    }
    if (is_vmx_instruction(cpu, decoded)) {
        exit->reason = EXIT_OTHER;
        return true;
    }
    return is_icebp(decoded) ? raise_debug(cpu, exit)
                             : intercept_fault(cpu, VECTOR_INVALID_OPCODE, 0, exit);
}

#define OPCODE_INT3 0xcc
#define OPCODE_INT 0xcd // With the vector behind it.

bool intercept_decoded_interrupt(struct cpu *cpu, struct cpu_exit *exit) {
    const uint8_t length = exit->instruction_length;
    const uint8_t last = length > 0 ? exit->instruction[length - 1] : 0;
    uint8_t vector = last;
    if (length < 2 || exit->instruction[length - 2] != OPCODE_INT) {
        vector = last == OPCODE_INT3 ? VECTOR_BREAKPOINT : VECTOR_OVERFLOW;
    }
    const struct vectored_event event = {
        .kind = VECTORED_SOFTWARE,
        .vector = vector,
        .return_rip = cpu_get(cpu, RIP) + length,
    };
    return intercept_delivered(cpu, deliver_vectored_event(cpu, &event), exit);
}

bool intercept_software_interrupt(struct cpu *cpu, struct cpu_exit *exit) {
    intercept_decode(cpu, exit);
    return intercept_decoded_interrupt(cpu, exit);
}
