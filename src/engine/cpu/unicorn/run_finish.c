// SPDX-License-Identifier: MIT
//
// Once Unicorn has left the guest: what it was kept from, what was put off until then, and where a
// debugger steps.

#include "engine/cpu/unicorn/run_finish.h"

#include "engine/cpu/unicorn/coverage_exits.h"
#include "engine/cpu/unicorn/run_ask.h"
#include "engine/cpu/unicorn/run_blocks.h"
#include "engine/cpu/unicorn/run_exits.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "objects/log.h"
#include "platform/check.h"

// Unicorn was kept from a translation.
static void refused(struct run *run) {
    struct machine *machine = run->machine;
    switch (machine->translation.refusal) {
    case REFUSAL_NOT_EXECUTABLE:
        run_apply(run, raw_exit_fetch_refused(run->cpu, run->exit));
        return;
    case REFUSAL_CUT_UNCACHED:
        run->deferred.number = RAW_EXIT_SVM(SVM_HLT);
        return;
    case REFUSAL_NOT_READ:
        log_line(ZIRCONIA_LOG_ERROR, "code was about to be run that was not looked at before");
        run_fail(run);
        return;
    case REFUSAL_CUT_FIRST:
        if (machine->step.under_way) { // The end of the step forgets the page, and the cut with it.
            machine->translation.refusal = REFUSAL_NONE;
            run->deferred = (struct raw_exit){.number = RAW_EXIT_SVM(SVM_HLT)};
        }
        return;
    case REFUSAL_NONE:
    case REFUSAL_CHANGED:
    case REFUSAL_CROSSES:
    case REFUSAL_UNHOOKED:
    case REFUSAL_NOT_SHOWN:
    case REFUSAL_STEP_OVER:
        return;
    }
}

// What ends a step looks like a cut. One where the step begins is the instruction's own, and must
// be handled now: it may be in the page of its own page tables, where nothing but a step comes to
// it.
static bool at_start(const struct step *step, struct cpu *cpu) {
    return cpu_code_address(cpu, cpu_get(cpu, RIP)) == step->start;
}

// What was reported and could not be handled at once.
static enum raw_exit_result deferred(struct run *run) {
    struct step *step = &run->machine->step;
    const uint32_t number = run->deferred.number;
    if (step->under_way) {
        step_end(step);
        if (number == RAW_EXIT_NONE ||
            (number == RAW_EXIT_SVM(SVM_HLT) && !at_start(step, run->cpu))) {
            if (run->machine->coverage.on && number != RAW_EXIT_NONE) {
                coverage_divided(&run->machine->coverage, run->cpu);
            }
            return RAW_EXIT_HANDLED; // The step's end.
        }
    }
    return run_translate(run, &run->deferred);
}

// The block that RIP is at must be translated once more. It may have to run in spite of a requested
// exit.
static bool must_begin_again(const struct run *run) {
    const enum refusal refusal = run->machine->translation.refusal;
    return refusal == REFUSAL_CHANGED || refusal == REFUSAL_CROSSES ||
           refusal == REFUSAL_CUT_FIRST || refusal == REFUSAL_UNHOOKED ||
           refusal == REFUSAL_NOT_SHOWN;
}

static void end_run(struct run *run) {
    struct machine *machine = run->machine;
    CHECK(machine->run == run);
    machine->run = NULL;
    if (run->next != RUN_ON || !must_begin_again(run)) {
        machine->translation.refusal = REFUSAL_NONE;
    }
}

// A stop from outside may come when the instruction was translated and keep it from running. One
// that leads to itself cannot be told from that, and runs once more.
static bool is_kept_from_running(const struct run *run) {
    return run->machine->engine->exact_stops && exit_request_made(&run->machine->work.request) &&
           cpu_get(run->cpu, RIP) == run->began;
}

// Has the instruction run, as far as nothing was reported of it?
static bool has_run(const struct run *run, bool reported) {
    const struct step *step = &run->machine->step;
    return step->under_way && (run->went_on || step->translated) && !reported &&
           !run->x87_suspect && !must_begin_again(run) && !is_kept_from_running(run);
}

// Where a debugger steps. An instruction whose page had to be made present comes again; one that
// has raised an exception does not.
static void finish_step(struct run *run) {
    struct machine *machine = run->machine;
    struct step *step = &machine->step;
    const bool cut = run->deferred.number == RAW_EXIT_SVM(SVM_HLT);
    const bool at_end = cut && step->under_way && !at_start(step, run->cpu);
    const bool ran = has_run(run, run->deferred.number != RAW_EXIT_NONE && !at_end);
    if (run->next == RUN_ON && (step->under_way || run->deferred.number != RAW_EXIT_NONE)) {
        const enum raw_exit_result result = deferred(run);
        if (!ran && result != RAW_EXIT_DIRTIED) {
            work_count_idle(&machine->work);
        }
        run_apply(run, result);
        step->short_blocks = 0; // It is no store to its own page.
    }
    if (run->next == RUN_ON && run->x87_suspect) {
        run_apply(run, raw_exit_x87_suspect(run->cpu, run->exit));
    }
    if (ran && run->next == RUN_ON) {
        run_divide_behind(run, step->end);
    }
    end_run(run);
    if (run->next == RUN_LEAVE) {
        run_ask(run, false);
    }
    if (run->next == RUN_ON && !must_begin_again(run)) {
        const bool stepped = ran || cut || run->raised || cpu_get(run->cpu, RIP) != run->began;
        run_begin_exit(run);
        run->exit->reason = stepped ? EXIT_STEPPED : EXIT_REQUESTED;
        run_ask(run, false);
    }
}

void run_finish(struct run *run) {
    struct machine *machine = run->machine;
    if (run->too_long) {
        translation_forget(&machine->translation, run->cpu, run_code_address(run));
    }
    if (run->next == RUN_ON) {
        refused(run);
    }
    if (run->cpu->steps) {
        finish_step(run);
        return;
    }
    if (run->next == RUN_ON && (machine->step.under_way || run->deferred.number != RAW_EXIT_NONE)) {
        const enum raw_exit_result result = deferred(run);
        if (run->deferred.number != RAW_EXIT_NONE && result != RAW_EXIT_DIRTIED) {
            work_count_idle(&machine->work);
        }
        run_apply(run, result);
    }
    if (run->next == RUN_ON && run->x87_suspect) {
        run_apply(run, raw_exit_x87_suspect(run->cpu, run->exit));
    }
    end_run(run);
    if (run->next == RUN_ON && must_begin_again(run)) {
        return;
    }
    if (run->next == RUN_LEAVE || (run->next == RUN_ON && work_is_to_end(&machine->work))) {
        run_ask(run, false);
    }
}
