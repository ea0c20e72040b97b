// SPDX-License-Identifier: MIT
//
// Calls for debuggers. What a VCPU does that stops for one is fuzz_gdb's question.

#include "fuzz_trace.h"
#include "syscall_state.h"

#include <string.h>
#include <zirconia/debug.h>

enum { MOST_WATCHPOINTS = 20, MOST_BREAKPOINTS = 2048 };

// The registers that the VCPU has, one of them changed, or any bytes.
static void use_registers(struct state *state, bool write) {
    const zx_handle_t vcpu = state_handle(state);
    zirconia_registers_t *registers = state_pointer(state, sizeof *registers);
    const uint8_t how = input_byte(&state->input);
    zirconia_registers_t changed;
    if (!write) {
        zirconia_vcpu_read_registers(vcpu, registers);
    } else if (how % 2 != 0) {
        zirconia_vcpu_write_registers(vcpu, registers);
    } else if (zirconia_vcpu_read_registers(vcpu, &changed) == ZX_OK) {
        const size_t place = (size_t)input_bytes(&state->input, 2) % (sizeof changed / 8) * 8;
        const uint64_t value = input_amount(&state->input);
        memcpy((uint8_t *)&changed + place, &value, sizeof value);
        fuzz_trace_word((uint64_t)(int64_t)zirconia_vcpu_write_registers(vcpu, &changed));
    }
}

static void use_memory(struct state *state, bool write) {
    const zx_handle_t guest = state_handle(state);
    const uint64_t address = input_amount(&state->input);
    const size_t size = (size_t)input_amount(&state->input);
    void *buffer = state_pointer(state, size);
    if (write) {
        zirconia_guest_write_memory(guest, address, buffer, size);
    } else {
        zirconia_guest_read_memory(guest, address, buffer, size);
    }
}

static void set_breakpoints(struct state *state) {
    const zx_handle_t guest = state_handle(state);
    const size_t count = (size_t)input_bytes(&state->input, 2) % MOST_BREAKPOINTS;
    zirconia_guest_set_breakpoints(guest, state_pointer(state, count * sizeof(uint64_t)), count);
}

static void set_watchpoints(struct state *state) {
    const zx_handle_t guest = state_handle(state);
    const size_t count = input_byte(&state->input) % MOST_WATCHPOINTS;
    zirconia_watchpoint_t *watchpoints = state_pointer(state, count * sizeof *watchpoints);
    zirconia_guest_set_watchpoints(guest, watchpoints, count);
}

static void find(struct state *state) {
    const zx_handle_t handle = state_handle(state);
    const uint64_t address = input_amount(&state->input);
    switch (input_byte(&state->input) % 4) {
    case 0:
        zirconia_vcpu_find_linear(handle, address, state_pointer(state, sizeof(uint64_t)));
        break;
    case 1:
        zirconia_vcpu_walk_linear(handle, address, state_pointer(state, sizeof(zirconia_walk_t)));
        break;
    case 2:
        zirconia_guest_find_physical(handle, address,
                                     state_pointer(state, sizeof(zirconia_physical_t)));
        break;
    default:
        zirconia_vcpu_read_interrupts(handle, state_pointer(state, sizeof(zirconia_interrupts_t)));
        break;
    }
}

static void stop(struct state *state) {
    const zx_handle_t vcpu = state_handle(state);
    zirconia_vcpu_stop(vcpu);
    zirconia_vcpu_read_stop(vcpu, state_pointer(state, sizeof(zirconia_stop_t)));
}

static void set_stepping(struct state *state) {
    const zx_handle_t vcpu = state_handle(state);
    zirconia_vcpu_set_stepping(vcpu, input_byte(&state->input) % 3);
}

void call_debug(struct state *state, uint8_t which) {
    switch (which % 8) {
    case 0:
        use_registers(state, false);
        break;
    case 1:
        use_registers(state, true);
        break;
    case 2:
        use_memory(state, false);
        break;
    case 3:
        use_memory(state, true);
        break;
    case 4:
        set_breakpoints(state);
        break;
    case 5:
        set_watchpoints(state);
        break;
    case 6:
        find(state);
        break;
    default:
        which < 128 ? stop(state) : set_stepping(state);
        break;
    }
}
