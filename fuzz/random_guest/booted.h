// SPDX-License-Identifier: MIT
//
// The state of a VCPU behind its boot. Most random guests begin there: a boot is the same few
// blocks each time, and takes as long as many a life.

#ifndef RANDOM_GUEST_BOOTED_H
#define RANDOM_GUEST_BOOTED_H

#include "boot.h"
#include "choices.h"

#include <zircon/types.h>

// Boots as often as it takes, the first time. Before anything else.
void booted_make(void);

// Puts a VCPU that was made for the mode where some boot leads to: to the code at CHAOS + `start`.
void booted_put(zx_handle_t vcpu, enum boot_mode mode, uint32_t start, struct choices *choices);

#endif // RANDOM_GUEST_BOOTED_H
