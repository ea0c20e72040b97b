// SPDX-License-Identifier: MIT
//
// Copying a VCPU's whole state, and putting it back.

#include "engine/cpu/unicorn/cpu_image.h"

#include "platform/check.h"

#include <stdlib.h>

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
    memcpy(image->progress, &cpu->progress, sizeof image->progress);
    coverage_begin(&cpu->coverage);
    cpu_unlock_registers(cpu);
    return image;
}

static bool is_same_paging(const struct cpu_paging *left, const struct cpu_paging *right) {
    return left->cr0 == right->cr0 && left->cr3 == right->cr3 && left->cr4 == right->cr4 &&
           left->efer == right->efer;
}

void cpu_image_restore(struct cpu *cpu, const struct cpu_image *image) {
    cpu_lock_registers(cpu);
    CHECK(cpu->open);
    const struct cpu_paging before = cpu_paging(cpu);
    if (is_in_engine(cpu)) {
        uc_context_restore(cpu->engine->unicorn, (uc_context *)image->context);
    } else {
        memcpy(cpu->context, image->context, cpu->layout->context_size);
    }
    memcpy(cpu->debug, image->debug, sizeof image->debug);
    cpu->mode_stale = image->mode_stale;
    cpu->iret_stale = image->iret_stale;
    cpu->trap_lost = image->trap_lost;
    cpu->dirty = true;
    memcpy(&cpu->progress, image->progress, sizeof image->progress);
    const struct cpu_paging after = cpu_paging(cpu);
    cpu->engine->tlb_stale |= !is_same_paging(&before, &after);
    coverage_begin(&cpu->coverage);
    cpu_unlock_registers(cpu);
}
