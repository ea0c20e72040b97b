// SPDX-License-Identifier: MIT
//
// A VCPU's saved context, and how it goes to the engine and comes back.

#include "engine/cpu/unicorn/state.h"

#include "engine/cpu/x86/nmi.h"

#include <stdlib.h>

zx_status_t state_create(struct machine *machine, struct engine *engine,
                         const struct layout *layout, struct cpu **out) {
    struct cpu *cpu = calloc(1, sizeof *cpu);
    if (cpu == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    cpu->machine = machine;
    cpu->engine = engine;
    cpu->layout = layout;
    cpu->debug[DR6 - DR0] = DR6_FIXED;
    cpu->debug[DR7 - DR0] = DR7_FIXED;
    if (uc_context_alloc(engine->unicorn, &cpu->context) != UC_ERR_OK) {
        free(cpu);
        return ZX_ERR_NO_MEMORY;
    }
    memcpy(cpu->context, engine->started, layout->context_size);
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
    if (cpu->engine->loaded == cpu) {
        cpu->engine->loaded = NULL;
    }
    uc_context_free(cpu->context);
    free(cpu);
}

static void update_mode(struct cpu *cpu) {
    if (cpu->mode_stale) {
        state_set32(cpu, STATE_MODE, derived_mode(cpu));
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
    uc_reg_read(cpu->engine->unicorn, UC_X86_REG_RFLAGS, &arithmetic);
    uc_context_save(cpu->engine->unicorn, cpu->context);
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
    struct engine *engine = cpu->engine;
    if (engine->loaded != cpu) {
        engine->tlb_stale = true;
        engine->loaded = cpu;
        cpu->dirty = true;
    }
    update_mode(cpu);
    if (cpu->dirty) {
        uc_context_restore(engine->unicorn, cpu->context);
    }
    engine_flush_stale_tlb(engine);
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
