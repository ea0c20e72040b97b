// SPDX-License-Identifier: MIT
//
// Running a VCPU until an exit. What Unicorn reports becomes a VM exit as a VMX processor would
// report it; guest exceptions, which do not exit there (hypervisor ABI 4.4), are delivered here.

#ifndef ENGINE_CPU_RUN_H
#define ENGINE_CPU_RUN_H

#include "decode/port_access.h"
#include "engine/cpu/unicorn/state.h"

enum exit_reason {
    EXIT_ATTENTION, // No exit: the attention flag was seen.
    EXIT_CPUID,
    EXIT_HLT,
    EXIT_INTERRUPT_WINDOW,
    EXIT_VMCALL,
    EXIT_CONTROL_REGISTER_ACCESS,
    EXIT_IO_INSTRUCTION,
    EXIT_RDMSR,
    EXIT_WRMSR,
    EXIT_EPT_VIOLATION,
    EXIT_XSETBV,
    EXIT_PAUSE,
    EXIT_TRIPLE_FAULT,
    EXIT_EXCEPTION, // No exit: the guest has taken an exception through its IDT.
    EXIT_OTHER,     // An instruction that exits and that nobody handles.
    EXIT_FAILED,    // The engine failed; the reason is in the log.
};

struct cpu_exit {
    enum exit_reason reason;
    uint8_t instruction_length; // 0 when not known.
    uint8_t instruction[15];
    struct port_access port; // IO_INSTRUCTION
    uint64_t guest_physical; // EPT_VIOLATION
    bool write;              // EPT_VIOLATION
    bool fetch;              // EPT_VIOLATION
    uint8_t vector;          // EXCEPTION
    uint32_t error_code;     // EXCEPTION
};

// Handles an exit, or says no: then the run ends with it. It is called from inside Unicorn, with
// the state open, and so must neither run the engine nor give up the guest's turn.
typedef bool (*exit_handler)(void *context, const struct cpu_exit *exit);

// Runs until an exit for which `handle` says no. Only the turn's holder; the state is open after.
void cpu_run(struct cpu *cpu, struct cpu_exit *exit, exit_handler handle, void *context);

zx_status_t run_add_hooks(struct machine *machine);

// From now on, counts the blocks that run. Before the first run.
zx_status_t run_count_blocks(struct machine *machine);

// A run under way, for the hooks.
struct run {
    struct cpu *cpu;
    struct cpu_exit *exit;
    exit_handler handle;
    void *context;
    bool ended;                // By an exit.
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
