// SPDX-License-Identifier: MIT
//
// MOV to and from control registers, CLTS, LMSW and SMSW. Of these only a write that changes a bit
// of CR0 which the hypervisor owns, or CR4.VMXE, makes an exit on Zircon (hypervisor ABI 4.4, 5.9);
// all others do here what they do on a processor.

#include "engine/exits/exits.h"
#include "objects/refusal.h"

#define CR0_STATUS_WORD (CR0_PE | CR0_MP | CR0_EM | CR0_TS)
#define CR0_DEFINED (CR0_STATUS_WORD | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)
#define CR4_LOW 0x7fcull // TSD to OSXMMEXCPT. CPUID has no VME, so that VME and PVI are reserved.
#define CR4_DEFINED (CR4_LOW | CR4_FSGSBASE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP)

static uint64_t visible_cr0(const struct vcpu *vcpu) {
    const uint64_t owned = vcpu->cr0_owned;
    return (cpu_get(vcpu->cpu, CR0) & ~owned) | (vcpu->cr0_shadow & owned);
}

static bool long_mode(const struct cpu *cpu) {
    return (cpu_get(cpu, EFER) & EFER_LMA) != 0;
}

// CR0 and, with it, whether long mode is active.
static void set_cr0(struct cpu *cpu, uint64_t value) {
    const uint64_t efer = cpu_get(cpu, EFER) & ~EFER_LMA;
    const bool active = (value & CR0_PG) != 0 && (efer & EFER_LME) != 0;
    cpu_set(cpu, CR0, value);
    cpu_set(cpu, EFER, active ? efer | EFER_LMA : efer);
}

// The exit of hypervisor ABI 5.9. Zircon never clears EFER.LMA, so the entry that follows is
// refused when paging went off in long mode.
static zx_status_t write_owned_cr0(struct exit_context *context, uint64_t value) {
    struct vcpu *vcpu = context->vcpu;
    struct cpu *cpu = vcpu->cpu;
    exit_advance(context); // Before all else, so that errors and the #GP are behind the write.
    if (value >> 32 != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "MOV of % to CR0, which has 32 bits", value);
    }
    // In 2018 the hypervisor owned NE alone, which always read 1, and looked at no other bit.
    const uint64_t cache = vcpu->cr0_owned & (CR0_NW | CR0_CD);
    if (cache != 0 && (value & CR0_NW) != 0 && (value & CR0_CD) == 0) {
        return exit_general_protection(context);
    }
    const bool was_long = long_mode(cpu);
    const bool paging = (value & CR0_PG) != 0;
    const bool physical_extension = (cpu_get(cpu, CR4) & CR4_PAE) != 0;
    vcpu->cr0_shadow = cache != 0 ? value : vcpu->cr0_shadow;
    vcpu->invalid_state = (paging && (value & CR0_PE) == 0) || (was_long && !paging) ||
                          (paging && (cpu_get(cpu, EFER) & EFER_LME) != 0 && !physical_extension);
    if (vcpu->invalid_state) {
        return ZX_OK;
    }
    set_cr0(cpu, (value & CR0_DEFINED & ~cache) | CR0_NE | CR0_ET);
    return ZX_OK;
}

// SDM volume 2, MOV to CR0: paging needs protection; it cannot go on or off under 64-bit code, and
// long mode needs CR4.PAE.
static bool cr0_permitted(const struct cpu *cpu, uint64_t value) {
    const bool paging = (value & CR0_PG) != 0;
    const bool cache = (value & CR0_NW) == 0 || (value & CR0_CD) != 0;
    if (value >> 32 != 0 || !cache || (paging && (value & CR0_PE) == 0)) {
        return false;
    }
    if (paging == ((cpu_get(cpu, CR0) & CR0_PG) != 0)) {
        return true;
    }
    if (!paging) {
        return cpu_code_mode(cpu) != CODE_64;
    }
    const bool long_code = (cpu_segment(cpu, SEGMENT_CS).attributes & ATTRIBUTE_LONG) != 0;
    return (cpu_get(cpu, EFER) & EFER_LME) == 0 ||
           ((cpu_get(cpu, CR4) & CR4_PAE) != 0 && !long_code);
}

static zx_status_t write_cr0(struct exit_context *context, uint64_t value) {
    struct vcpu *vcpu = context->vcpu;
    struct cpu *cpu = vcpu->cpu;
    if (((value ^ vcpu->cr0_shadow) & vcpu->cr0_owned) != 0) {
        return write_owned_cr0(context, value);
    }
    if (!cr0_permitted(cpu, value)) {
        return exit_general_protection(context);
    }
    const uint64_t owned = vcpu->cr0_owned;
    set_cr0(cpu, (value & CR0_DEFINED & ~owned) | (cpu_get(cpu, CR0) & owned) | CR0_ET);
    return exit_complete(context, NULL);
}

