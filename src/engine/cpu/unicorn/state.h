// SPDX-License-Identifier: MIT
//
// The architectural state of one VCPU. The engine has it of the VCPU that is loaded, a saved
// context that of each other. Of the one that is loaded it is read and written in the engine, in
// place, where that can be done (live.h). Where it cannot, cpu_open() copies it to the context, and
// cpu_commit() takes changes back.

#ifndef ENGINE_CPU_UNICORN_STATE_H
#define ENGINE_CPU_UNICORN_STATE_H

#include "engine/cpu/state.h"
#include "engine/cpu/unicorn/coverage.h"
#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/layout.h"

#include <string.h>

enum { DEBUG_REGISTER_COUNT = DR7 - DR0 + 1 };

struct cpu {
    struct machine *machine;
    struct engine *engine;
    const struct layout *layout;
    uc_context *context;
    uint8_t *state;        // In the engine, in place, or in the context.
    uint64_t flags_at_end; // RFLAGS without the arithmetic flags, from before the run ends; or 0.
    bool open;             // The newest state is there. Always, in place.
    bool dirty;            // The engine does not have the newest state. Not looked at in place.
    bool mode_stale;       // The derived mode bits are older than what they follow from.
    bool iret_stale;       // The intercept of IRET is older than EFER.
    bool steps;            // See cpu_debug().
    bool trap_lost;        // The single-step trap that comes is that of a CPUID, which has none.
    uint64_t debug[DEBUG_REGISTER_COUNT]; // Emulated: the engine's own stay disarmed.
    struct cpu_progress progress;
    struct cpu_exit exit; // The one that is handled, while the VCPU runs.
    struct coverage_place coverage;
};

// --- The state, by offsets of layout.h; open ---

static inline size_t state_word(const struct cpu *cpu, enum cpu_register plain) {
    return cpu->layout->words[plain];
}

static inline size_t state_segment(enum segment_register index) {
    return STATE_SEGMENTS + (size_t)index * SEGMENT_SIZE;
}

static inline uint8_t *state_at(const struct cpu *cpu, size_t offset) {
    return cpu->state + offset;
}

static inline uint64_t state_get64(const struct cpu *cpu, size_t offset) {
    uint64_t value;
    memcpy(&value, state_at(cpu, offset), sizeof value);
    return value;
}

static inline uint32_t state_get32(const struct cpu *cpu, size_t offset) {
    uint32_t value;
    memcpy(&value, state_at(cpu, offset), sizeof value);
    return value;
}

static inline void state_set(struct cpu *cpu, size_t offset, const void *value, size_t size) {
    memcpy(state_at(cpu, offset), value, size);
    cpu->dirty = true;
}

static inline void state_set64(struct cpu *cpu, size_t offset, uint64_t value) {
    state_set(cpu, offset, &value, sizeof value);
}

static inline void state_set32(struct cpu *cpu, size_t offset, uint32_t value) {
    state_set(cpu, offset, &value, sizeof value);
}

// --- state.c ---

// A VCPU of the machine's, whose engine is that one.
zx_status_t state_create(struct machine *machine, struct engine *engine,
                         const struct layout *layout, struct cpu **out);

// Lets the newest state be read and written, and has the engine go by it.
void cpu_open(struct cpu *cpu);
void cpu_commit(struct cpu *cpu);

// In place of cpu_commit() where the state was only looked at, so that the engine has the newest.
void cpu_close(struct cpu *cpu);

// Opens the CPU before the run ends, and keeps it open. The end of the run would mix into RFLAGS
// what CMPXCHG16B left over in the engine. cpu_keep_ended() is called when the run has ended.
void cpu_keep(struct cpu *cpu);
void cpu_keep_ended(struct cpu *cpu);

// As cpu_keep(), in the middle of an instruction, where it is not known yet what the arithmetic
// flags follow from. Only where the state is in place.
void cpu_keep_inside(struct cpu *cpu);

// Gives a change of the state to the engine before the run ends.
void cpu_apply(struct cpu *cpu);

// Prepares the CPU for the start of the engine, which takes the arithmetic flags and DF out of
// RFLAGS, where else only the other flags are.
void cpu_commit_to_start(struct cpu *cpu);

// --- registers.c ---

// RFLAGS, of which Unicorn keeps the arithmetic flags and DF apart. Where the state is in place it
// may have of the arithmetic flags only the operation and the values that they follow from.
uint64_t flags_get(const struct cpu *cpu);
void flags_set(struct cpu *cpu, uint64_t value);

// Has the engine compute the arithmetic flags, which nobody else can.
void flags_settle(struct cpu *cpu);
bool flags_settled(const struct cpu *cpu);

// The exception that the last raw exit came with, or an intercept's first information word.
uint32_t cpu_error_code(const struct cpu *cpu);
void cpu_set_error_code(struct cpu *cpu, uint32_t value);

bool cpu_window_exiting(const struct cpu *cpu);

// Has CPUID make exits unless the engine's hook answers it.
void cpu_let_answer(struct cpu *cpu, bool answers);

// --- derived_mode.c ---

// The word of mode_bits.h as it follows from the registers.
uint32_t derived_mode(const struct cpu *cpu);

// --- media.c: FCW to MXCSR ---

uint64_t media_get(const struct cpu *cpu, enum cpu_register name);
void media_set(struct cpu *cpu, enum cpu_register name, uint64_t value);

#endif // ENGINE_CPU_UNICORN_STATE_H
