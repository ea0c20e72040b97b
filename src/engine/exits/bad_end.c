// SPDX-License-Identifier: MIT
//
// Why a run ended with an error, for a person: what the exit's handler refused.

#include "engine/exits/exits.h"
#include "objects/log.h"
#include "objects/refusal.h"

#include <inttypes.h>
#include <string.h>

enum { REASON_SIZE = 128 };

void bad_end_tell(const struct exit_context *context, zx_status_t status) {
    char reason[REASON_SIZE];
    // The others end no run badly: a kick, a spent budget, a call that is made again.
    const bool interrupted = status == ZX_ERR_CANCELED || status == ZX_ERR_STOP ||
                             status == ZX_ERR_TIMED_OUT || status == ZX_ERR_INTERNAL_INTR_RETRY ||
                             status == ZX_ERR_INTERNAL_INTR_KILLED;
    if (interrupted || !log_wants(ZIRCONIA_LOG_INFO) ||
        refusal_text(status, NULL, reason, sizeof reason) == 0) {
        return;
    }
    if (strcmp(reason, TRIPLE_FAULT_CAUSE) == 0) {
        return; // Whose whole story triple_fault_tell() has told.
    }
    log_line(ZIRCONIA_LOG_INFO, "vcpu %u at 0x%" PRIx64 ": %s", context->vcpu->seat.vpid - 1,
             cpu_get(context->vcpu->cpu, RIP), reason);
}
