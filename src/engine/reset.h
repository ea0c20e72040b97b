// SPDX-License-Identifier: MIT
//
// The state in which a VCPU starts (hypervisor ABI 4): the boot processor in long mode with paging
// on, every other in real mode.

#ifndef ENGINE_RESET_H
#define ENGINE_RESET_H

#include "engine/vcpu.h"

// Sets the registers of a VCPU that has its number and a new `cpu`. The eras differ in control
// registers and XCR0.
void reset_vcpu(struct vcpu *vcpu, uint64_t entry, enum reset_form form);

#endif // ENGINE_RESET_H
