// SPDX-License-Identifier: MIT
//
// Reading and writing a VCPU's state in its saved context.

#include "engine/cpu/unicorn/state.h"

#include "engine/cpu/unicorn/mode_bits.h"

#include <stdlib.h>
#include <string.h>

// Flags that Unicorn keeps apart from RFLAGS: CF, PF, AF, ZF, SF, OF, and DF.
#define ARITHMETIC_FLAGS 0x8d5ull
#define FLAGS_EXPLICIT 1u

static uint8_t *at(const struct cpu *cpu, size_t offset) {
    return (uint8_t *)cpu->context + cpu->machine->layout->state + offset;
}

uint64_t cpu_word(const struct cpu *cpu, size_t offset) {
    uint64_t value;
    memcpy(&value, at(cpu, offset), sizeof value);
    return value;
}

void cpu_set_word(struct cpu *cpu, size_t offset, uint64_t value) {
    memcpy(at(cpu, offset), &value, sizeof value);
    cpu->dirty = true;
}

static uint32_t get32(const struct cpu *cpu, size_t offset) {
    uint32_t value;
    memcpy(&value, at(cpu, offset), sizeof value);
    return value;
}

static void set32(struct cpu *cpu, size_t offset, uint32_t value) {
    memcpy(at(cpu, offset), &value, sizeof value);
    cpu->dirty = true;
}

zx_status_t cpu_create(struct machine *machine, struct cpu **out) {
    struct cpu *cpu = calloc(1, sizeof *cpu);
    if (cpu == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    cpu->machine = machine;
    cpu->debug[6] = 0xffff0ff0u;
    cpu->debug[7] = 0x400;
    if (uc_context_alloc(machine->engine, &cpu->context) != UC_ERR_OK) {
        free(cpu);
        return ZX_ERR_NO_MEMORY;
    }
    memcpy(cpu->context, machine->started, machine->layout->context_size);
    cpu->open = true;
    cpu->dirty = true;
    cpu_set_window_exiting(cpu, false);
    *out = cpu;
    return ZX_OK;
}

void cpu_destroy(struct cpu *cpu) {
    if (cpu->machine->loaded == cpu) {
        cpu->machine->loaded = NULL;
    }
    uc_context_free(cpu->context);
    free(cpu);
}

static uint64_t direction_flag(const struct cpu *cpu) {
    return get32(cpu, STATE_DIRECTION) == 1 ? 0 : RFLAGS_DF;
}

void cpu_open(struct cpu *cpu) {
    if (cpu->open) {
        return;
    }
    uint64_t arithmetic = 0;
    uc_reg_read(cpu->machine->engine, UC_X86_REG_RFLAGS, &arithmetic);
    uc_context_save(cpu->machine->engine, cpu->context);
    cpu->open = true;
    // After CMPXCHG16B the engine may give any bits for the flags that are not arithmetic.
    const uint64_t others = cpu_word(cpu, STATE_RFLAGS) & ~(ARITHMETIC_FLAGS | RFLAGS_DF);
    cpu_set_rflags(cpu, others | direction_flag(cpu) | (arithmetic & ARITHMETIC_FLAGS));
    cpu->dirty = false;
}

void cpu_keep(struct cpu *cpu) {
    cpu_open(cpu);
    cpu->dirty = true;
}

void cpu_commit(struct cpu *cpu) {
    if (!cpu->open) {
        return;
    }
    struct machine *machine = cpu->machine;
    if (machine->loaded != cpu) {
        machine->tlb_stale = true;
        machine->loaded = cpu;
        cpu->dirty = true;
    }
    if (cpu->dirty) {
        uc_context_restore(machine->engine, cpu->context);
    }
    if (machine->tlb_stale) {
        uc_ctl_flush_tlb(machine->engine);
        machine->tlb_stale = false;
    }
    cpu->dirty = false;
    cpu->open = false;
}

void cpu_commit_to_start(struct cpu *cpu) {
    if (cpu->open) {
        const bool dirty = cpu->dirty;
        cpu_set_word(cpu, STATE_RFLAGS, cpu_rflags(cpu));
        cpu->dirty = dirty;
    }
    cpu_commit(cpu);
}

uint64_t cpu_register(const struct cpu *cpu, unsigned index) {
    return cpu_word(cpu, STATE_REGISTERS + 8 * (size_t)index);
}

void cpu_set_register(struct cpu *cpu, unsigned index, uint64_t value) {
    cpu_set_word(cpu, STATE_REGISTERS + 8 * (size_t)index, value);
}

uint64_t cpu_rip(const struct cpu *cpu) {
    return cpu_word(cpu, STATE_RIP);
}

void cpu_set_rip(struct cpu *cpu, uint64_t value) {
    cpu_set_word(cpu, STATE_RIP, value);
}

uint64_t cpu_rflags(const struct cpu *cpu) {
    return cpu_word(cpu, STATE_RFLAGS) | cpu_word(cpu, STATE_FLAGS_SOURCE) | direction_flag(cpu);
}

void cpu_set_rflags(struct cpu *cpu, uint64_t value) {
    set32(cpu, STATE_FLAGS_OPERATION, FLAGS_EXPLICIT);
    set32(cpu, STATE_DIRECTION, (value & RFLAGS_DF) != 0 ? UINT32_MAX : 1);
    cpu_set_word(cpu, STATE_FLAGS_SOURCE, value & ARITHMETIC_FLAGS);
    cpu_set_word(cpu, STATE_RFLAGS, (value & ~(ARITHMETIC_FLAGS | RFLAGS_DF)) | RFLAGS_FIXED);
}

uint64_t cpu_control(const struct cpu *cpu, unsigned index) {
    return cpu_word(cpu, STATE_CR + 8 * (size_t)index);
}

void cpu_set_control(struct cpu *cpu, unsigned index, uint64_t value) {
    cpu_set_word(cpu, STATE_CR + 8 * (size_t)index, value);
    if (index != 2) {
        cpu->machine->tlb_stale = true;
    }
}

uint64_t cpu_efer(const struct cpu *cpu) {
    return cpu_word(cpu, cpu->machine->layout->efer);
}

void cpu_set_efer(struct cpu *cpu, uint64_t value) {
    cpu_set_word(cpu, cpu->machine->layout->efer, value);
    cpu->machine->tlb_stale = true;
}

static size_t segment_at(enum segment_register index) {
    return STATE_SEGMENTS + (size_t)index * SEGMENT_SIZE;
}

struct segment cpu_segment(const struct cpu *cpu, enum segment_register index) {
    const size_t offset = segment_at(index);
    return (struct segment){
        .selector = (uint16_t)get32(cpu, offset + SEGMENT_SELECTOR),
        .base = cpu_word(cpu, offset + SEGMENT_BASE),
        .limit = get32(cpu, offset + SEGMENT_LIMIT),
        .attributes = get32(cpu, offset + SEGMENT_ATTRIBUTES),
    };
}

void cpu_set_segment(struct cpu *cpu, enum segment_register index, const struct segment *segment) {
    const size_t offset = segment_at(index);
    set32(cpu, offset + SEGMENT_SELECTOR, segment->selector);
    cpu_set_word(cpu, offset + SEGMENT_BASE, segment->base);
    set32(cpu, offset + SEGMENT_LIMIT, segment->limit);
    set32(cpu, offset + SEGMENT_ATTRIBUTES, segment->attributes);
}

uint32_t cpu_error_code(const struct cpu *cpu) {
    return get32(cpu, cpu->machine->layout->error_code);
}

unsigned cpu_privilege(const struct cpu *cpu) {
    return get32(cpu, STATE_MODE) & MODE_PRIVILEGE;
}

bool cpu_interrupt_shadow(const struct cpu *cpu) {
    return (get32(cpu, STATE_MODE) & MODE_INTERRUPT_SHADOW) != 0;
}

void cpu_clear_interrupt_shadow(struct cpu *cpu) {
    set32(cpu, STATE_MODE, get32(cpu, STATE_MODE) & ~MODE_INTERRUPT_SHADOW);
}

void cpu_set_window_exiting(struct cpu *cpu, bool on) {
    const uint32_t mode2 = get32(cpu, STATE_MODE2) & ~MODE2_GIF;
    set32(cpu, STATE_MODE2, on ? mode2 | MODE2_GIF : mode2);
}

bool cpu_long_mode(const struct cpu *cpu) {
    return (cpu_efer(cpu) & EFER_LMA) != 0;
}

bool cpu_code_64(const struct cpu *cpu) {
    return cpu_long_mode(cpu) && (cpu_segment(cpu, SEGMENT_CS).attributes & ATTRIBUTE_LONG) != 0;
}

bool cpu_canonical(uint64_t linear) {
    return (int64_t)linear >> 47 == 0 || (int64_t)linear >> 47 == -1;
}

unsigned cpu_code_mode(const struct cpu *cpu) {
    if (cpu_code_64(cpu)) {
        return 64;
    }
    return (cpu_segment(cpu, SEGMENT_CS).attributes & ATTRIBUTE_BIG) != 0 ? 32 : 16;
}

uint64_t cpu_code_address(const struct cpu *cpu, uint64_t rip) {
    return cpu_code_64(cpu) ? rip : (uint32_t)(rip + cpu_segment(cpu, SEGMENT_CS).base);
}

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
    const bool real = (cpu_control(cpu, 0) & CR0_PE) == 0 || (cpu_rflags(cpu) & RFLAGS_VM) != 0;
    if ((mode & MODE_CODE_32) == 0 || bases != 0 || real) {
        mode |= MODE_SEGMENT_BASES;
    }
    return mode;
}

