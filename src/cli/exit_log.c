// SPDX-License-Identifier: MIT
//
// An exit is observed before anyone knows what becomes of it. Those that can end the run call are
// held until it has ended, or the next exit shows that it went on; all others are printed at once,
// so that a guest that stays in HLT is seen there.

#include "cli/exit_log.h"

#include <zircon/syscalls.h>

#include <zircon/syscalls/hypervisor.h>

#include "cli/fields.h"
#include "cli/json.h"

static bool can_return(zirconia_exit_kind_t kind) {
    switch (kind) {
    case ZIRCONIA_EXIT_CPUID:
    case ZIRCONIA_EXIT_HLT:
    case ZIRCONIA_EXIT_INTERRUPT_WINDOW:
    case ZIRCONIA_EXIT_PAUSE:
    case ZIRCONIA_EXIT_INTERRUPT_INJECTED:
    case ZIRCONIA_EXIT_EXCEPTION:
    case ZIRCONIA_EXIT_DELIVERY_FAILED:
        return false;
    default:
        return true;
    }
}

// A store to a bell's page at which the run call did not return has sent a packet.
static bool has_rung(const struct exit_log *log, const zirconia_exit_t *exit,
                     const struct exit_outcome *outcome) {
    if (exit->kind != ZIRCONIA_EXIT_EPT_VIOLATION || outcome->packet || outcome->status != ZX_OK)
        return false;
    for (size_t i = 0; i < log->options->trap_count; i++) {
        const struct trap_option *trap = &log->options->traps[i];
        if (trap->kind == ZX_GUEST_TRAP_BELL && exit->qualification[0] - trap->address < trap->size)
            return true;
    }
    return false;
}

static void tell_of_bell(const struct exit_log *log, const zirconia_exit_t *exit) {
    zx_port_packet_t packet;
    if (!log->bells || !bells_take(log->bells, &packet))
        return;
    trace_port_packet(log->trace, exit, &packet);
    if (log->timeline)
        timeline_port_packet(log->timeline, exit, &packet);
    html_port_packet(log->html, exit->vcpu, &packet);
    if (log->options->json)
        json_port_packet(&packet);
}

static void print(struct exit_log *log, struct exit_log_vcpu *vcpu,
                  const struct exit_outcome *outcome) {
    const zirconia_exit_t *exit = &vcpu->last;
    trace_exit(log->trace, exit, outcome);
    if (log->timeline)
        timeline_exit(log->timeline, exit, outcome);
    html_exit(log->html, exit, outcome);
    if (log->options->json)
        json_exit(exit, outcome);
    if (has_rung(log, exit, outcome))
        tell_of_bell(log, exit);
    vcpu->held = false;
}

static const struct exit_outcome went_on = {.packet = NULL, .status = ZX_OK};

// The guests of a fuzz target may have any number.
static struct exit_log_vcpu *of(struct exit_log *log, uint64_t vcpu) {
    return &log->of[vcpu % OPTIONS_MAX_CPUS];
}

static void tell_of_held(struct exit_log *log, struct exit_log_vcpu *vcpu) {
    if (vcpu->held)
        print(log, vcpu, &went_on);
}

void exit_log_observe_entry(void *context, uint64_t vcpu) {
    struct exit_log *log = context;
    host_lock(log->lock);
    tell_of_held(log, of(log, vcpu));
    html_enter(log->html, vcpu);
    host_unlock(log->lock);
}

static void count(struct exit_log *log, const zirconia_exit_t *exit) {
    if (log->options->stats)
        tally_add(log->tally, exit);
    if (log->options->stats && !log->options->virtual_time)
        stats_observe(log->stats, exit);
    if (is_exit_kind(exit->kind)) {
        log->count++;
        if (exit_log_limit_reached(log))
            (void)zx_vcpu_kick(log->vcpus[exit->vcpu]);
    }
}

void exit_log_observe(void *context, const zirconia_exit_t *exit) {
    struct exit_log *log = context;
    struct exit_log_vcpu *vcpu = of(log, exit->vcpu);
    host_lock(log->lock);
    tell_of_held(log, vcpu);
    html_observe(log->html, exit);
    vcpu->last = *exit;
    vcpu->held = true;
    if (!can_return(exit->kind))
        print(log, vcpu, &went_on);
    count(log, exit);
    host_unlock(log->lock);
}

void exit_log_returned(struct exit_log *log, uint64_t vcpu, zx_status_t status,
                       const zx_port_packet_t *packet) {
    // A kick does not come from the exit before it.
    const struct exit_outcome outcome = {
        .packet = status == ZX_OK ? packet : NULL,
        .status = status == ZX_ERR_CANCELED ? ZX_OK : status,
    };
    host_lock(log->lock);
    if (of(log, vcpu)->held)
        print(log, of(log, vcpu), &outcome);
    host_unlock(log->lock);
}

void exit_log_vcpu_ends(struct exit_log *log, uint64_t vcpu) {
    host_lock(log->lock);
    html_enter(log->html, vcpu); // What the last exit did to registers.
    host_unlock(log->lock);
}

bool exit_log_limit_reached(const struct exit_log *log) {
    return log->max_exits != 0 && log->count >= log->max_exits;
}
