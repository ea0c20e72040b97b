// SPDX-License-Identifier: MIT
//
// Registers in a VCPU's state.

#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/unicorn/mode_bits.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "platform/check.h"

// --- Flags ---

#define FLAGS_EXPLICIT 1u

static uint64_t direction_flag(const struct cpu *cpu) {
    return state_get32(cpu, STATE_DIRECTION) == 1 ? 0 : RFLAGS_DF;
}

// After CMPXCHG16B the engine may give any bits for the flags that are not arithmetic.
uint64_t cpu_system_flags(const struct cpu *cpu) {
    return (state_get64(cpu, STATE_RFLAGS) & ~(RFLAGS_ARITHMETIC | RFLAGS_DF)) |
           direction_flag(cpu);
}

bool flags_settled(const struct cpu *cpu) {
    return state_get32(cpu, STATE_FLAGS_OPERATION) == FLAGS_EXPLICIT;
}

static uint64_t arithmetic_flags(const struct cpu *cpu) {
    uint64_t flags = 0;
    if (flags_settled(cpu)) {
        flags = state_get64(cpu, STATE_FLAGS_SOURCE);
    } else {
        CHECK(cpu->engine->loaded == cpu);
        uc_reg_read(cpu->engine->unicorn, UC_X86_REG_RFLAGS, &flags);
    }
    return flags & RFLAGS_ARITHMETIC;
}

uint64_t flags_get(const struct cpu *cpu) {
    return cpu_system_flags(cpu) | arithmetic_flags(cpu);
}

void flags_set(struct cpu *cpu, uint64_t value) {
    state_set32(cpu, STATE_FLAGS_OPERATION, FLAGS_EXPLICIT);
    state_set32(cpu, STATE_DIRECTION, (value & RFLAGS_DF) != 0 ? UINT32_MAX : 1);
    state_set64(cpu, STATE_FLAGS_SOURCE, value & RFLAGS_ARITHMETIC);
    state_set64(cpu, STATE_RFLAGS, (value & ~(RFLAGS_ARITHMETIC | RFLAGS_DF)) | RFLAGS_FIXED);
}

void flags_settle(struct cpu *cpu) {
    flags_set(cpu, flags_get(cpu));
}

void cpu_settle_flags(struct cpu *cpu) {
    if (!flags_settled(cpu)) {
        flags_settle(cpu);
    }
}

static bool interrupt_shadow(const struct cpu *cpu) {
    return (state_get32(cpu, STATE_MODE) & MODE_INTERRUPT_SHADOW) != 0;
}

static void set_interrupt_shadow(struct cpu *cpu, bool on) {
    const uint32_t mode = state_get32(cpu, STATE_MODE) & ~MODE_INTERRUPT_SHADOW;
    state_set32(cpu, STATE_MODE, on ? mode | MODE_INTERRUPT_SHADOW : mode);
}

// --- By name ---

uint64_t cpu_get(const struct cpu *cpu, enum cpu_register name) {
    if (name < PLAIN_REGISTER_COUNT) {
        return state_get64(cpu, state_word(cpu, name));
    }
    if (name == RFLAGS) {
        return flags_get(cpu);
    }
    if (name == INTERRUPT_SHADOW) {
        return interrupt_shadow(cpu);
    }
    return name <= DR7 ? cpu->debug[name - DR0] : media_get(cpu, name);
}

