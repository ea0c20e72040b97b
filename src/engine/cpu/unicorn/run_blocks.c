// SPDX-License-Identifier: MIT
//
// Which of the blocks that Unicorn runs are parts of one block of the code.

#include "engine/cpu/unicorn/run_blocks.h"

static uint64_t undivided(struct run *run, uint64_t pc) {
    cpu_open(run->cpu);
    const uint64_t size = translation_undivided(&run->machine->translation, run->cpu, pc, false);
    cpu_close(run->cpu);
    return size;
}

void run_look_for_rest(struct run *run, uint64_t address) {
    struct machine *machine = run->machine;
    struct work *work = &machine->work;
    struct coverage *coverage = &machine->coverage;
    if (work->counts && work_may_go_on(work, address)) {
        work->whole = work->whole != 0 ? work->whole : undivided(run, work->block);
        work_go_on(work, address);
    }
    if (coverage->on && coverage_may_go_on(coverage, address)) {
        const uint64_t start = coverage->place->block;
        if (address - start < undivided(run, start)) {
            coverage_go_on(coverage, address);
        }
    }
}

// It has one instruction, whatever its code is, where that has an interrupt shadow before it.
void run_look_for_end(struct run *run) {
    cpu_open(run->cpu);
    if (cpu_get(run->cpu, INTERRUPT_SHADOW) != 0) {
        work_forget_end(&run->machine->work);
    }
    cpu_close(run->cpu);
}

void run_divide_block(struct run *run) {
    struct machine *machine = run->machine;
    struct work *work = &machine->work;
    const uint64_t address = run_code_address(run);
    if (work->counts && work_may_go_on(work, address)) {
        const uint64_t size =
            translation_undivided(&machine->translation, run->cpu, work->block, true);
        work_divide(work, address, size);
    }
}

// What a debugger steps over is done, and has not gone elsewhere: the next instruction may be in
// the same block.
void run_divide_behind(struct run *run, uint64_t next) {
    struct work *work = &run->machine->work;
    const uint64_t start = run->machine->step.start;
    if (work->counts && !run->ends_block && next == run_code_address(run)) {
        const uint64_t size =
            work->block == start
                ? translation_undivided(&run->machine->translation, run->cpu, start, true)
                : work->block_size;
        work_divide(work, next, size);
    }
}
