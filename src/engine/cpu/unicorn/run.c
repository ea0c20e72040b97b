// SPDX-License-Identifier: MIT
//
// The run itself, and the hooks through which Unicorn reports in it.

#include "engine/cpu/unicorn/run.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/report.h"
#include "engine/cpu/unicorn/translation.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/x86/nmi.h"
#include "objects/log.h"
#include "platform/check.h"

#define MOST_IDLE_REPORTS 100 // Ten times what any instruction of a sane guest needs.

void machine_request_exit(struct machine *machine) {
    atomic_store(&machine->exit_requested, true);
}

bool machine_exit_requested(const struct machine *machine) {
    return atomic_load_explicit(&machine->exit_requested, memory_order_relaxed);
}

void machine_clear_exit_request(struct machine *machine) {
    atomic_store(&machine->exit_requested, false);
}

uint64_t machine_work(const struct machine *machine) {
    return atomic_load_explicit(&machine->work, memory_order_relaxed);
}

void machine_stop_at(struct machine *machine, uint64_t work) {
    machine->stop_at = work;
}

static void stop(uc_engine *engine, const struct run *run) {
    cpu_keep(run->cpu);
    translation_forget_exits(run->cpu->machine);
    uc_emu_stop(engine);
}

void run_stop(uc_engine *engine, struct run *run) {
    run->rip_is_old = true;
    stop(engine, run);
}

void run_refused(struct run *run) {
    run->rip_is_old = true;
    cpu_keep(run->cpu);
    translation_forget_exits(run->cpu->machine);
}

// The instruction there must be carried out before the run may stop; but it may lead to itself.
static bool must_go_on(struct run *run, uint64_t address) {
    const struct cpu *cpu = run->cpu;
    const bool first = !run->went_on;
    run->went_on = true;
    return first && ((run->stepping && address == cpu->machine->code.step_start) ||
                     (nmi_returns_at(cpu, address)));
}

static void on_block(uc_engine *engine, uint64_t address, uint32_t size, void *context) {
    (void)size;
    const struct machine *machine = engine_machine(context);
    if (!machine_exit_requested(machine)) {
        return;
    }
    struct run *run = machine->run;
    if (!must_go_on(run, address)) {
        run_stop(engine, run);
    }
}

// Not beyond the moment at which the guest is to leave: what it still does before it has left may
// depend on when other threads ask for exits.
static void count_work(struct machine *machine) {
    const uint64_t work = machine_work(machine);
    machine->idle_reports = 0;
    if (work < machine->stop_at) {
        atomic_store_explicit(&machine->work, work + 1, memory_order_relaxed);
    }
}

static void request_exit_in_time(struct machine *machine) {
    if (machine_work(machine) >= machine->stop_at) {
        machine_request_exit(machine);
    }
}

// What an instruction needs before it runs (its tables, its page, a step) is no work, and a guest
// may contrive that there is no end to it.
static void count_report(struct machine *machine) {
    if (machine->counts && ++machine->idle_reports >= MOST_IDLE_REPORTS) {
        count_work(machine);
        request_exit_in_time(machine);
    }
}

static void on_counted_block(uc_engine *engine, uint64_t address, uint32_t size, void *context) {
    struct machine *machine = engine_machine(context);
    request_exit_in_time(machine);
    struct run *run = machine->run;
    if (machine_exit_requested(machine) && !must_go_on(run, address)) {
        run_stop(engine, run);
        return; // Without a count: it will be entered again.
    }
    (void)size;
    count_work(machine);
}

// A non-maskable interrupt that waits for the IRET at RIP must be looked at behind it.
static void ask(struct run *run, bool inside) {
    run->next = run->handle(run->context, &run->exit, inside);
    if (run->next == RUN_ON && nmi_returns(run->cpu)) {
        machine_request_exit(run->cpu->machine);
    }
}

// True when the guest goes on inside Unicorn.
static bool apply(struct run *run, enum report_result result) {
    struct machine *machine = run->cpu->machine;
    if (result == REPORT_EXIT || run->exit.reason == EXIT_EXCEPTION) {
        if (machine->counts) {
            count_work(machine);
            request_exit_in_time(machine);
        }
        ask(run, true);
    }
    if (run->next != RUN_ON) {
        return false;
    }
    run->exit.reason = EXIT_REQUESTED;
    return result != REPORT_STEP && !machine_exit_requested(machine) && !code_pages_noted(machine);
}

static void on_report(uc_engine *engine, uint32_t number, void *context) {
    struct machine *machine = engine_machine(context);
    struct run *run = machine->run;
    struct cpu *cpu = run->cpu;
    const uint8_t *vmcb = machine->hidden + HIDDEN_VMCB;
    const struct report report = {number, vmcb_get64(vmcb, VMCB_EXIT_INFORMATION_2)};
    count_report(machine);
    cpu_open(cpu);
    translation_abandon(machine);
    if (run->stepping) {
        run->deferred = report.number;
        run->deferred_address = report.address;
    } else {
        run->exit = (struct cpu_exit){.reason = EXIT_REQUESTED};
        if (apply(run, report_translate(cpu, &report, &run->exit))) {
            cpu_commit(cpu);
            return;
        }
    }
    if (number == REPORT_INTERCEPT(SVM_VIRTUAL_INTERRUPT)) {
        // Or it would be reported again before the run ends.
        cpu_set_window_exiting(cpu, false);
        uc_context_restore(engine, cpu->context);
    }
    stop(engine, run);
}

