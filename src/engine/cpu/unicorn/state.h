// SPDX-License-Identifier: MIT
//
// The architectural state of one VCPU, as a saved Unicorn context. While the guest runs the engine
// has the newest state; cpu_open() brings it here, cpu_commit() takes changes back.

#ifndef ENGINE_CPU_UNICORN_STATE_H
#define ENGINE_CPU_UNICORN_STATE_H

#include "engine/cpu/state.h"
#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/layout.h"

#include <string.h>

enum { DEBUG_REGISTER_COUNT = DR7 - DR0 + 1 };

struct cpu {
    struct machine *machine;
    struct engine *engine;
    const struct layout *layout;
    uc_context *context;
    bool open;       // The context has the newest state.
    bool dirty;      // The engine does not have the newest state.
    bool mode_stale; // The derived mode bits are older than what they follow from.
    bool iret_stale; // The intercept of IRET is older than EFER, FS or GS.
    uint64_t debug[DEBUG_REGISTER_COUNT]; // Emulated: the engine's own stay disarmed.
    struct cpu_progress progress;
};

// --- The context, by offsets of layout.h; open ---

static inline size_t state_word(const struct cpu *cpu, enum cpu_register plain) {
    return cpu->layout->words[plain];
}

static inline size_t state_segment(enum segment_register index) {
    return STATE_SEGMENTS + (size_t)index * SEGMENT_SIZE;
}

static inline uint8_t *state_at(const struct cpu *cpu, size_t offset) {
    return (uint8_t *)cpu->context + cpu->layout->state + offset;
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

// Brings the newest state into the context, and back to the engine.
void cpu_open(struct cpu *cpu);
void cpu_commit(struct cpu *cpu);

// After cpu_open(), where the state was only looked at: the engine has the newest still.
static inline void cpu_close(struct cpu *cpu) {
    cpu->open = false;
}

// Opens the CPU before the run ends, whose end would mix into RFLAGS what CMPXCHG16B left over in
// the engine.
void cpu_keep(struct cpu *cpu);

// Prepares the CPU for the start of the engine, which takes the arithmetic flags and DF out of
// RFLAGS, where else only the other flags are.
void cpu_commit_to_start(struct cpu *cpu);

// --- registers.c ---

// RFLAGS: Unicorn keeps the arithmetic flags and DF apart.
uint64_t flags_get(const struct cpu *cpu);
void flags_set(struct cpu *cpu, uint64_t value);

// As flags_set(), with arithmetic flags of the caller's, where the context does not have them.
void flags_set_arithmetic(struct cpu *cpu, uint64_t arithmetic);

// The exception that the last report came with, or an intercept's first information word.
uint32_t cpu_error_code(const struct cpu *cpu);

// --- derived_mode.c ---

// The word of mode_bits.h as it follows from the registers.
uint32_t derived_mode(const struct cpu *cpu);

// --- media.c: FCW to MXCSR ---

uint64_t media_get(const struct cpu *cpu, enum cpu_register name);
void media_set(struct cpu *cpu, enum cpu_register name, uint64_t value);

#endif // ENGINE_CPU_UNICORN_STATE_H
