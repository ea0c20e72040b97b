// SPDX-License-Identifier: MIT
//
// What is reported is handled while Unicorn is still inside the guest, unless the guest is to leave
// or an instruction runs alone.

#include "engine/cpu/unicorn/run_exits.h"

#include "engine/cpu/unicorn/coverage_exits.h"
#include "engine/cpu/unicorn/run_ask.h"
#include "engine/cpu/unicorn/run_blocks.h"
#include "engine/cpu/unicorn/run_stop.h"
#include "engine/cpu/unicorn/vmcb.h"

enum raw_exit_result run_translate(struct run *run, const struct raw_exit *raw) {
    struct cpu *cpu = run->cpu;
    struct work *work = &run->machine->work;
    struct coverage *coverage = &run->machine->coverage;
    if (coverage->on) {
        coverage_raw_exit(coverage, cpu, raw);
    }
    work_leave_block(work, cpu_segment(cpu, SEGMENT_CS).base + cpu_get(cpu, RIP));
    const enum raw_exit_result result = raw_exit_translate(cpu, raw, run->exit);
    if (coverage->on) {
        coverage_raw_exit_done(coverage, cpu, run->exit);
    }
    if (result == RAW_EXIT_TRANSLATED && run->exit->reason == EXIT_BREAKPOINT) {
        run_divide_block(run);
    } else if (result == RAW_EXIT_TRANSLATED) {
        work_break_block(work);
    } else if (raw->number == RAW_EXIT_SVM(SVM_NESTED_PAGE_FAULT)) {
        work_resume(work, cpu_code_address(cpu, cpu_get(cpu, RIP)));
    }
    return result;
}

// True when the guest goes on. There is an end to pages that become dirty, and how many are not yet
// is all the same to the guest: they are not counted even as idle.
static bool raw_exit_now(struct run *run, const struct raw_exit *raw) {
    run_begin_exit(run);
    const enum raw_exit_result result = run_translate(run, raw);
    if (result != RAW_EXIT_DIRTIED) {
        work_count_idle(&run->machine->work);
    }
    return run_apply(run, result);
}

// The trap of a call, which has dealt with it: nothing is to change, also where the run ends.
static bool is_trap_of_call(struct cpu *cpu, const struct raw_exit *raw) {
    const bool trap = raw->number == RAW_EXIT_SVM(SVM_EXCEPTION + VECTOR_DEBUG) && cpu->trap_lost;
    cpu->trap_lost = false;
    return trap;
}

void run_raw_exit(struct run *run, const struct raw_exit *raw) {
    struct machine *machine = run->machine;
    struct cpu *cpu = run->cpu;
    if (is_trap_of_call(cpu, raw)) {
        return;
    }
    exit_request_pause(&machine->work.request);
    cpu_open(cpu);
    translation_end(&machine->translation);
    if (machine->step.under_way) {
        run->deferred = *raw;
    } else if (raw_exit_now(run, raw)) {
        cpu_commit(cpu);
        exit_request_go_on(&machine->work.request);
        return;
    }
    run->window_reported = raw->number == RAW_EXIT_SVM(SVM_VIRTUAL_INTERRUPT);
    run_stop(run);
}

// What Unicorn's own walk would end in, but for the way through its exits.
bool run_absent(struct run *run, uint64_t guest_physical, bool write) {
    struct machine *machine = run->machine;
    struct cpu *cpu = run->cpu;
    if (memory_is_backed(&machine->memory, guest_physical)) {
        return false;
    }
    exit_request_pause(&machine->work.request);
    cpu_keep_inside(cpu);
    cpu_set_error_code(cpu, write ? PAGE_FAULT_WRITE : 0);
    cpu->trap_lost = false;
    run->absent = true;
    run->deferred = (struct raw_exit){
        .number = RAW_EXIT_SVM(SVM_NESTED_PAGE_FAULT), .address = guest_physical, .absent = true};
    run->window_reported = false;
    run_hold_window(run);
    translation_forget_exits(&machine->translation);
    return true;
}

void run_access(struct run *run, const uint8_t *host, size_t size, bool write) {
    const struct cpu_progress *progress = &run->cpu->progress;
    accessed_note(progress->accessed, progress->accessed_count, host, size, write);
}
