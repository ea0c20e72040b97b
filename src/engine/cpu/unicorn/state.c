// SPDX-License-Identifier: MIT
//
// A VCPU's saved context, and how it goes to the engine and comes back.

#include "engine/cpu/unicorn/state.h"

#include "engine/cpu/x86/nmi.h"
#include "platform/check.h"

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
    cpu->state = (uint8_t *)cpu->context + layout->state;
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

// --- In place, or there and back ---

static bool in_place(const struct cpu *cpu) {
    return cpu->engine->live != NULL;
}

void cpu_open(struct cpu *cpu) {
    if (cpu->open) {
        return;
    }
    uc_context_save(cpu->engine->unicorn, cpu->context);
    cpu->open = true;
    flags_settle(cpu);
    cpu->dirty = false;
}

void cpu_close(struct cpu *cpu) {
    cpu->open = in_place(cpu);
}

void cpu_keep(struct cpu *cpu) {
    cpu_open(cpu);
    if (in_place(cpu) && !flags_settled(cpu)) {
        cpu->flags_at_end = cpu_system_flags(cpu);
    } else {
        flags_settle(cpu);
    }
    cpu->dirty = true;
}

void cpu_keep_inside(struct cpu *cpu) {
    CHECK(in_place(cpu));
    cpu->flags_at_end = cpu_system_flags(cpu);
}

// The end of the run has left the arithmetic flags in RFLAGS: the engine need not be asked.
void cpu_keep_ended(struct cpu *cpu) {
    cpu_open(cpu);
    if (in_place(cpu)) {
        const uint64_t arithmetic = state_get64(cpu, STATE_RFLAGS) & RFLAGS_ARITHMETIC;
        const uint64_t others = cpu->flags_at_end != 0 ? cpu->flags_at_end : cpu_system_flags(cpu);
        flags_set(cpu, others | arithmetic);
        cpu->flags_at_end = 0;
    } else {
        flags_settle(cpu);
    }
    cpu->dirty = true;
}

// Out of an engine that is to have another VCPU's.
static void put_away(struct cpu *cpu) {
    CHECK(cpu->open && flags_settled(cpu));
    if (in_place(cpu)) {
        uc_context_save(cpu->engine->unicorn, cpu->context);
        cpu->state = (uint8_t *)cpu->context + cpu->layout->state;
    }
}

// The other's owner may be looking at its registers.
static void take_engine(struct cpu *cpu) {
    struct engine *engine = cpu->engine;
    if (engine->loaded != NULL) {
        put_away(engine->loaded);
    }
    engine->loaded = cpu;
    engine->tlb_stale = true;
    cpu->dirty = true;
    if (in_place(cpu)) {
        uc_context_restore(engine->unicorn, cpu->context);
        cpu->state = engine->live;
    }
}

static void load(struct cpu *cpu) {
    struct engine *engine = cpu->engine;
    if (engine->loaded != cpu) {
        platform_mutex_lock(&engine->state_lock);
        take_engine(cpu);
        platform_mutex_unlock(&engine->state_lock);
    }
}

void cpu_lock_registers(struct cpu *cpu) NO_THREAD_SAFETY_ANALYSIS {
    platform_mutex_lock(&cpu->engine->state_lock);
}

void cpu_unlock_registers(struct cpu *cpu) NO_THREAD_SAFETY_ANALYSIS {
    platform_mutex_unlock(&cpu->engine->state_lock);
}

void cpu_apply(struct cpu *cpu) {
    CHECK(cpu->open && cpu->engine->loaded == cpu);
    if (!in_place(cpu)) {
        uc_context_restore(cpu->engine->unicorn, cpu->context);
    }
}

void cpu_commit(struct cpu *cpu) {
    if (!cpu->open) {
        return;
    }
    load(cpu);
    update_mode(cpu);
    if (cpu->dirty) {
        cpu_apply(cpu);
    }
    engine_flush_stale_tlb(cpu->engine);
    cpu->dirty = false;
    cpu_close(cpu);
}

void cpu_commit_to_start(struct cpu *cpu) {
    if (cpu->open) {
        const bool dirty = cpu->dirty;
        state_set64(cpu, STATE_RFLAGS, flags_get(cpu));
        cpu->dirty = dirty;
    }
    cpu_commit(cpu);
}
