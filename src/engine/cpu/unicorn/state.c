// SPDX-License-Identifier: MIT
//
// A VCPU's saved context, and how it goes to the engine and comes back.

#include "engine/cpu/unicorn/state.h"

#include "engine/cpu/x86/nmi.h"

#include <stdlib.h>

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

static void update_mode(struct cpu *cpu) {
    if (cpu->mode_stale) {
        state_set32(cpu, STATE_MODE, mode_bits_derive(cpu));
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
    flags_set_arithmetic(cpu, arithmetic);
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
        state_set64(cpu, STATE_RFLAGS, flags_get(cpu));
        cpu->dirty = dirty;
    }
    cpu_commit(cpu);
}
