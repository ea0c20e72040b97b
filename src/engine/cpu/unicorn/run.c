// SPDX-License-Identifier: MIT
//
// The run itself. What is reported is handled while Unicorn is still inside the guest, unless the
// guest is to leave or an instruction runs alone.

#include "engine/cpu/unicorn/run.h"

#include "engine/cpu/unicorn/coverage_exits.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/x86/intercept.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/nmi.h"
#include "objects/log.h"
#include "platform/check.h"
#include "platform/threads.h"

static uint64_t code_address(const struct cpu *cpu) {
    return cpu_code_address(cpu, cpu_get(cpu, RIP));
}

// --- Asking what is next ---

// Where an exit is requested the turn may have to pass on behind this one, and the client is asked
// once Unicorn has left the guest. Exceptions are no exits.
static bool must_leave(const struct run *run) {
    return run->exit->reason != EXIT_EXCEPTION && work_is_to_end(&run->machine->work);
}

// Clears what an exit without an instruction would otherwise show of the exit before. Clearing the
// whole structure would take longer than most work for an exit.
static void begin_exit(struct run *run) {
    struct cpu_exit *exit = run->exit;
    exit->reason = EXIT_REQUESTED;
    exit->instruction_length = 0;
    exit->decoded.length = 0;
    exit->starved = false;
}

// Nearly never: the code's address is asked for only where a page was absent or a debugger stops.
static bool divides_block(const struct run *run) {
    const struct work *work = &run->machine->work;
    const enum exit_reason reason = run->exit->reason;
    return work->resumes && (reason == EXIT_REQUESTED || reason == EXIT_STEPPED) &&
           work_is_divided(work, code_address(run->cpu));
}

// A non-maskable interrupt that waits for the IRET at RIP must be looked at behind it.
static void ask(struct run *run, bool inside) {
    if (inside && must_leave(run)) {
        run->next = RUN_LEAVE;
        return;
    }
    if (!inside && run->machine->work.counts) {
        work_rest(&run->machine->work, code_address(run->cpu));
    }
    run->exit->divides_block = divides_block(run);
    run->next = run->client->handle(run->client->context, run->exit, inside);
    if (run->next == RUN_ON && nmi_returns(run->cpu)) {
        work_end(&run->machine->work);
    }
}

// True when the guest goes on inside Unicorn.
static bool apply(struct run *run, enum raw_exit_result result) {
    struct machine *machine = run->machine;
    run->raised |= run->exit->reason == EXIT_EXCEPTION;
    if (result == RAW_EXIT_TRANSLATED || run->exit->reason == EXIT_EXCEPTION) {
        if (machine->work.counts && run->exit->reason != EXIT_BREAKPOINT) {
            work_count(&machine->work);
            work_look(&machine->work);
        }
        ask(run, true);
    }
    if (run->next != RUN_ON) {
        return false;
    }
    run->exit->reason = EXIT_REQUESTED;
    return result != RAW_EXIT_STEP && !work_is_to_end(&machine->work) &&
           !code_pages_noted(&machine->memory.code);
}

// The engine failed, or this library.
static void fail(struct run *run) {
    run->exit->reason = EXIT_FAILED;
    run->next = RUN_LEAVE;
}

// --- Inside of Unicorn ---

// The engine looks once more whether to report an interrupt window before it ends the run. That
// comes too late.
static void hold_window(struct run *run) {
    run->window_exiting |= cpu_window_exiting(run->cpu);
    if (run->window_exiting || run->window_reported) {
        cpu_set_window_exiting(run->cpu, false);
        cpu_apply(run->cpu);
    }
}

static void leave(struct run *run) {
    cpu_keep(run->cpu);
    hold_window(run);
    translation_forget_exits(&run->machine->translation);
}

static void stop(struct run *run) {
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
    stop(run);
    return true;
}

bool run_stop_for_x87(struct run *run) {
    run->x87_suspect = true;
    run->rip_is_old = true;
    stop(run);
    return true;
}

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

bool run_stop_for_length(struct run *run) {
    run->too_long = true;
    run->rip_is_old = true;
    stop(run);
    return true;
}

// For a debugger, before the instruction at RIP, if the block that ran last goes on there.
static void divide_block(struct run *run) {
    struct machine *machine = run->machine;
    struct work *work = &machine->work;
    const uint64_t address = code_address(run->cpu);
    if (work->counts && work_may_go_on(work, address)) {
        const uint64_t size =
            translation_undivided(&machine->translation, run->cpu, work->block, true);
        work_divide(work, address, size);
    }
}