static zx_status_t write_cr4(struct exit_context *context, uint64_t value) {
    struct cpu *cpu = context->vcpu->cpu;
    if ((value & CR4_VMXE) != 0) {
        return refuse_value(ZX_ERR_NOT_SUPPORTED, "MOV of % to CR4 sets VMXE", value);
    }
    if ((value & ~CR4_DEFINED) != 0 || (long_mode(cpu) && (value & CR4_PAE) == 0)) {
        return exit_general_protection(context);
    }
    cpu_set(cpu, CR4, value);
    return exit_complete(context, NULL);
}

static zx_status_t move_cr8(struct exit_context *context, bool write, unsigned index) {
    struct vcpu *vcpu = context->vcpu;
    if (!write) {
        cpu_set(vcpu->cpu, index, vcpu->cr8);
        return exit_complete(context, NULL);
    }
    const uint64_t value = cpu_get(vcpu->cpu, index);
    if (value > 15) {
        return exit_general_protection(context);
    }
    vcpu->cr8 = (uint8_t)value;
    return exit_complete(context, NULL);
}

static zx_status_t move(struct exit_context *context, const struct instruction *instruction) {
    const struct vcpu *vcpu = context->vcpu;
    struct cpu *cpu = vcpu->cpu;
    const bool write = instruction->opcode == 0x22;
    const unsigned number = instruction_reg(instruction);
    const unsigned index = instruction_rm(instruction);
    const uint64_t full = cpu_get(cpu, index);
    const uint64_t value = cpu_code_mode(cpu) == CODE_64 ? full : (uint32_t)full;
    if (number == 8) {
        return move_cr8(context, write, index);
    }
    if (number == 4 && write) {
        return write_cr4(context, value);
    }
    if (number != 0) {
        return refuse_value(ZX_ERR_NOT_SUPPORTED, "MOV to or from CR%, which nobody handles",
                            number);
    }
    if (write) {
        return write_cr0(context, value);
    }
    cpu_set(cpu, index, visible_cr0(vcpu));
    return exit_complete(context, NULL);
}

// The low four bits are not among those that the hypervisor owns. PE can be set, not cleared.
static uint64_t with_status_word(uint64_t cr0, uint64_t word) {
    return (cr0 & ~(CR0_STATUS_WORD & ~CR0_PE)) | (word & CR0_STATUS_WORD);
}

static zx_status_t load_status_word(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    set_cr0(cpu, with_status_word(cpu_get(cpu, CR0), context->exit->status_word));
    return exit_complete(context, NULL);
}

static zx_status_t store_status_word(struct exit_context *context) {
    const uint64_t value = visible_cr0(context->vcpu);
    return exit_complete(context, &value);
}

zx_status_t exit_control_register_access(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    const struct instruction *instruction = &context->exit->decoded;
    switch (instruction->opcode) {
    case 0x06: // CLTS
        set_cr0(cpu, cpu_get(cpu, CR0) & ~CR0_TS);
        return exit_complete(context, NULL);
    case 0x01:
        return (instruction->modrm & 0x38) == 0x20 ? store_status_word(context)
                                                   : load_status_word(context);
    default:
        return move(context, instruction);
    }
}

static void qualify_move(const struct cpu *cpu, const struct instruction *instruction,
                         uint64_t out[2]) {
    const uint64_t full = cpu_get(cpu, instruction_rm(instruction));
    const bool write = instruction->opcode == 0x22;
    out[0] = instruction_reg(instruction);
    if (write) {
        out[1] = cpu_code_mode(cpu) == CODE_64 ? full : (uint32_t)full;
    }
}

void control_register_qualify(const struct vcpu *vcpu, const struct cpu_exit *exit,
                              uint64_t out[2]) {
    const struct instruction *instruction = &exit->decoded;
    const bool store = (instruction->modrm & 0x38) == 0x20; // SMSW, not LMSW
    out[0] = 0;
    out[1] = 0;
    if (instruction->opcode == 0x06) {
        out[1] = visible_cr0(vcpu) & ~CR0_TS;
    } else if (instruction->opcode != 0x01) {
        qualify_move(vcpu->cpu, instruction, out);
    } else if (!store) {
        out[1] = with_status_word(visible_cr0(vcpu), exit->status_word);
    }
}
