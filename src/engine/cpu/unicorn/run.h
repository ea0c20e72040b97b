// SPDX-License-Identifier: MIT
//
// A run under way. What Unicorn reports becomes a VM exit as a VMX processor would report it; guest
// exceptions, which do not exit there (hypervisor ABI 4.4), are delivered here.

#ifndef ENGINE_CPU_RUN_H
#define ENGINE_CPU_RUN_H

#include "engine/cpu/unicorn/state.h"

zx_status_t run_add_hooks(struct engine *engine);
zx_status_t run_add_block_hook(struct engine *engine);

// A run under way, for the hooks.
struct run {
    struct cpu *cpu;
    struct cpu_exit exit;
    exit_handler handle;
    void *context;
    enum run_next next;
    bool stepping;             // One instruction alone; what is reported waits for its end.
    bool went_on;              // In spite of attention.
    bool rip_is_old;           // The state was kept where Unicorn's RIP was not up to date.
    uint32_t deferred;         // The number of a report that waits for the end of the run,
    uint64_t deferred_address; // and its address.
};

// Stops the run, from a hook of a block.
void run_stop(uc_engine *engine, struct run *run);

// The run is about to end, because translation fails.
void run_refused(struct run *run);

#endif // ENGINE_CPU_RUN_H