void cpu_update_mode(struct cpu *cpu) {
    const uint32_t derived = MODE_PRIVILEGE | MODE_CODE_32 | MODE_STACK_32 | MODE_SEGMENT_BASES |
                             MODE_PROTECTED | 7u << (MODE_CR0_SHIFT + 1) | MODE_LONG_ACTIVE |
                             MODE_CODE_64 | MODE_OSFXSR | MODE_SMAP;
    const uint64_t cr0 = cpu_control(cpu, 0);
    const uint64_t cr4 = cpu_control(cpu, 4);
    uint32_t mode = get32(cpu, STATE_MODE) & ~derived;
    if ((cr0 & CR0_PE) != 0) {
        const uint32_t attributes = cpu_segment(cpu, SEGMENT_SS).attributes;
        const bool virtual_8086 = (cpu_rflags(cpu) & RFLAGS_VM) != 0;
        mode |= MODE_PROTECTED | (virtual_8086 ? 3u : ATTRIBUTE_DPL(attributes));
    }
    mode |= (uint32_t)(cr0 & (CR0_MP | CR0_EM | CR0_TS)) << MODE_CR0_SHIFT;
    mode |= cpu_long_mode(cpu) ? MODE_LONG_ACTIVE : 0;
    mode |= (cr4 & CR4_OSFXSR) != 0 ? MODE_OSFXSR : 0;
    mode |= (cr4 & CR4_SMAP) != 0 ? MODE_SMAP : 0;
    set32(cpu, STATE_MODE, mode | segment_mode(cpu));
}
