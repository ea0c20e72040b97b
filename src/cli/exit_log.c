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
static bool has_rung(const struct exit_log *log, const struct exit_outcome *outcome) {
    const zirconia_exit_t *exit = &log->last;
    if (exit->kind != ZIRCONIA_EXIT_EPT_VIOLATION || outcome->packet || outcome->status != ZX_OK)
        return false;
    for (size_t i = 0; i < log->options->trap_count; i++) {
        const struct trap_option *trap = &log->options->traps[i];
        if (trap->kind == ZX_GUEST_TRAP_BELL && exit->qualification[0] - trap->address < trap->size)
            return true;
    }
    return false;
}

static void tell_of_bell(const struct exit_log *log) {
    zx_port_packet_t packet;
    if (!log->bells || !bells_take(log->bells, &packet))
        return;
    trace_port_packet(log->trace, &packet);
    if (log->timeline)
        timeline_port_packet(log->timeline, &log->last, &packet);
    html_port_packet(log->html, &packet);
    if (log->options->json)
        json_port_packet(&packet);
}

static void print(struct exit_log *log, const struct exit_outcome *outcome) {
    trace_exit(log->trace, &log->last, outcome);
    if (log->timeline)
        timeline_exit(log->timeline, &log->last, outcome);
    html_exit(log->html, &log->last, outcome);
    if (log->options->json)
        json_exit(&log->last, outcome);
    if (has_rung(log, outcome))
        tell_of_bell(log);
    log->held = false;
}

static const struct exit_outcome went_on = {.packet = NULL, .status = ZX_OK};

void exit_log_observe_entry(void *context, uint64_t vcpu) {
    struct exit_log *log = context;
    (void)vcpu;
    if (log->held)
        print(log, &went_on);
    html_enter(log->html);
}

void exit_log_observe(void *context, const zirconia_exit_t *exit) {
    struct exit_log *log = context;
    if (log->held)
        print(log, &went_on);
    html_observe(log->html, exit);
    log->last = *exit;
    log->held = true;
    if (!can_return(exit->kind))
        print(log, &went_on);
    if (log->options->stats)
        tally_add(log->tally, exit);
    if (log->options->stats && !log->options->virtual_time)
        stats_observe(log->stats, exit);
    if (is_exit_kind(exit->kind)) {
        log->count++;
        if (exit_log_limit_reached(log))
            (void)zx_vcpu_kick(log->vcpu);
    }
}

void exit_log_returned(struct exit_log *log, zx_status_t status, const zx_port_packet_t *packet) {
    // A kick does not come from the exit before it.
    const struct exit_outcome outcome = {
        .packet = status == ZX_OK ? packet : NULL,
        .status = status == ZX_ERR_CANCELED ? ZX_OK : status,
    };
    if (log->held)
        print(log, &outcome);
}

bool exit_log_limit_reached(const struct exit_log *log) {
    return log->max_exits != 0 && log->count >= log->max_exits;
}
