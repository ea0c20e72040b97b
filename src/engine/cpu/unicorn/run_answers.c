// SPDX-License-Identifier: MIT
//
// Answers in the middle of a block, to what Unicorn calls the library for.

#include "engine/cpu/unicorn/run_answers.h"

#include "engine/cpu/unicorn/run_ask.h"
#include "engine/cpu/unicorn/run_stop.h"
#include "engine/cpu/x86/intercept.h"
#include "engine/cpu/x86/nmi.h"

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
    run_stop(run);
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
    run_begin_exit(run);
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
    if (run_apply(run, result)) {
        cpu_commit(cpu);
        end_call(run);
        exit_request_go_on(&machine->work.request);
        return;
    }
    run->window_reported = false;
    run_stop(run);
    end_call(run);
}

uint32_t run_time_stamp(struct run *run, bool auxiliary) {
    const struct machine_client *client = &run->machine->memory.client;
    return time_stamp_give(run->cpu, client->read_tsc(client->context), auxiliary);
}
