// SPDX-License-Identifier: MIT
//
// What ends a run from inside of Unicorn: before a block, or before code is fetched.

#include "engine/cpu/unicorn/run_stop.h"

#include "engine/cpu/x86/nmi.h"

// The engine looks once more whether to report an interrupt window before it ends the run. That
// comes too late.
void run_hold_window(struct run *run) {
    run->window_exiting |= cpu_window_exiting(run->cpu);
    if (run->window_exiting || run->window_reported) {
        cpu_set_window_exiting(run->cpu, false);
        cpu_apply(run->cpu);
    }
}

static void leave(struct run *run) {
    cpu_keep(run->cpu);
    run_hold_window(run);
    translation_forget_exits(&run->machine->translation);
}

void run_stop(struct run *run) {
    leave(run);
    uc_emu_stop(run->machine->engine->unicorn);
}

// The instruction there must be carried out before the run may stop; but it may lead to itself.
static bool must_go_on(struct run *run, uint64_t address) {
    const struct step *step = &run->machine->step;
    const bool first = !run->went_on;
    run->went_on = true;
    // A block that a stop from outside keeps from running is announced again.
    x87_blocks_changed(&run->machine->engine->x87);
    return first &&
           ((step->under_way && address == step->start) || run->cpu->steps ||
            work_is_divided(&run->machine->work, address) || nmi_returns_at(run->cpu, address));
}

bool run_stop_at_block(struct run *run, uint64_t address) {
    if (must_go_on(run, address)) {
        return false;
    }
    run->rip_is_old = true;
    run_stop(run);
    return true;
}

bool run_stop_for_x87(struct run *run) {
    run->x87_suspect = true;
    run->rip_is_old = true;
    run_stop(run);
    return true;
}

bool run_stop_for_length(struct run *run) {
    run->too_long = true;
    run->rip_is_old = true;
    run_stop(run);
    return true;
}

bool run_fetch(struct run *run, uint64_t offset, size_t size) {
    struct translation *translation = &run->machine->translation;
    translation_fetch(translation, run->cpu, offset, size);
    if (translation->refusal == REFUSAL_NONE) {
        return true;
    }
    run->rip_is_old = true;
    leave(run);
    return false;
}
