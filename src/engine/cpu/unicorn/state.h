// SPDX-License-Identifier: MIT
//
// The architectural state of one VCPU, as a saved Unicorn context. While the guest runs the engine
// has the newest state; cpu_open() brings it here, cpu_commit() takes changes back.

#ifndef ENGINE_CPU_STATE_H
#define ENGINE_CPU_STATE_H

#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/x86/progress.h"

enum { DEBUG_REGISTER_COUNT = DR7 - DR0 + 1 };

struct cpu {
    struct machine *machine;
    uc_context *context;
    bool open;       // The context has the newest state.
    bool dirty;      // And the engine does not have it.
    bool mode_stale; // The derived mode bits are older than what they follow from.
    bool iret_stale; // So is the intercept of IRET.
    uint64_t debug[DEBUG_REGISTER_COUNT]; // Emulated: the engine's own stay disarmed.
    struct cpu_progress progress;
};

// Brings the newest state into the context, and back to the engine.
void cpu_open(struct cpu *cpu);
void cpu_commit(struct cpu *cpu);

// Opens the CPU before the run ends, whose end would mix into RFLAGS what CMPXCHG16B left over in
// the engine.
void cpu_keep(struct cpu *cpu);

// The same before the engine is started: its start takes the arithmetic flags and DF out of RFLAGS,
// where else only the other flags are.
void cpu_commit_to_start(struct cpu *cpu);

#endif // ENGINE_CPU_STATE_H
