// SPDX-License-Identifier: MIT
//
// The run itself: the client is asked, and Unicorn is entered, until the client has had enough.

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/guest_tables.h"
#include "engine/cpu/unicorn/run_ask.h"
#include "engine/cpu/unicorn/run_finish.h"
#include "engine/cpu/x86/nmi.h"
#include "objects/log.h"
#include "platform/check.h"
#include "platform/threads.h"

// What is wanted of coverage may be something else than in the last run. False when the engine
// fails.
static bool cover(const struct run *run) {
    struct machine *machine = run->machine;
    struct coverage *coverage = &machine->coverage;
    struct engine *engine = machine->engine;
    const bool compares = coverage->wish.compared != NULL;
    coverage_run(coverage, &run->cpu->coverage);
    if (engine->covers == coverage->on && engine->compares == compares) {
        return true;
    }
    if (engine->exact_stops && engine->covers != coverage->on) {
        // A block that a stop from outside keeps from running would be counted.
        coverage->on ? exit_request_close(&machine->work.request)
                     : exit_request_open(&machine->work.request, engine->unicorn);
    }
    return engine_cover(engine, coverage->on, compares);
}

// An instruction that cannot be fetched does not run alone, but ends the run.
static void begin_step(const struct run *run) {
    struct machine *machine = run->machine;
    struct step *step = &machine->step;
    const bool steps = run->cpu->steps;
    if (steps) {
        step_choose(step, run->cpu);
    }
    step_begin(step);
    if (step->under_way && (steps || machine->engine->exact_stops)) {
        step_forget(step); // See translation_done().
    }
    if (steps && machine->engine->exact_stops && machine->engine->has_blocks) {
        engine_flush(machine->engine); // A branch to one would go on there.
    }
    if (step->under_way ? !machine->engine->exact_stops : steps) {
        work_end(&machine->work); // Behind it: see must_go_on().
    }
}

// False when the engine fails.
static bool prepare(struct run *run) {
    struct machine *machine = run->machine;
    CHECK(machine->run == NULL); // One VCPU has the turn.
    machine->run = run;
    run_begin_exit(run);
    run->deferred = (struct raw_exit){.number = RAW_EXIT_NONE};
    run->rip_is_old = false;
    run->window_exiting = false;
    run->window_reported = false;
    run->absent = false;
    run->went_on = false;
    run->raised = false;
    run->began = cpu_get(run->cpu, RIP);
    run->ends_block =
        cpu_get(run->cpu, INTERRUPT_SHADOW) != 0 || (cpu_system_flags(run->cpu) & RFLAGS_TF) != 0;
    run->x87_suspect = false;
    run->too_long = false;
    x87_blocks_changed(&machine->engine->x87);
    if (machine->engine->loaded != run->cpu) {
        work_forget_end(&machine->work);
    }
    begin_step(run);
    if (code_pages_noted(&machine->memory.code)) {
        machine->translation.refusal = REFUSAL_NONE; // What it was about may have changed.
        code_pages_drop_noted(&machine->memory.code);
    }
    memory_provide(&machine->memory);
    guest_tables_look(&machine->memory);
    const bool watches = run->cpu->progress.accessed_count > 0;
    const bool started = cover(run) && engine_watch(machine->engine, watches) &&
                         translation_start(&machine->translation);
    cpu_let_answer(run->cpu, run->client->answer_cpuid != NULL);
    return started;
}

// Exits are set where Unicorn is to translate a block that ends where it begins: stopped before, it
// would look them up through the guest's tables.
static enum exit_request_entry entry_of(const struct run *run) {
    const struct machine *machine = run->machine;
    if (machine->translation.exits_set) {
        return ENTRY_CLOSED;
    }
    const bool forced = machine->step.under_way || run->cpu->steps || nmi_returns(run->cpu);
    return forced ? ENTRY_FORCED : ENTRY_OPEN;
}

// Comparisons call the client back.
static uc_err enter_unicorn(const struct machine *machine, uint64_t rip) {
    uc_engine *unicorn = machine->engine->unicorn;
    if (machine->coverage.wish.compared == NULL) {
        return uc_emu_start(unicorn, rip, 0, 0, 0);
    }
    const int cancel_state = platform_cancel_off();
    const uc_err error = uc_emu_start(unicorn, rip, 0, 0, 0);
    platform_cancel_restore(cancel_state);
    return error;
}

static void start(struct run *run) {
    struct machine *machine = run->machine;
    uint64_t rip = cpu_get(run->cpu, RIP);
    if (!prepare(run)) {
        machine->failed = true;
        run_fail(run);
        return;
    }
    uc_engine *unicorn = machine->engine->unicorn;
    struct exit_request *request = &machine->work.request;
    const enum exit_request_entry entry = entry_of(run);
    uc_err error = UC_ERR_OK;
    cpu_commit_to_start(run->cpu);
    if (exit_request_enter(request, entry)) {
        tlb_fill_run(&machine->engine->fill);
        error = enter_unicorn(machine, rip);
        tlb_fill_run(NULL);
        exit_request_leave(request);
        translation_end_copy(&machine->translation); // However it ended.
    }
    cpu_keep_ended(run->cpu);
    if (run->window_exiting) {
        cpu_set_window_exiting(run->cpu, true);
    }
    if (run->rip_is_old) {
        uc_reg_read(unicorn, UC_X86_REG_RIP, &rip);
        cpu_set(run->cpu, RIP, rip);
    }
    const bool kept_from = machine->translation.refusal != REFUSAL_NONE;
    const bool expected =
        (error == UC_ERR_FETCH_PROT && kept_from) || (error == UC_ERR_EXCEPTION && run->absent);
    if (error != UC_ERR_OK && !expected) {
        flat_engine_check(error, "running a guest");
        machine->failed = true;
        run_fail(run);
    } else if (!translation_has_memory(&machine->translation)) {
        log_line(ZIRCONIA_LOG_ERROR, "the host does not map a page of guest memory any more");
        machine->failed = true;
        run_fail(run);
    }
}

void cpu_run(struct cpu *cpu, const struct run_client *client) {
    struct run run = {.cpu = cpu, .machine = cpu->machine, .exit = &cpu->exit, .client = client};
    run_begin_exit(&run);
    run_ask(&run, false);
    while (run.next == RUN_ON) {
        start(&run);
        run_finish(&run);
    }
}
