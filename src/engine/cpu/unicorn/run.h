// SPDX-License-Identifier: MIT
//
// A run under way. What Unicorn reports becomes a VM exit as a VMX processor would report it; guest
// exceptions, which do not exit there (hypervisor ABI 4.4), are delivered here.

#ifndef ENGINE_CPU_UNICORN_RUN_H
#define ENGINE_CPU_UNICORN_RUN_H

#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/unicorn/raw_exit.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/x86/mode.h"

struct run {
    struct cpu *cpu;
    struct machine *machine;
    struct cpu_exit *exit; // The exit in the VCPU's state.
    const struct run_client *client;
    enum run_next next;
    bool x87_suspect;         // The next block may have a fault of the x87 stack.
    bool too_long;            // The next block goes on beyond the one that it is the rest of.
    bool went_on;             // The guest went on in spite of a requested exit.
    bool raised;              // The guest raised an exception.
    uint64_t began;           // RIP before Unicorn was entered.
    bool ends_block;          // The first instruction ends its block because of the state.
    bool rip_is_old;          // The state was kept where Unicorn's RIP was not up to date.
    bool window_exiting;      // Interrupt windows are to exit, once the run has ended.
    bool window_reported;     // The last raw exit was an interrupt window.
    bool absent;              // The run ends in an instruction, for a page that is not there.
    struct raw_exit deferred; // The raw exit that waits for the run's end, or RAW_EXIT_NONE.
};

static inline uint64_t run_code_address(const struct run *run) {
    return cpu_code_address(run->cpu, cpu_get(run->cpu, RIP));
}

#endif // ENGINE_CPU_UNICORN_RUN_H
