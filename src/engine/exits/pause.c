// SPDX-License-Identifier: MIT
//
// PAUSE (hypervisor ABI 5.3). A VCPU that waits for another one in a loop gives it the turn.

#include "engine/exits/exits.h"

zx_status_t exit_pause(struct exit_context *context) {
    struct guest *guest = context->vcpu->guest;
    exit_advance(context);
    if (!turn_pause(&guest->turn) && guest->clock.is_virtual) {
        guest_clock_end_time_slice(guest);
    }
    return ZX_OK;
}
