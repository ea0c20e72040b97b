// SPDX-License-Identifier: MIT
//
// The run itself, and the hooks through which Unicorn reports in it.

#include "engine/cpu/unicorn/run.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/report.h"
#include "engine/cpu/unicorn/translation.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/x86/nmi.h"

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
    return atomic_load_explicit(&machine->blocks, memory_order_relaxed);
}

void machine_stop_at(struct machine *machine, uint64_t work) {
    machine->stop_at = work;
}

static void stop(uc_engine *engine, const struct run *run) {
    cpu_keep(run->cpu);
    if (run->stepping) {
        uint64_t none = 0;
        uc_ctl_set_exits(engine, &none, 0);
    }
    uc_emu_stop(engine);
}

void run_stop(uc_engine *engine, struct run *run) {
    run->rip_is_old = true;
    stop(engine, run);
}

void run_refused(struct run *run) {
    run->rip_is_old = true;
    cpu_keep(run->cpu);
}

// The instruction there must be carried out before the run may stop; but it may lead to itself.
static bool must_go_on(struct run *run, uint64_t address) {
    const struct cpu *cpu = run->cpu;
    const bool first = !run->went_on;
    run->went_on = true;
    return first && ((run->stepping && address == cpu->machine->code.step_start) ||
                     (cpu_nmi_returns_at(cpu, address)));
}

static void on_block(uc_engine *engine, uint64_t address, uint32_t size, void *context) {
    (void)size;
    const struct machine *machine = context;
    if (!machine_exit_requested(machine)) {
        return;
    }
    struct run *run = machine->run;
    if (!must_go_on(run, address)) {
        run_stop(engine, run);
    }
}

static void on_counted_block(uc_engine *engine, uint64_t address, uint32_t size, void *context) {
    struct machine *machine = context;
    const uint64_t blocks = machine_work(machine);
    if (blocks >= machine->stop_at) {
        machine_request_exit(machine);
    }
    struct run *run = machine->run;
    if (machine_exit_requested(machine) && !must_go_on(run, address)) {
        run_stop(engine, run);
        return; // Without a count: it will be entered again.
    }
    (void)size;
    atomic_store_explicit(&machine->blocks, blocks + 1, memory_order_relaxed);
}

// True when the guest goes on inside Unicorn.
static bool apply(struct run *run, enum report_result result) {
    const struct machine *machine = run->cpu->machine;
    if (result == REPORT_EXIT || run->exit.reason == EXIT_EXCEPTION) {
        run->next = run->handle(run->context, &run->exit, true);
    }
    if (run->next != RUN_ON) {
        return false;
    }
    run->exit.reason = EXIT_REQUESTED;
    return result != REPORT_STEP && !machine_exit_requested(machine) && !code_pages_noted(machine);
}

static void on_report(uc_engine *engine, uint32_t number, void *context) {
    struct machine *machine = context;
    struct run *run = machine->run;
    struct cpu *cpu = run->cpu;
    const uint8_t *vmcb = machine->hidden + HIDDEN_VMCB;
    const struct report report = {number, vmcb_get64(vmcb, VMCB_EXIT_INFORMATION_2)};
    cpu_open(cpu);
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

zx_status_t run_add_hooks(struct machine *machine) {
    static const struct {
        int type;
        void *function;
    } hooks[] = {
        {UC_HOOK_INTR, (void *)on_report},
        {UC_HOOK_BLOCK, (void *)on_block},
        {UC_HOOK_EDGE_GENERATED, (void *)translation_done},
        {UC_HOOK_MEM_UNMAPPED | UC_HOOK_MEM_PROT, (void *)translation_fetch},
    };
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        uc_hook hook = 0;
        const uc_err error =
            uc_hook_add(machine->engine, &hook, hooks[i].type, hooks[i].function, machine, 1, 0);
        if (error != UC_ERR_OK) {
            return flat_engine_check(error, "adding a hook");
        }
        if (hooks[i].type == UC_HOOK_BLOCK) {
            machine->block_hook = hook;
        }
    }
    return ZX_OK;
}

static bool translation_refused(const struct machine *machine) {
    return machine->bit_test.suspect != 0 || machine->fetch_refused;
}

zx_status_t machine_count_work(struct machine *machine) {
    uc_hook_del(machine->engine, machine->block_hook);
    return flat_engine_check(uc_hook_add(machine->engine, &machine->block_hook, UC_HOOK_BLOCK,
                                         (void *)on_counted_block, machine, 1, 0),
                             "adding a hook");
}

// Translation stopped at code that the guest may not execute or that Unicorn must not see.
static enum report_result refused(struct cpu *cpu, struct cpu_exit *exit) {
    if (cpu->machine->fetch_refused) {
        cpu->machine->fetch_refused = false;
        return report_fetch_refused(cpu, exit);
    }
    switch (locked_bit_test_resolve(cpu)) {
    case SUSPICION_CLEARED:
        return REPORT_HANDLED;
    case SUSPICION_INVALID_OPCODE:
        return report_invalid_opcode(cpu, exit);
    default:
        exit->reason = EXIT_OTHER;
        return REPORT_EXIT;
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

static void start(struct run *run) {
    struct machine *machine = run->cpu->machine;
    machine->run = run;
    uint64_t rip = cpu_get(run->cpu, RIP);
    run->exit = (struct cpu_exit){.reason = EXIT_REQUESTED};
    run->deferred = REPORT_NONE;
    run->rip_is_old = false;
    run->went_on = false;
    run->stepping = code_pages_begin_step(machine);
    code_pages_drop_noted(machine);
    if (machine->bit_test.cut) {
        uc_ctl_set_exits(machine->engine, &machine->bit_test.site, 1);
    }
    cpu_commit_to_start(run->cpu);
    const uc_err error = uc_emu_start(machine->engine, rip, 0, 0, 0);
    cpu_open(run->cpu);
    if (run->rip_is_old) {
        uc_reg_read(machine->engine, UC_X86_REG_RIP, &rip);
        cpu_set(run->cpu, RIP, rip);
    }
    if (error != UC_ERR_OK && (error != UC_ERR_FETCH_PROT || !translation_refused(machine))) {
        flat_engine_check(error, "running a guest");
        run->exit.reason = EXIT_FAILED;
        run->next = RUN_LEAVE;
    }
}

// What is left to do of an exit once Unicorn has left the guest.
static void finish(struct run *run) {
    struct machine *machine = run->cpu->machine;
    if (run->next == RUN_ON && translation_refused(machine)) {
        apply(run, refused(run->cpu, &run->exit));
    }
    if (run->next == RUN_ON && (run->stepping || run->deferred != REPORT_NONE)) {
        apply(run, deferred(run));
    }
    machine->run = NULL;
    if (run->next == RUN_LEAVE || (run->next == RUN_ON && machine_exit_requested(machine))) {
        run->next = run->handle(run->context, &run->exit, false);
    }
}

void cpu_run(struct cpu *cpu, exit_handler handle, void *context) {
    struct run run = {.cpu = cpu, .handle = handle, .context = context};
    run.exit.reason = EXIT_REQUESTED;
    run.next = handle(context, &run.exit, false);
    while (run.next == RUN_ON) {
        start(&run);
        finish(&run);
    }
}
