// SPDX-License-Identifier: MIT
//
// What comes before the guest is entered, in the order of Zircon's loop (hypervisor ABI 8).

#ifndef ENGINE_VCPU_ENTRY_H
#define ENGINE_VCPU_ENTRY_H

#include "engine/vcpu.h"

// Looks for a kick, then injects an interrupt or asks for its interrupt window, then updates the
// paravirtual clock. What is due behind an exit is done then.
// ZX_ERR_CANCELED for a kick, ZX_ERR_NOT_SUPPORTED for a vector that nobody defines,
// ZX_ERR_BAD_STATE for a state that VM entry refuses, and what exit_delivery() says of the
// interrupt.
zx_status_t vcpu_prepare_entry(struct vcpu *vcpu);

#endif // ENGINE_VCPU_ENTRY_H
