// SPDX-License-Identifier: MIT
//
// Machines as cpu.h and engine/instruments/ have them: made of their parts, to which calls go on.

#include "engine/cpu/cpu.h"
#include "engine/instruments/breakpoints.h"
#include "engine/instruments/page_walk.h"
#include "engine/instruments/work_image.h"

#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/hooks.h"
#include "engine/cpu/unicorn/layout.h"
#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/unicorn/machine_image.h"
#include "engine/cpu/unicorn/state.h"
#include "platform/check.h"

#include <stdlib.h>

zx_status_t machine_create(const struct machine_client *client, struct machine **out) {
    struct machine *machine = calloc(1, sizeof *machine);
    if (machine == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    zx_status_t status = layout_get(&machine->layout);
    if (status == ZX_OK) {
        status = engine_ask();
    }
    if (status != ZX_OK) {
        free(machine);
        return status;
    }
    machine->memory.client = *client;
    *out = machine;
    return ZX_OK;
}

void machine_destroy(struct machine *machine) {
    CHECK(machine->run == NULL);
    if (machine->engine != NULL) {
        exit_request_close(&machine->work.request);
        const bool fit = !machine->failed && engine_may_be_kept(machine->engine);
        if (fit) {
            memory_unmap(&machine->memory, 0, UINT64_MAX);
        }
        translation_close(&machine->translation);
        memory_close(&machine->memory);
        engine_give(machine->engine, fit);
    }
    free(machine);
}

static zx_status_t open_engine(struct machine *machine) {
    const zx_status_t status =
        engine_take(machine, machine->layout, machine->work.counts, &run_hooks, &machine->engine);
    if (status == ZX_OK) {
        memory_open(&machine->memory, machine->engine, &machine->work.request);
        translation_open(&machine->translation, machine->engine, &machine->memory, &machine->step,
                         &machine->work);
        step_open(&machine->step, &machine->memory);
        if (machine->engine->exact_stops) {
            exit_request_open(&machine->work.request, machine->engine->unicorn);
        }
    }
    return status;
}

zx_status_t cpu_create(struct machine *machine, struct cpu **out) {
    if (machine->engine == NULL) {
        const zx_status_t status = open_engine(machine);
        if (status != ZX_OK) {
            return status;
        }
    }
    if (!table_pages_provide(&machine->memory.nested.pages)) {
        return ZX_ERR_NO_MEMORY;
    }
    return state_create(machine, machine->engine, machine->layout, out);
}

// --- Memory ---

zx_status_t machine_add_vmo(struct machine *machine, struct vmo *vmo, uint64_t vmo_offset,
                            uint64_t guest_physical) {
    return arena_add_vmo(&machine->memory.arena, vmo, guest_physical - vmo_offset);
}

// What is learnt of a guest's pages and code changes when its runs leave Unicorn, which a guest can
// tell by what is left in the TLB. Where nothing of its memory is left, that goes too: a guest
// whose memory is mapped anew does the same every time.
static void begin_anew(struct machine *machine) {
    arena_forget_entries(&machine->memory.arena);
    machine->memory.any_not_executable = false;
    translation_begin_anew(&machine->translation);
    machine->failed |= !engine_serve_anew(machine->engine);
}

void machine_unmap(struct machine *machine, uint64_t guest_physical, uint64_t length) {
    const bool had_any = machine->memory.nested.leaves > 0;
    memory_unmap(&machine->memory, guest_physical, length);
    if (had_any && machine->memory.nested.leaves == 0 && machine->run == NULL) {
        begin_anew(machine);
    }
}

uint8_t *machine_host_address(struct machine *machine, uint64_t guest_physical, bool write) {
    return memory_host_address(&machine->memory, guest_physical, write);
}

uint64_t machine_nested_entry(struct machine *machine, uint64_t guest_physical, uint64_t *size) {
    *size = 0;
    return machine->engine != NULL ? nested_entry(&machine->memory.nested, guest_physical, size)
                                   : 0;
}

uint64_t machine_address_changes(const struct machine *machine) {
    return machine->memory.nested.changes;
}

// --- Images ---

zx_status_t machine_image_take(struct machine *machine, const struct image_range *ranges,
                               size_t count, struct image_options options,
                               struct machine_image **out) {
    CHECK(machine->run == NULL);
    if (machine->engine == NULL) {
        return ZX_ERR_BAD_STATE;
    }
    if (options.empty) {
        return image_empty(&machine->memory, ranges, count, options, out);
    }
    step_cancel(&machine->step);
    return image_take(&machine->memory, ranges, count, options, out);
}

zx_status_t machine_image_apply(struct machine *machine, struct machine_image *image) {
    CHECK(machine->run == NULL && machine->engine != NULL);
    step_cancel(&machine->step);
    work_break_block(&machine->work);
    return image_apply(&machine->memory, image);
}

void machine_note_store(struct machine *machine, uint64_t guest_physical, uint64_t length) {
    if (machine->memory.dirty.base != NULL) {
        memory_note_store(&machine->memory, guest_physical, length);
    }
}

// --- Coverage ---

void machine_set_coverage(struct machine *machine, const struct coverage_wish *wish) {
    struct coverage *coverage = &machine->coverage;
    CHECK(wish->range_count <= ZIRCONIA_COVERAGE_RANGES_MAX);
    coverage->wish = *wish;
    coverage->on = wish->map != NULL || wish->compared != NULL;
    coverage->era++;
}

// --- For debuggers ---

static void use_breakpoints(struct machine *machine, const struct breakpoints *breakpoints) {
    const uint64_t version = breakpoints != NULL ? breakpoints->version : 0;
    machine->translation.breakpoints = breakpoints;
    if (machine->breakpoints_version != version) {
        machine->breakpoints_version = version;
        engine_flush(machine->engine);
    }
}

void cpu_debug(struct cpu *cpu, const struct breakpoints *breakpoints, bool steps) {
    cpu->steps = steps;
    use_breakpoints(cpu->machine, breakpoints);
}

void cpu_note_accesses(struct cpu *cpu, struct accessed *list, size_t count) {
    cpu->progress.accessed = list;
    cpu->progress.accessed_count = count;
}

void machine_forget_breakpoints(struct machine *machine) {
    use_breakpoints(machine, NULL);
}

// --- Work ---

zx_status_t machine_count_work(struct machine *machine) {
    struct work *work = &machine->work;
    if (!work->counts && machine->engine != NULL) {
        return ZX_ERR_BAD_STATE;
    }
    work->counts = true;
    return ZX_OK;
}

void machine_take_work(const struct machine *machine, struct work_image *image) {
    work_take(&machine->work, image);
}

void machine_restore_work(struct machine *machine, const struct work_image *image) {
    work_restore(&machine->work, image);
}

uint64_t machine_work(const struct machine *machine) {
    return atomic_load_explicit(&machine->work.done, memory_order_relaxed);
}

void machine_stop_at(struct machine *machine, uint64_t work, uint64_t limit) {
    machine->work.stop_at = work;
    machine->work.limit = limit;
}
