// SPDX-License-Identifier: MIT
//
// The client is asked what is next, and the run does what it has said.

#include "engine/cpu/unicorn/run_ask.h"

#include "engine/cpu/x86/nmi.h"

// Where an exit is requested the turn may have to pass on behind this one, and the client is asked
// once Unicorn has left the guest. Exceptions are no exits.
static bool must_leave(const struct run *run) {
    return run->exit->reason != EXIT_EXCEPTION && work_is_to_end(&run->machine->work);
}

// Clearing the whole structure would take longer than most work for an exit.
void run_begin_exit(struct run *run) {
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
           work_is_divided(work, run_code_address(run));
}

// A non-maskable interrupt that waits for the IRET at RIP must be looked at behind it.
void run_ask(struct run *run, bool inside) {
    if (inside && must_leave(run)) {
        run->next = RUN_LEAVE;
        return;
    }
    if (!inside && run->machine->work.counts) {
        work_rest(&run->machine->work, run_code_address(run));
    }
    run->exit->divides_block = divides_block(run);
    run->next = run->client->handle(run->client->context, run->exit, inside);
    if (run->next == RUN_ON && nmi_returns(run->cpu)) {
        work_end(&run->machine->work);
    }
}

bool run_apply(struct run *run, enum raw_exit_result result) {
    struct machine *machine = run->machine;
    run->raised |= run->exit->reason == EXIT_EXCEPTION;
    if (result == RAW_EXIT_TRANSLATED || run->exit->reason == EXIT_EXCEPTION) {
        if (machine->work.counts && run->exit->reason != EXIT_BREAKPOINT) {
            work_count(&machine->work);
            work_look(&machine->work);
        }
        run_ask(run, true);
    }
    if (run->next != RUN_ON) {
        return false;
    }
    run->exit->reason = EXIT_REQUESTED;
    return result != RAW_EXIT_STEP && !work_is_to_end(&machine->work) &&
           !code_pages_noted(&machine->memory.code);
}

void run_fail(struct run *run) {
    run->exit->reason = EXIT_FAILED;
    run->next = RUN_LEAVE;
}