struct cpu_paging cpu_paging(const struct cpu *cpu) {
    return (struct cpu_paging){
        .cr0 = state_get64(cpu, state_word(cpu, CR0)),
        .cr3 = state_get64(cpu, state_word(cpu, CR3)),
        .cr4 = state_get64(cpu, state_word(cpu, CR4)),
        .efer = state_get64(cpu, state_word(cpu, EFER)),
    };
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

static void set_plain(struct cpu *cpu, enum cpu_register name, uint64_t value) {
    const size_t offset = state_word(cpu, name);
    const uint64_t changed = state_get64(cpu, offset) ^ value;
    cpu->engine->tlb_stale |= name == CR3 || (changed & paging_bits(name)) != 0;
    cpu->mode_stale |= name == CR0 || name == CR4 || name == EFER;
    cpu->iret_stale |= name == EFER;
    if (name == CR4 && (value & CR4_TSD) != 0 && engine_end_time_answers(cpu->engine)) {
        work_end(&cpu->machine->work);
    }
    state_set64(cpu, offset, value);
}

void cpu_set(struct cpu *cpu, enum cpu_register name, uint64_t value) {
    if (name <= RIP) { // Nothing follows from these.
        state_set64(cpu, state_word(cpu, name), value);
    } else if (name < PLAIN_REGISTER_COUNT) {
        set_plain(cpu, name, value);
    } else if (name == RFLAGS) {
        cpu->mode_stale |= ((value ^ cpu_system_flags(cpu)) & RFLAGS_VM) != 0;
        flags_set(cpu, value);
    } else if (name == INTERRUPT_SHADOW) {
        set_interrupt_shadow(cpu, value != 0);
    } else if (name <= DR7) {
        cpu->debug[name - DR0] = value;
    } else {
        media_set(cpu, name, value);
    }
}

// --- Segments ---

struct segment cpu_segment(const struct cpu *cpu, enum segment_register index) {
    const size_t offset = state_segment(index);
    return (struct segment){
        .selector = (uint16_t)state_get32(cpu, offset + SEGMENT_SELECTOR),
        .base = state_get64(cpu, offset + SEGMENT_BASE),
        .limit = state_get32(cpu, offset + SEGMENT_LIMIT),
        .attributes = state_get32(cpu, offset + SEGMENT_ATTRIBUTES),
    };
}

void cpu_set_segment(struct cpu *cpu, enum segment_register index, const struct segment *segment) {
    const size_t offset = state_segment(index);
    state_set32(cpu, offset + SEGMENT_SELECTOR, segment->selector);
    state_set64(cpu, offset + SEGMENT_BASE, segment->base);
    state_set32(cpu, offset + SEGMENT_LIMIT, segment->limit);
    state_set32(cpu, offset + SEGMENT_ATTRIBUTES, segment->attributes);
    cpu->mode_stale |= index <= SEGMENT_DS; // ES, CS, SS and DS.
}

// --- What else the state has ---

uint32_t cpu_error_code(const struct cpu *cpu) {
    return state_get32(cpu, cpu->layout->error_code);
}

void cpu_set_error_code(struct cpu *cpu, uint32_t value) {
    state_set32(cpu, cpu->layout->error_code, value);
}

unsigned cpu_privilege(const struct cpu *cpu) {
    const uint32_t mode = cpu->mode_stale ? derived_mode(cpu) : state_get32(cpu, STATE_MODE);
    return mode & MODE_PRIVILEGE;
}

bool cpu_window_exiting(const struct cpu *cpu) {
    return (state_get32(cpu, STATE_MODE2) & MODE2_GIF) != 0;
}

void cpu_set_window_exiting(struct cpu *cpu, bool on) {
    const uint32_t mode2 = state_get32(cpu, STATE_MODE2) & ~MODE2_GIF;
    state_set32(cpu, STATE_MODE2, on ? mode2 | MODE2_GIF : mode2);
}

static void set_intercept(struct cpu *cpu, enum svm_exit code, bool on) {
    const size_t offset = cpu->layout->intercepts;
    const uint64_t others = state_get64(cpu, offset) & ~SVM_INTERCEPT(code);
    state_set64(cpu, offset, on ? others | SVM_INTERCEPT(code) : others);
}

void cpu_set_iret_exiting(struct cpu *cpu, bool on) {
    set_intercept(cpu, SVM_IRET, on);
}

void cpu_let_answer(struct cpu *cpu, bool answers) {
    const struct engine *engine = cpu->engine;
    if (engine->answers) {
        set_intercept(cpu, SVM_CPUID, !answers || engine->calls);
    }
}