zx_status_t run_add_block_hook(struct engine *engine) {
    void *function = engine->counts ? (void *)on_counted_block : (void *)on_block;
    return flat_engine_check(
        uc_hook_add(engine->unicorn, &engine->block_hook, UC_HOOK_BLOCK, function, engine, 1, 0),
        "adding a hook");
}

zx_status_t run_add_hooks(struct engine *engine) {
    const struct {
        int type;
        void *function;
    } hooks[] = {
        {UC_HOOK_INTR, (void *)on_report},
        {UC_HOOK_EDGE_GENERATED, (void *)translation_done},
        {UC_HOOK_MEM_UNMAPPED | UC_HOOK_MEM_PROT, (void *)translation_fetch},
    };
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        uc_hook hook = 0;
        const uc_err error =
            uc_hook_add(engine->unicorn, &hook, hooks[i].type, hooks[i].function, engine, 1, 0);
        if (error != UC_ERR_OK) {
            return flat_engine_check(error, "adding a hook");
        }
    }
    return run_add_block_hook(engine);
}

zx_status_t machine_count_work(struct machine *machine) {
    machine->counts = true;
    return machine->lent == NULL ? ZX_OK : ZX_ERR_BAD_STATE;
}

// Unicorn was kept from a translation.
static void refused(struct run *run) {
    struct machine *machine = run->cpu->machine;
    switch (machine->refusal) {
    case REFUSAL_NOT_EXECUTABLE:
        apply(run, report_fetch_refused(run->cpu, &run->exit));
        return;
    case REFUSAL_CUT_UNCACHED:
        run->deferred = REPORT_INTERCEPT(SVM_HLT);
        return;
    case REFUSAL_NOT_READ:
        log_line(ZIRCONIA_LOG_ERROR, "code was about to be run that was not looked at before");
        run->exit.reason = EXIT_FAILED;
        run->next = RUN_LEAVE;
        return;
    case REFUSAL_CUT_FIRST:
        if (run->stepping) { // The end of the step forgets the page.
            machine->refusal = REFUSAL_NONE;
        }
        return;
    case REFUSAL_NONE:
    case REFUSAL_CROSSES:
        return;
    }
}

// What was reported and could not be handled at once.
static enum report_result deferred(struct run *run) {
    const struct report report = {run->deferred, run->deferred_address};
    if (run->stepping) {
        run->stepping = false;
        code_pages_end_step(run->cpu->machine);
        if (report.number == REPORT_NONE || report.number == REPORT_INTERCEPT(SVM_HLT)) {
            return REPORT_HANDLED; // The step's end. An HLT itself runs into its exit again.
        }
    }
    return report_translate(run->cpu, &report, &run->exit);
}

// The block that RIP is at must be translated once more. It may have to run in spite of attention.
static bool must_begin_again(const struct machine *machine) {
    return machine->refusal == REFUSAL_CROSSES || machine->refusal == REFUSAL_CUT_FIRST;
}

static void start(struct run *run) {
    struct machine *machine = run->cpu->machine;
    CHECK(machine->run == NULL); // One VCPU has the turn.
    machine->run = run;
    uint64_t rip = cpu_get(run->cpu, RIP);
    run->exit = (struct cpu_exit){.reason = EXIT_REQUESTED};
    run->deferred = REPORT_NONE;
    run->rip_is_old = false;
    run->went_on = false;
    run->stepping = code_pages_begin_step(machine);
    if (code_pages_noted(machine)) {
        machine->refusal = REFUSAL_NONE; // What it was about may have changed.
        code_pages_drop_noted(machine);
    }
    nested_provide(machine);
    if (!translation_start(machine)) {
        run->exit.reason = EXIT_FAILED;
        run->next = RUN_LEAVE;
        machine->failed = true;
        return;
    }
    cpu_commit_to_start(run->cpu);
    const uc_err error = uc_emu_start(machine->engine, rip, 0, 0, 0);
    cpu_open(run->cpu);
    if (run->rip_is_old) {
        uc_reg_read(machine->engine, UC_X86_REG_RIP, &rip);
        cpu_set(run->cpu, RIP, rip);
    }
    if (error != UC_ERR_OK && (error != UC_ERR_FETCH_PROT || machine->refusal == REFUSAL_NONE)) {
        flat_engine_check(error, "running a guest");
        machine->failed = true;
        run->exit.reason = EXIT_FAILED;
        run->next = RUN_LEAVE;
    }
}

// What is left to do of an exit once Unicorn has left the guest.
static void finish(struct run *run) {
    struct machine *machine = run->cpu->machine;
    if (run->next == RUN_ON) {
        refused(run);
    }
    if (run->next == RUN_ON && (run->stepping || run->deferred != REPORT_NONE)) {
        apply(run, deferred(run));
    }
    CHECK(machine->run == run);
    machine->run = NULL;
    if (run->next == RUN_ON && must_begin_again(machine)) {
        return;
    }
    machine->refusal = REFUSAL_NONE;
    if (run->next == RUN_LEAVE || (run->next == RUN_ON && machine_exit_requested(machine))) {
        ask(run, false);
    }
}

void cpu_run(struct cpu *cpu, exit_handler handle, void *context) {
    struct run run = {.cpu = cpu, .handle = handle, .context = context};
    run.exit.reason = EXIT_REQUESTED;
    ask(&run, false);
    while (run.next == RUN_ON) {
        start(&run);
        finish(&run);
    }
}
