// SPDX-License-Identifier: MIT
//
// What a debugger wants of a guest and of its VCPUs (zirconia/debug.h), and how the run loop stops
// for it.

#ifndef ENGINE_DEBUG_H
#define ENGINE_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/types.h>
#include <zirconia/debug.h>

#include "engine/instruments/breakpoints.h"

struct breakpoints;
struct cpu_exit;
struct guest;
struct vcpu;

enum { WATCHPOINT_SIZE = 8 };

struct watched {
    zirconia_watchpoint_t place;
    uint8_t value[WATCHPOINT_SIZE]; // Before the instruction.
    bool read;                      // By it.
    bool written;
};

// The turn guards it.
struct debugger {
    struct breakpoints *breakpoints; // NULL for none.
    uint64_t changes;
    struct watched watched[ZIRCONIA_WATCHPOINTS_MAX];
    size_t watched_count;
    // Their bytes where accesses are watched, in one page or in two.
    struct accessed accessed[2 * ZIRCONIA_WATCHPOINTS_MAX];
    struct watched *accessed_of[2 * ZIRCONIA_WATCHPOINTS_MAX];
    size_t accessed_count;
};

struct vcpu_stop {
    uint32_t cause;
    uint64_t address;
};

void debugger_destroy(struct debugger *debugger);

// BAD_STATE while a VCPU is in a run call; NO_MEMORY.
zx_status_t debug_set_breakpoints(struct guest *guest, const uint64_t *addresses, size_t count);
zx_status_t debug_set_watchpoints(struct guest *guest, const zirconia_watchpoint_t *watchpoints,
                                  size_t count);

// BAD_STATE while a VCPU is in a run call, NO_MEMORY; INVALID_ARGS for what no VCPU can have.
zx_status_t debug_read_registers(struct vcpu *vcpu, zirconia_registers_t *out);
zx_status_t debug_write_registers(struct vcpu *vcpu, const zirconia_registers_t *registers);

// BAD_STATE while a VCPU is in a run call; NOT_FOUND.
zx_status_t debug_find_linear(struct vcpu *vcpu, uint64_t linear, uint64_t *out);

// BAD_STATE while a VCPU is in a run call.
zx_status_t debug_walk_linear(struct vcpu *vcpu, uint64_t linear, zirconia_walk_t *out);
zx_status_t debug_find_physical(struct guest *guest, uint64_t address, zirconia_physical_t *out);
zx_status_t debug_read_interrupts(struct vcpu *vcpu, zirconia_interrupts_t *out);

// The host's copy of a byte, good to the end of its page. NULL where there is none. The caller has
// the turn, and no VCPU runs.
uint8_t *debug_host_address(struct guest *guest, uint64_t address, bool write);

// BAD_STATE without a VCPU, or while one is in a run call. The caller has the turn.
zx_status_t debug_check_at_rest(const struct guest *guest);

// --- The run loop, with the turn ---

// A run call begins.
void debug_begin(struct vcpu *vcpu);

// Whether the guest is to run by single steps.
bool debug_steps(const struct vcpu *vcpu);

// Before the guest is entered. ZX_ERR_STOP if it is not to be, as for a step that was the delivery
// of an interrupt; `rip` is where the VCPU was before interrupts were looked at.
zx_status_t debug_before_entry(struct vcpu *vcpu, uint64_t rip);

// EXIT_STEPPED and EXIT_BREAKPOINT. ZX_OK: the guest goes on.
zx_status_t debug_exit(struct vcpu *vcpu, const struct cpu_exit *exit);

#endif // ENGINE_DEBUG_H