static enum raw_exit_result translate(struct run *run, const struct raw_exit *raw) {
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
        divide_block(run);
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
    begin_exit(run);
    const enum raw_exit_result result = translate(run, raw);
    if (result != RAW_EXIT_DIRTIED) {
        work_count_idle(&run->machine->work);
    }
    return apply(run, result);
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
        if (!cpu->steps) {
            work_count_idle(&machine->work);
        }
        run->deferred = *raw;
    } else if (raw_exit_now(run, raw)) {
        cpu_commit(cpu);
        exit_request_go_on(&machine->work.request);
        return;
    }
    run->window_reported = raw->number == RAW_EXIT_SVM(SVM_VIRTUAL_INTERRUPT);
    stop(run);
}

// What Unicorn's own walk would end in, but for the way through its exits.
bool run_absent(struct run *run, uint64_t guest_physical, bool write) {
    struct machine *machine = run->machine;
    struct cpu *cpu = run->cpu;
    if (memory_is_backed(&machine->memory, guest_physical)) {
        return false;
    }
    exit_request_pause(&machine->work.request);
    work_count_idle(&machine->work);
    cpu_keep_inside(cpu);
    cpu_set_error_code(cpu, write ? PAGE_FAULT_WRITE : 0);
    cpu->trap_lost = false;
    run->absent = true;
    run->deferred = (struct raw_exit){
        .number = RAW_EXIT_SVM(SVM_NESTED_PAGE_FAULT), .address = guest_physical, .absent = true};
    run->window_reported = false;
    hold_window(run);
    translation_forget_exits(&machine->translation);
    return true;
}

void run_access(struct run *run, const uint8_t *host, size_t size, bool write) {
    const struct cpu_progress *progress = &run->cpu->progress;
    accessed_note(progress->accessed, progress->accessed_count, host, size, write);
}

// --- Answers in the middle of a block ---

// Somebody watches since the run has begun: what is told of others is told of it.
static void tell_cpuid(struct run *run) {
    struct cpu *cpu = run->cpu;
    struct exit_request *request = &run->machine->work.request;
    struct cpu_exit exit = {.reason = EXIT_REQUESTED};
    exit_request_pause(request);
    intercept_always(cpu, EXIT_CPUID, &exit);
    run->client->answer_cpuid(run->client->context, &exit);
    exit_request_go_on(request);
}

// As where it makes an exit, behind which Zircon goes on without a single-step trap.
void run_cpuid(struct run *run) {
    struct cpu *cpu = run->cpu;
    cpu->trap_lost = (cpu_system_flags(cpu) & RFLAGS_TF) != 0;
    if (!run->client->answer_cpuid(run->client->context, NULL)) {
        tell_cpuid(run);
    }
}

// Unicorn looks once more for a single-step trap behind the call, which has made it if there is
// one.
static void end_call(struct run *run) {
    struct cpu *cpu = run->cpu;
    cpu->trap_lost = (cpu_system_flags(cpu) & RFLAGS_TF) != 0;
    cpu_set(cpu, RIP, cpu_get(cpu, RIP) - CALL_LENGTH);
}

// The guest has mapped another page there and not invalidated the address.
static void call_is_old(struct run *run) {
    engine_begin_anew(run->machine->engine);
    exit_request_pause(&run->machine->work.request);
    stop(run);
    end_call(run);
}

// Answered at once where nobody watches.
static bool answers_cpuid(struct run *run) {
    const struct run_client *client = run->client;
    if (!raw_exit_is_cpuid(run->exit) || client->answer_cpuid == NULL ||
        !client->answer_cpuid(client->context, NULL)) {
        return false;
    }
    cpu_set(run->cpu, RIP, cpu_get(run->cpu, RIP) + run->exit->instruction_length - CALL_LENGTH);
    return true;
}

void run_call(struct run *run) {
    struct machine *machine = run->machine;
    struct cpu *cpu = run->cpu;
    begin_exit(run);
    if (!raw_exit_called(cpu, run->exit)) {
        call_is_old(run);
        return;
    }
    if (answers_cpuid(run)) {
        return;
    }
    cpu->progress.taken.any = false;
    const bool requests = nmi_blocked(cpu); // The end of its handler requests an exit.
    if (requests) {
        exit_request_pause(&machine->work.request);
    }
    const enum raw_exit_result result = raw_exit_call(cpu, run->exit);
    if (!requests && result == RAW_EXIT_HANDLED && run->exit->reason == EXIT_REQUESTED) {
        // Whoever wants an exit has stopped the run, and so has who stored to code from outside.
        // What the library stores itself drops the translations at once.
        cpu_commit(cpu);
        end_call(run);
        return;
    }
    exit_request_pause(&machine->work.request);
    if (apply(run, result)) {
        cpu_commit(cpu);
        end_call(run);
        exit_request_go_on(&machine->work.request);
        return;
    }
    run->window_reported = false;
    stop(run);
    end_call(run);
}

