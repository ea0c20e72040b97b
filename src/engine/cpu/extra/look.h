// SPDX-License-Identifier: MIT
//
// What a debugger sees of the way of an address: the guest's page tables, and the nested ones.

#ifndef ENGINE_CPU_EXTRA_LOOK_H
#define ENGINE_CPU_EXTRA_LOOK_H

#include "engine/cpu/x86/page_walk.h"

#include <stdint.h>

struct machine;

// The entry of the nested page tables that a guest-physical address leads to, as it is now, and how
// many bytes it leads to; 0 when none is present.
uint64_t machine_nested_entry(struct machine *machine, uint64_t guest_physical, uint64_t *size);

#endif // ENGINE_CPU_EXTRA_LOOK_H
