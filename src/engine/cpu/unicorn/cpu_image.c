// SPDX-License-Identifier: MIT
//
// A copy of a VCPU's whole state while it does not run, and how it comes back: the saved context
// with all that Unicorn keeps of the processor, and what the library keeps beside it.

#include "engine/cpu/unicorn/state.h"
#include "platform/check.h"

#include <stdlib.h>

struct cpu_image {
    bool mode_stale;
    bool iret_stale;
    bool trap_lost;
    uint64_t debug[DEBUG_REGISTER_COUNT];
    struct cpu_progress progress;
    uint8_t context[];
};

static bool is_in_engine(const struct cpu *cpu) {
    return cpu->engine->live != NULL && cpu->engine->loaded == cpu;
}

struct cpu_image *cpu_image_take(struct cpu *cpu) {
    const size_t size = cpu->layout->context_size;
    struct cpu_image *image = malloc(sizeof *image + size);
    if (image == NULL) {
        return NULL;
    }
    cpu_lock_registers(cpu);
    CHECK(cpu->open && flags_settled(cpu));
    if (is_in_engine(cpu)) {
        uc_context_save(cpu->engine->unicorn, cpu->context);
    }
    memcpy(image->context, cpu->context, size);
    memcpy(image->debug, cpu->debug, sizeof image->debug);
    image->mode_stale = cpu->mode_stale;
    image->iret_stale = cpu->iret_stale;
    image->trap_lost = cpu->trap_lost;
    image->progress = cpu->progress;
    cpu_unlock_registers(cpu);
    return image;
}

// Walks are not put back: whether they still hold is seen by what they read (walk_cache.h).
static void restore_progress(struct cpu_progress *progress, const struct cpu_progress *old) {
    const struct walk_cache walks = progress->walks;
    *progress = *old;
    progress->walks = walks;
}

void cpu_image_restore(struct cpu *cpu, const struct cpu_image *image) {
    cpu_lock_registers(cpu);
    CHECK(cpu->open);
    memcpy(cpu->context, image->context, cpu->layout->context_size);
    if (is_in_engine(cpu)) {
        uc_context_restore(cpu->engine->unicorn, cpu->context);
    }
    memcpy(cpu->debug, image->debug, sizeof image->debug);
    cpu->mode_stale = image->mode_stale;
    cpu->iret_stale = image->iret_stale;
    cpu->trap_lost = image->trap_lost;
    cpu->dirty = true;
    restore_progress(&cpu->progress, &image->progress);
    cpu->engine->tlb_stale = true; // The page tables are others.
    cpu_unlock_registers(cpu);
}

void cpu_image_destroy(struct cpu_image *image) {
    free(image);
}
