// SPDX-License-Identifier: MIT
//
// The architectural state of one VCPU, as a saved Unicorn context. While the guest runs the engine
// has the newest state; cpu_open() brings it here, cpu_commit() takes changes back.

#ifndef ENGINE_CPU_STATE_H
#define ENGINE_CPU_STATE_H

#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/x86/registers.h"

enum nmi_state {
    NMI_OPEN,
    NMI_BLOCKED,
    NMI_RETURNS, // The handler's IRET is being carried out.
};

// The event that the guest has taken, for those who watch.
struct taken_event {
    bool any;
    uint8_t vector;
    uint32_t error_code;
};

struct cpu {
    struct machine *machine;
    uc_context *context;
    bool open;         // The context has the newest state.
    bool dirty;        // And the engine does not have it.
    uint64_t debug[8]; // Emulated: the real debug registers stay disarmed.
    uint64_t unbacked; // The address of the last DELIVERY_UNBACKED.
    struct taken_event taken;
    enum nmi_state nmi;
    uint64_t nmi_return; // Where the IRET is.
};

zx_status_t cpu_create(struct machine *machine, struct cpu **out);
void cpu_destroy(struct cpu *cpu);

// Brings the newest state into the context, and back to the engine. Only the turn's holder.
void cpu_open(struct cpu *cpu);
void cpu_commit(struct cpu *cpu);

// Opens the CPU before the run ends, whose end would mix into RFLAGS what CMPXCHG16B left over in
// the engine.
void cpu_keep(struct cpu *cpu);

// The same before the engine is started: its start takes the arithmetic flags and DF out of RFLAGS,
// where else only the other flags are.
void cpu_commit_to_start(struct cpu *cpu);

// All below need an open CPU and mark it dirty when they change something.
uint64_t cpu_register(const struct cpu *cpu, unsigned index);
void cpu_set_register(struct cpu *cpu, unsigned index, uint64_t value);
uint64_t cpu_rip(const struct cpu *cpu);
void cpu_set_rip(struct cpu *cpu, uint64_t value);
uint64_t cpu_rflags(const struct cpu *cpu);
void cpu_set_rflags(struct cpu *cpu, uint64_t value);
uint64_t cpu_control(const struct cpu *cpu, unsigned index);
void cpu_set_control(struct cpu *cpu, unsigned index, uint64_t value);
uint64_t cpu_efer(const struct cpu *cpu);
void cpu_set_efer(struct cpu *cpu, uint64_t value);
struct segment cpu_segment(const struct cpu *cpu, enum segment_register index);
void cpu_set_segment(struct cpu *cpu, enum segment_register index, const struct segment *segment);

// Other words of the state, by their offset in the layout (star, lstar, sysenter_cs, ...).
uint64_t cpu_word(const struct cpu *cpu, size_t offset);
void cpu_set_word(struct cpu *cpu, size_t offset, uint64_t value);

uint32_t cpu_error_code(const struct cpu *cpu);
unsigned cpu_privilege(const struct cpu *cpu);
bool cpu_interrupt_shadow(const struct cpu *cpu);
void cpu_clear_interrupt_shadow(struct cpu *cpu);
void cpu_set_window_exiting(struct cpu *cpu, bool on);

// Mode bits follow from CS, SS, CR0, CR4 and EFER; call after changing any of them.
void cpu_update_mode(struct cpu *cpu);

bool cpu_long_mode(const struct cpu *cpu);
bool cpu_code_64(const struct cpu *cpu);
bool cpu_canonical(uint64_t linear);
// 16, 32 or 64.
unsigned cpu_code_mode(const struct cpu *cpu);

// The linear address of an instruction at this RIP.
uint64_t cpu_code_address(const struct cpu *cpu, uint64_t rip);

#endif // ENGINE_CPU_STATE_H
