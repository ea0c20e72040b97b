// SPDX-License-Identifier: MIT
//
// Stopping for a debugger. While memory is watched a guest runs by single steps.

#include "engine/debug.h"

#include "engine/instruments/breakpoints.h"
#include "engine/vcpu.h"
#include "objects/refusal.h"

#include <stdlib.h>
#include <string.h>

void debugger_destroy(struct debugger *debugger) {
    free(debugger->breakpoints);
}

zx_status_t debug_check_at_rest(const struct guest *guest) {
    ASSERT_TURN(&guest->turn);
    if (guest->vpids == 0) {
        return refuse(ZX_ERR_BAD_STATE, "the guest has no VCPU");
    }
    return guest_is_running(guest)
               ? refuse(ZX_ERR_BAD_STATE, "a VCPU of the guest is in a run call")
               : ZX_OK;
}

// --- Breakpoints ---

static int compare(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left;
    const uint64_t b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

// What is set may be taken away while the guest runs, but not be replaced.
static zx_status_t check_change(const struct guest *guest, size_t count) {
    return count > 0 ? debug_check_at_rest(guest) : ZX_OK;
}

static zx_status_t replace_breakpoints(struct guest *guest, struct breakpoints *breakpoints) {
    struct debugger *debugger = &guest->debugger;
    const zx_status_t status = check_change(guest, breakpoints->count);
    if (status != ZX_OK) {
        free(breakpoints);
        return status;
    }
    const bool had_none = debugger->breakpoints == NULL;
    const bool has_none = breakpoints->count == 0;
    if (has_none) {
        machine_forget_breakpoints(guest->machine);
    }
    free(debugger->breakpoints);
    debugger->breakpoints = has_none ? NULL : breakpoints;
    debugger->changes += !had_none || !has_none;
    breakpoints->version = debugger->changes;
    if (has_none) {
        free(breakpoints);
    }
    return ZX_OK;
}

zx_status_t debug_set_breakpoints(struct guest *guest, const uint64_t *addresses, size_t count) {
    struct breakpoints *breakpoints = calloc(1, sizeof *breakpoints + count * sizeof *addresses);
    if (breakpoints == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    breakpoints->count = count;
    memcpy(breakpoints->addresses, addresses, count * sizeof *addresses);
    qsort(breakpoints->addresses, count, sizeof *addresses, compare);
    turn_take_call(&guest->turn);
    const zx_status_t status = replace_breakpoints(guest, breakpoints);
    turn_give_call(&guest->turn);
    return status;
}

static bool is_at_breakpoint(const struct vcpu *vcpu) {
    const struct cpu *cpu = vcpu->cpu;
    const uint64_t rip = cpu_get(cpu, RIP) + cpu_segment(cpu, SEGMENT_CS).base;
    const uint64_t linear = cpu_code_mode(cpu) == CODE_64 ? rip : (uint32_t)rip;
    return breakpoints_contain(vcpu->guest->debugger.breakpoints, linear);
}

// --- Watchpoints ---

uint8_t *debug_host_address(struct guest *guest, uint64_t address, bool write) {
    ASSERT_TURN(&guest->turn);
    return address < GUEST_PHYSICAL_SIZE ? machine_host_address(guest->machine, address, write)
                                         : NULL;
}

// Reads the contents. A byte that is not mapped keeps the value that was read when it was.
static void read_watched(struct guest *guest, const struct watched *watched, uint8_t *value) {
    memcpy(value, watched->value, sizeof watched->value);
    for (uint64_t i = 0; i < watched->place.size; i++) {
        const uint8_t *host = debug_host_address(guest, watched->place.address + i, false);
        value[i] = host != NULL ? *host : value[i];
    }
}

static bool has_changed(struct guest *guest, struct watched *watched) {
    uint8_t value[WATCHPOINT_SIZE];
    read_watched(guest, watched, value);
    const bool changed = memcmp(value, watched->value, sizeof value) != 0;
    memcpy(watched->value, value, sizeof value);
    return changed;
}

static void collect_accesses(struct debugger *debugger) {
    for (size_t i = 0; i < debugger->accessed_count; i++) {
        struct accessed *accessed = &debugger->accessed[i];
        debugger->accessed_of[i]->read |= accessed->read;
        debugger->accessed_of[i]->written |= accessed->written;
        accessed->read = false;
        accessed->written = false;
    }
}

static bool is_met(struct guest *guest, struct watched *watched) {
    const bool read = watched->read;
    const bool written = watched->written;
    watched->read = false;
    watched->written = false;
    switch (watched->place.kind) {
    case ZIRCONIA_WATCH_READ:
        return read;
    case ZIRCONIA_WATCH_ACCESS:
        return read || written;
    default:
        return has_changed(guest, watched);
    }
}

// The first watchpoint that was met since the last look; NULL for none.
static const struct watched *find_met(struct guest *guest) {
    struct debugger *debugger = &guest->debugger;
    const struct watched *found = NULL;
    collect_accesses(debugger);
    for (size_t i = 0; i < debugger->watched_count; i++) {
        struct watched *watched = &debugger->watched[i];
        if (is_met(guest, watched)) {
            found = found != NULL ? found : watched;
        }
    }
    return found;
}

static void watch_accesses_in_page(struct guest *guest, struct watched *watched, uint64_t address,
                                   uint64_t size) {
    struct debugger *debugger = &guest->debugger;
    const uint8_t *host = debug_host_address(guest, address, false);
    if (host != NULL && size > 0) {
        debugger->accessed_of[debugger->accessed_count] = watched;
        debugger->accessed[debugger->accessed_count++] =
            (struct accessed){.host = host, .size = (size_t)size};
    }
}

// Where the memory is now: it may be elsewhere for the next instruction.
static void watch_accesses(struct guest *guest) {
    struct debugger *debugger = &guest->debugger;
    debugger->accessed_count = 0;
    for (size_t i = 0; i < debugger->watched_count; i++) {
        struct watched *watched = &debugger->watched[i];
        const uint64_t address = watched->place.address;
        const uint64_t next_page = (address | 0xfff) + 1;
        const uint64_t room = next_page - address;
        const uint64_t size = watched->place.size;
        if (watched->place.kind != ZIRCONIA_WATCH_CHANGE) {
            watch_accesses_in_page(guest, watched, address, size < room ? size : room);
            watch_accesses_in_page(guest, watched, next_page, size < room ? 0 : size - room);
        }
    }
}

static void place_watchpoints(struct debugger *debugger, const zirconia_watchpoint_t *watchpoints,
                              size_t count) {
    debugger->watched_count = count;
    for (size_t i = 0; i < count; i++) {
        debugger->watched[i] = (struct watched){.place = watchpoints[i]};
    }
}

zx_status_t debug_set_watchpoints(struct guest *guest, const zirconia_watchpoint_t *watchpoints,
                                  size_t count) {
    turn_take_call(&guest->turn);
    const zx_status_t status = check_change(guest, count);
    if (status == ZX_OK) {
        place_watchpoints(&guest->debugger, watchpoints, count);
        guest->debugger.accessed_count = 0;
    }
    turn_give_call(&guest->turn);
    return status;
}

// --- The run loop ---

static bool watches(const struct vcpu *vcpu) {
    return vcpu->guest->debugger.watched_count > 0;
}

static zx_status_t stop_for(struct vcpu *vcpu, uint32_t cause, uint64_t address) {
    vcpu->stop = (struct vcpu_stop){.cause = cause, .address = address};
    return refuse(ZX_ERR_STOP, "the VCPU has stopped for a debugger");
}

bool debug_steps(const struct vcpu *vcpu) {
    return vcpu->steps || watches(vcpu);
}

static void prepare(struct vcpu *vcpu) {
    struct debugger *debugger = &vcpu->guest->debugger;
    if (watches(vcpu)) {
        watch_accesses(vcpu->guest);
    }
    cpu_note_accesses(vcpu->cpu, debugger->accessed, debugger->accessed_count);
    cpu_debug(vcpu->cpu, debugger->breakpoints, debug_steps(vcpu));
}

void debug_begin(struct vcpu *vcpu) {
    ASSERT_TURN(&vcpu->guest->turn);
    prepare(vcpu);
    if (watches(vcpu)) {
        find_met(vcpu->guest);
    }
}

// Called behind an instruction, and when an event was delivered.
static zx_status_t look(struct vcpu *vcpu) {
    const struct watched *met = find_met(vcpu->guest);
    if (met != NULL) {
        const bool change = met->place.kind == ZIRCONIA_WATCH_CHANGE;
        return stop_for(vcpu, change ? ZIRCONIA_STOP_WATCHPOINT : ZIRCONIA_STOP_ACCESS,
                        met->place.address);
    }
    return vcpu->steps ? stop_for(vcpu, ZIRCONIA_STOP_STEP, 0) : ZX_OK;
}

zx_status_t debug_before_entry(struct vcpu *vcpu, uint64_t rip) {
    if (!debug_steps(vcpu)) {
        return ZX_OK;
    }
    const zx_status_t status = cpu_get(vcpu->cpu, RIP) != rip ? look(vcpu) : ZX_OK;
    return status == ZX_OK && !vcpu->steps && is_at_breakpoint(vcpu)
               ? stop_for(vcpu, ZIRCONIA_STOP_BREAKPOINT, 0)
               : status;
}

zx_status_t debug_exit(struct vcpu *vcpu, const struct cpu_exit *exit) {
    ASSERT_TURN(&vcpu->guest->turn);
    if (exit->reason == EXIT_BREAKPOINT) {
        return stop_for(vcpu, ZIRCONIA_STOP_BREAKPOINT, 0);
    }
    const zx_status_t status = look(vcpu);
    if (status == ZX_OK) {
        prepare(vcpu); // What it steps for may have been taken away.
    }
    return status;
}
