// SPDX-License-Identifier: MIT
//
// The local APIC's registers as MSRs 0x800 to 0x83f (hypervisor ABI 5.7).

#ifndef ENGINE_EXITS_X2APIC_H
#define ENGINE_EXITS_X2APIC_H

#include "engine/exits/exits.h"

#define MSR_X2APIC_FIRST 0x800u
#define MSR_X2APIC_LAST 0x83fu

zx_status_t x2apic_read(struct exit_context *context, uint32_t msr);
zx_status_t x2apic_write(struct exit_context *context, uint32_t msr, uint32_t low, uint32_t high);

#endif // ENGINE_EXITS_X2APIC_H
