// SPDX-License-Identifier: MIT
//
// Why a run ended with an error, for a person, where the exit and the error alone do not tell.

#include "engine/exits/exits.h"
#include "objects/log.h"

#include <inttypes.h>
#include <stdio.h>

enum { REASON_SIZE = 128 };

static void tell_port(const struct exit_context *context, char *reason) {
    const struct port_access *access = &context->exit->port;
    const uint16_t port = access->immediate_port ? access->port_immediate
                                                 : (uint16_t)cpu_get(context->vcpu->cpu, RDX);
    const bool string = access->string || access->repeat;
    snprintf(reason, REASON_SIZE, "%s port 0x%x%s", access->input ? "IN from" : "OUT to", port,
             string ? " by a string instruction, which Zircon does not handle"
                    : ", which no trap covers");
}

static const char *why_not(zx_status_t status) {
    switch (status) {
    case ZX_ERR_NOT_FOUND:
        return "where no mapping and no trap is";
    case ZX_ERR_ACCESS_DENIED:
        return "whose mapping does not allow it";
    case ZX_ERR_OUT_OF_RANGE:
        return "which no guest has";
    case ZX_ERR_NO_MEMORY:
        return "for which the host has no memory";
    default:
        return "where a bell takes stores only";
    }
}

static void tell_memory(const struct exit_context *context, zx_status_t status, char *reason) {
    const struct cpu_exit *exit = context->exit;
    const char *access = exit->fetch ? "fetch from" : exit->write ? "write to" : "read of";
    snprintf(reason, REASON_SIZE, "%s guest-physical 0x%" PRIx64 ", %s", access,
             exit->guest_physical, why_not(status));
}

void bad_end_tell(const struct exit_context *context, zx_status_t status) {
    char reason[REASON_SIZE];
    // The others end no run badly: a kick, a call that is made again.
    const bool interrupted = status == ZX_ERR_CANCELED || status == ZX_ERR_INTERNAL_INTR_RETRY ||
                             status == ZX_ERR_INTERNAL_INTR_KILLED;
    if (interrupted || !log_wants(ZIRCONIA_LOG_INFO)) {
        return;
    }
    switch (context->exit->reason) {
    case EXIT_IO_INSTRUCTION:
        tell_port(context, reason);
        break;
    case EXIT_EPT_VIOLATION:
        tell_memory(context, status, reason);
        break;
    case EXIT_OTHER:
        snprintf(reason, sizeof reason, "an instruction or a task gate that nobody handles");
        break;
    default:
        return;
    }
    log_line(ZIRCONIA_LOG_INFO, "vcpu %u at 0x%" PRIx64 ": %s", context->vcpu->seat.vpid - 1,
             cpu_get(context->vcpu->cpu, RIP), reason);
}
