// SPDX-License-Identifier: MIT
//
// MOV from and to CR0 (hypervisor ABI 4.3, 5.9). Other control registers that exit are not
// supported yet.

#include "engine/exits/exits.h"

#define CR0_OWNED (CR0_ET | CR0_NE | CR0_NW | CR0_CD) // By the hypervisor: the shadow is read.

static zx_status_t write_cr0(struct exit_context *context, uint64_t value) {
    struct vcpu *vcpu = context->vcpu;
    struct cpu *cpu = vcpu->cpu;
    if (value >> 32 != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    exit_advance(context);
    if ((value & CR0_NW) != 0 && (value & CR0_CD) == 0) {
        return exit_general_protection(context);
    }
    // Turning paging or protection off or on is for later.
    if (((value ^ cpu_control(cpu, 0)) & (CR0_PG | CR0_PE)) != 0) {
        return ZX_ERR_NOT_SUPPORTED;
    }
    cpu_set_control(cpu, 0, (value & ~(CR0_NW | CR0_CD)) | CR0_NE | CR0_ET);
    vcpu->cr0_shadow = value;
    cpu_update_mode(cpu);
    return ZX_ERR_NEXT;
}

zx_status_t exit_control_register_access(struct exit_context *context) {
    const struct vcpu *vcpu = context->vcpu;
    struct cpu *cpu = vcpu->cpu;
    const uint8_t *bytes = context->exit->instruction;
    const unsigned length = context->exit->instruction_length;
    const bool rex = length == 4 && (bytes[0] & 0xf0) == 0x40;
    const uint8_t *opcode = bytes + (rex ? 1 : 0);
    if (length != (rex ? 4u : 3u) || opcode[0] != 0x0f || (opcode[1] & 0xfd) != 0x20 ||
        (opcode[2] & 0x38) != 0 || (rex && (bytes[0] & 4) != 0)) {
        return ZX_ERR_NOT_SUPPORTED;
    }
    const unsigned index = (opcode[2] & 7u) + (rex && (bytes[0] & 1) != 0 ? 8u : 0u);
    if (opcode[1] == 0x22) {
        return write_cr0(context, cpu_register(cpu, index));
    }
    const uint64_t seen = (cpu_control(cpu, 0) & ~CR0_OWNED) | (vcpu->cr0_shadow & CR0_OWNED);
    cpu_set_register(cpu, index, seen);
    exit_advance(context);
    return ZX_ERR_NEXT;
}
