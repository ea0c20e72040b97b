// SPDX-License-Identifier: MIT
//
// Reading and writing a VCPU's state in its saved context.

#include "engine/cpu/unicorn/state.h"

#include "engine/cpu/unicorn/mode_bits.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/x86/nmi.h"

#include <stdlib.h>
#include <string.h>

// Flags that Unicorn keeps apart from RFLAGS: CF, PF, AF, ZF, SF, OF, and DF.
#define ARITHMETIC_FLAGS 0x8d5ull
#define FLAGS_EXPLICIT 1u

static uint8_t *at(const struct cpu *cpu, size_t offset) {
    return (uint8_t *)cpu->context + cpu->machine->layout->state + offset;
}

static uint64_t get64(const struct cpu *cpu, size_t offset) {
    uint64_t value;
    memcpy(&value, at(cpu, offset), sizeof value);
    return value;
}

static void set64(struct cpu *cpu, size_t offset, uint64_t value) {
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
    const zx_status_t status = machine_get_engine(machine);
    if (status != ZX_OK) {
        return status;
    }
    struct cpu *cpu = calloc(1, sizeof *cpu);
    if (cpu == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    cpu->machine = machine;
    cpu->debug[DR6 - DR0] = DR6_FIXED;
    cpu->debug[DR7 - DR0] = DR7_FIXED;
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

struct machine *cpu_machine(const struct cpu *cpu) {
    return cpu->machine;
}

struct cpu_progress *cpu_progress(struct cpu *cpu) {
    return &cpu->progress;
}

const struct cpu_progress *cpu_progress_of(const struct cpu *cpu) {
    return &cpu->progress;
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

static uint64_t flags(const struct cpu *cpu) {
    return get64(cpu, STATE_RFLAGS) | get64(cpu, STATE_FLAGS_SOURCE) | direction_flag(cpu);
}

static void set_flags(struct cpu *cpu, uint64_t value) {
    set32(cpu, STATE_FLAGS_OPERATION, FLAGS_EXPLICIT);
    set32(cpu, STATE_DIRECTION, (value & RFLAGS_DF) != 0 ? UINT32_MAX : 1);
    set64(cpu, STATE_FLAGS_SOURCE, value & ARITHMETIC_FLAGS);
    set64(cpu, STATE_RFLAGS, (value & ~(ARITHMETIC_FLAGS | RFLAGS_DF)) | RFLAGS_FIXED);
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
    const bool real = (cpu_get(cpu, CR0) & CR0_PE) == 0 || (flags(cpu) & RFLAGS_VM) != 0;
    if ((mode & MODE_CODE_32) == 0 || bases != 0 || real) {
        mode |= MODE_SEGMENT_BASES;
    }
    return mode;
}

static uint32_t derived_mode(const struct cpu *cpu) {
    const uint32_t derived = MODE_PRIVILEGE | MODE_CODE_32 | MODE_STACK_32 | MODE_SEGMENT_BASES |
                             MODE_PROTECTED | 7u << (MODE_CR0_SHIFT + 1) | MODE_LONG_ACTIVE |
                             MODE_CODE_64 | MODE_OSFXSR | MODE_SMAP;
    const uint64_t cr0 = cpu_get(cpu, CR0);
    const uint64_t cr4 = cpu_get(cpu, CR4);
    uint32_t mode = get32(cpu, STATE_MODE) & ~derived;
    if ((cr0 & CR0_PE) != 0) {
        const uint32_t attributes = cpu_segment(cpu, SEGMENT_SS).attributes;
        const bool virtual_8086 = (flags(cpu) & RFLAGS_VM) != 0;
        mode |= MODE_PROTECTED | (virtual_8086 ? 3u : ATTRIBUTE_DPL(attributes));
    }
    mode |= (uint32_t)(cr0 & (CR0_MP | CR0_EM | CR0_TS)) << MODE_CR0_SHIFT;
    mode |= cpu_long_mode(cpu) ? MODE_LONG_ACTIVE : 0;
    mode |= (cr4 & CR4_OSFXSR) != 0 ? MODE_OSFXSR : 0;
    mode |= (cr4 & CR4_SMAP) != 0 ? MODE_SMAP : 0;
    return mode | segment_mode(cpu);
}

static void update_mode(struct cpu *cpu) {
    if (cpu->mode_stale) {
        set32(cpu, STATE_MODE, derived_mode(cpu));
        cpu->mode_stale = false;
    }
    if (cpu->iret_stale) {
        iret_exiting_update(cpu);
        cpu->iret_stale = false;
    }
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
    const uint64_t others = get64(cpu, STATE_RFLAGS) & ~(ARITHMETIC_FLAGS | RFLAGS_DF);
    set_flags(cpu, others | direction_flag(cpu) | (arithmetic & ARITHMETIC_FLAGS));
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
    update_mode(cpu);
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
        set64(cpu, STATE_RFLAGS, flags(cpu));
        cpu->dirty = dirty;
    }
    cpu_commit(cpu);
}

static bool is_debug_register(enum cpu_register name) {
    return name >= DR0 && name <= DR7;
}

uint64_t cpu_get(const struct cpu *cpu, enum cpu_register name) {
    if (is_debug_register(name)) {
        return cpu->debug[name - DR0];
    }
    return name == RFLAGS ? flags(cpu) : get64(cpu, cpu->machine->layout->words[name]);
}

// Bits of a register whose change makes translations of addresses old.
static uint64_t paging_bits(enum cpu_register name) {
    switch (name) {
    case CR0:
        return CR0_PE | CR0_PG | CR0_WP;
    case CR3:
        return UINT64_MAX;
    case CR4:
        return CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP | CR4_SMAP;
    case EFER:
        return EFER_LME | EFER_LMA | EFER_NXE;
    default:
        return 0;
    }
}

void cpu_set(struct cpu *cpu, enum cpu_register name, uint64_t value) {
    if (is_debug_register(name)) {
        cpu->debug[name - DR0] = value;
        return;
    }
    if (name == RFLAGS) {
        cpu->mode_stale |= ((value ^ flags(cpu)) & RFLAGS_VM) != 0;
        set_flags(cpu, value);
        return;
    }
    const size_t offset = cpu->machine->layout->words[name];
    const uint64_t changed = get64(cpu, offset) ^ value;
    cpu->machine->tlb_stale |= name == CR3 || (changed & paging_bits(name)) != 0;
    cpu->mode_stale |= name == CR0 || name == CR4 || name == EFER;
    cpu->iret_stale |= name == EFER;
    set64(cpu, offset, value);
}

static size_t segment_at(enum segment_register index) {
    return STATE_SEGMENTS + (size_t)index * SEGMENT_SIZE;
}

struct segment cpu_segment(const struct cpu *cpu, enum segment_register index) {
    const size_t offset = segment_at(index);
    return (struct segment){
        .selector = (uint16_t)get32(cpu, offset + SEGMENT_SELECTOR),
        .base = get64(cpu, offset + SEGMENT_BASE),
        .limit = get32(cpu, offset + SEGMENT_LIMIT),
        .attributes = get32(cpu, offset + SEGMENT_ATTRIBUTES),
    };
}

void cpu_set_segment(struct cpu *cpu, enum segment_register index, const struct segment *segment) {
    const size_t offset = segment_at(index);
    set32(cpu, offset + SEGMENT_SELECTOR, segment->selector);
    set64(cpu, offset + SEGMENT_BASE, segment->base);
    set32(cpu, offset + SEGMENT_LIMIT, segment->limit);
    set32(cpu, offset + SEGMENT_ATTRIBUTES, segment->attributes);
    cpu->mode_stale |= index <= SEGMENT_DS; // ES, CS, SS and DS.
    cpu->iret_stale |= index == SEGMENT_FS || index == SEGMENT_GS;
}

static void get_bytes(const struct cpu *cpu, size_t offset, void *value, size_t size) {
    memcpy(value, at(cpu, offset), size);
}

static void set_bytes(struct cpu *cpu, size_t offset, const void *value, size_t size) {
    memcpy(at(cpu, offset), value, size);
    cpu->dirty = true;
}

static size_t x87_at(const struct cpu *cpu, unsigned index) {
    const struct layout *layout = cpu->machine->layout;
    return layout->x87_registers + index * layout->x87_stride;
}

void cpu_get_x87(const struct cpu *cpu, unsigned index, void *value) {
    get_bytes(cpu, x87_at(cpu, index), value, 10);
}

void cpu_set_x87(struct cpu *cpu, unsigned index, const void *value) {
    set_bytes(cpu, x87_at(cpu, index), value, 10);
}

bool cpu_x87_empty(const struct cpu *cpu, unsigned index) {
    return *at(cpu, cpu->machine->layout->x87 + X87_EMPTY + index) != 0;
}

void cpu_set_x87_empty(struct cpu *cpu, unsigned index, bool empty) {
    const uint8_t byte = empty;
    set_bytes(cpu, cpu->machine->layout->x87 + X87_EMPTY + index, &byte, 1);
}

#define X87_EXCEPTIONS 0x003fu
#define X87_DE 0x0002u
#define X87_ZE 0x0004u
#define X87_SUMMARY 0x8080u // ES and B

// The status of the engine's arithmetic numbers exceptions as the status word does. In the word
// itself the engine records ZE alone, and that for 0 / 0, too. ES and B follow from the masks.
uint16_t cpu_x87_status(const struct cpu *cpu) {
    const struct layout *const layout = cpu->machine->layout;
    const unsigned raised = *at(cpu, layout->x87_arithmetic + ARITHMETIC_EXCEPTIONS);
    const unsigned top = get32(cpu, layout->x87 + X87_TOP) & 7;
    uint16_t word;
    get_bytes(cpu, layout->x87 + X87_STATUS, &word, sizeof word);
    unsigned status = word & ~(X87_ZE | X87_SUMMARY | X87_TOP_BITS);
    status |= raised & X87_EXCEPTIONS & ~X87_DE;
    status |= (status & X87_EXCEPTIONS & ~(unsigned)cpu_x87_control(cpu)) != 0 ? X87_SUMMARY : 0;
    return (uint16_t)(status | top << X87_TOP_SHIFT);
}

void cpu_set_x87_status(struct cpu *cpu, uint16_t value) {
    const uint16_t status = (uint16_t)(value & ~X87_TOP_BITS);
    set_bytes(cpu, cpu->machine->layout->x87 + X87_STATUS, &status, sizeof status);
    *at(cpu, cpu->machine->layout->x87_arithmetic + ARITHMETIC_EXCEPTIONS) = value & X87_ZE;
    set32(cpu, cpu->machine->layout->x87 + X87_TOP, (value & X87_TOP_BITS) >> X87_TOP_SHIFT);
}

uint16_t cpu_x87_control(const struct cpu *cpu) {
    uint16_t control;
    get_bytes(cpu, cpu->machine->layout->x87 + X87_CONTROL, &control, sizeof control);
    return control;
}

#define X87_CONTROL_DEFINED 0x1f3fu
#define X87_CONTROL_RESERVED 0x0040u // Reads as 1.

void cpu_set_x87_control(struct cpu *cpu, uint16_t value) {
    static const uint8_t precisions[] = {32, 80, 64, 80}; // By the control word; 1 is reserved.
    const struct layout *const layout = cpu->machine->layout;
    uint8_t *const arithmetic = at(cpu, layout->x87_arithmetic);
    const uint16_t control = (value & X87_CONTROL_DEFINED) | X87_CONTROL_RESERVED;
    set_bytes(cpu, layout->x87 + X87_CONTROL, &control, sizeof control);
    arithmetic[ARITHMETIC_ROUNDING] = value >> 10 & 3;
    arithmetic[ARITHMETIC_PRECISION] = precisions[value >> 8 & 3];
}

static size_t xmm_at(const struct cpu *cpu, unsigned index) {
    return cpu->machine->layout->xmm + index * cpu->machine->layout->xmm_stride;
}

void cpu_get_xmm(const struct cpu *cpu, unsigned index, void *value) {
    get_bytes(cpu, xmm_at(cpu, index), value, 16);
}

void cpu_set_xmm(struct cpu *cpu, unsigned index, const void *value) {
    set_bytes(cpu, xmm_at(cpu, index), value, 16);
}

#define MXCSR_EXCEPTIONS 0x003fu
#define MXCSR_DE 0x0002u
#define MXCSR_UE 0x0010u
#define MXCSR_PE 0x0020u
#define MXCSR_DAZ 0x0040u
#define MXCSR_ROUNDING_SHIFT 13
#define MXCSR_FTZ 0x8000u

// The engine keeps the exceptions of SSE in the status of its arithmetic, numbered as in MXCSR.
uint32_t cpu_mxcsr(const struct cpu *cpu) {
    const struct layout *const layout = cpu->machine->layout;
    const uint8_t raised = *at(cpu, layout->sse_arithmetic + ARITHMETIC_EXCEPTIONS);
    uint32_t flags = raised & MXCSR_EXCEPTIONS & ~MXCSR_DE;
    flags |= (raised & ARITHMETIC_FLUSHED) != 0 ? MXCSR_UE | MXCSR_PE : 0;
    return get32(cpu, layout->mxcsr) | flags;
}

void cpu_set_mxcsr(struct cpu *cpu, uint32_t value) {
    const struct layout *const layout = cpu->machine->layout;
    uint8_t *const arithmetic = at(cpu, layout->sse_arithmetic);
    set32(cpu, layout->mxcsr, value);
    arithmetic[ARITHMETIC_ROUNDING] = value >> MXCSR_ROUNDING_SHIFT & 3;
    arithmetic[ARITHMETIC_EXCEPTIONS] = 0;
    arithmetic[ARITHMETIC_FLUSHES_RESULTS] = (value & MXCSR_FTZ) != 0;
    arithmetic[ARITHMETIC_FLUSHES_OPERANDS] = (value & MXCSR_DAZ) != 0;
}

uint32_t cpu_error_code(const struct cpu *cpu) {
    return get32(cpu, cpu->machine->layout->error_code);
}

unsigned cpu_privilege(const struct cpu *cpu) {
    return (cpu->mode_stale ? derived_mode(cpu) : get32(cpu, STATE_MODE)) & MODE_PRIVILEGE;
}

bool cpu_interrupt_shadow(const struct cpu *cpu) {
    return (get32(cpu, STATE_MODE) & MODE_INTERRUPT_SHADOW) != 0;
}

void cpu_clear_interrupt_shadow(struct cpu *cpu) {
    set32(cpu, STATE_MODE, get32(cpu, STATE_MODE) & ~MODE_INTERRUPT_SHADOW);
}

void cpu_set_interrupt_shadow(struct cpu *cpu) {
    set32(cpu, STATE_MODE, get32(cpu, STATE_MODE) | MODE_INTERRUPT_SHADOW);
}

void cpu_set_window_exiting(struct cpu *cpu, bool on) {
    const uint32_t mode2 = get32(cpu, STATE_MODE2) & ~MODE2_GIF;
    set32(cpu, STATE_MODE2, on ? mode2 | MODE2_GIF : mode2);
}

void cpu_set_iret_exiting(struct cpu *cpu, bool on) {
    const size_t offset = cpu->machine->layout->intercepts;
    const uint64_t others = get64(cpu, offset) & ~SVM_INTERCEPT(SVM_IRET);
    set64(cpu, offset, on ? others | SVM_INTERCEPT(SVM_IRET) : others);
}