uint32_t run_time_stamp(struct run *run, bool auxiliary) {
    const struct machine_client *client = &run->machine->memory.client;
    return time_stamp_give(run->cpu, client->read_tsc(client->context), auxiliary);
}

// --- Once Unicorn has left the guest ---

// Unicorn was kept from a translation.
static void refused(struct run *run) {
    struct machine *machine = run->machine;
    switch (machine->translation.refusal) {
    case REFUSAL_NOT_EXECUTABLE:
        apply(run, raw_exit_fetch_refused(run->cpu, run->exit));
        return;
    case REFUSAL_CUT_UNCACHED:
        run->deferred.number = RAW_EXIT_SVM(SVM_HLT);
        return;
    case REFUSAL_NOT_READ:
        log_line(ZIRCONIA_LOG_ERROR, "code was about to be run that was not looked at before");
        fail(run);
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
    return translate(run, &run->deferred);
}

// The block that RIP is at must be translated once more. It may have to run in spite of a requested
// exit.
static bool must_begin_again(const struct run *run) {
    const enum refusal refusal = run->machine->translation.refusal;
    return refusal == REFUSAL_CHANGED || refusal == REFUSAL_CROSSES ||
           refusal == REFUSAL_CUT_FIRST || refusal == REFUSAL_UNHOOKED ||
           refusal == REFUSAL_NOT_SHOWN;
}

// What a debugger steps over is done, and has not gone elsewhere: the next instruction may be in
// the same block.
static void divide_behind(struct run *run, uint64_t next) {
    struct work *work = &run->machine->work;
    const uint64_t start = run->machine->step.start;
    if (work->counts && !run->ends_block && next == code_address(run->cpu)) {
        const uint64_t size =
            work->block == start
                ? translation_undivided(&run->machine->translation, run->cpu, start, true)
                : work->block_size;
        work_divide(work, next, size);
    }
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
        apply(run, result);
        step->short_blocks = 0; // It is no store to its own page.
    }
    if (run->next == RUN_ON && run->x87_suspect) {
        apply(run, raw_exit_x87_suspect(run->cpu, run->exit));
    }
    if (ran && run->next == RUN_ON) {
        divide_behind(run, step->end);
    }
    end_run(run);
    if (run->next == RUN_LEAVE) {
        ask(run, false);
    }
    if (run->next == RUN_ON && !must_begin_again(run)) {
        const bool stepped = ran || cut || run->raised || cpu_get(run->cpu, RIP) != run->began;
        begin_exit(run);
        run->exit->reason = stepped ? EXIT_STEPPED : EXIT_REQUESTED;
        ask(run, false);
    }
}

static void finish(struct run *run) {
    struct machine *machine = run->machine;
    if (run->too_long) {
        translation_forget(&machine->translation, run->cpu, code_address(run->cpu));
    }
    if (run->next == RUN_ON) {
        refused(run);
    }
    if (run->cpu->steps) {
        finish_step(run);
        return;
    }
    if (run->next == RUN_ON && (machine->step.under_way || run->deferred.number != RAW_EXIT_NONE)) {
        apply(run, deferred(run));
    }
    if (run->next == RUN_ON && run->x87_suspect) {
        apply(run, raw_exit_x87_suspect(run->cpu, run->exit));
    }
    end_run(run);
    if (run->next == RUN_ON && must_begin_again(run)) {
        return;
    }
    if (run->next == RUN_LEAVE || (run->next == RUN_ON && work_is_to_end(&machine->work))) {
        ask(run, false);
    }
}

// --- Entering the guest ---

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
    begin_exit(run);
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
        fail(run);
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
        fail(run);
    }
}

void cpu_run(struct cpu *cpu, const struct run_client *client) {
    struct run run = {.cpu = cpu, .machine = cpu->machine, .exit = &cpu->exit, .client = client};
    begin_exit(&run);
    ask(&run, false);
    while (run.next == RUN_ON) {
        start(&run);
        finish(&run);
    }
}
