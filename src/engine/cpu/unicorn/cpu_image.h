// SPDX-License-Identifier: MIT
//
// A copy of a VCPU's whole state while it does not run: the saved context with all that Unicorn
// keeps of the processor, and what the library keeps beside it.

#ifndef ENGINE_CPU_UNICORN_CPU_IMAGE_H
#define ENGINE_CPU_UNICORN_CPU_IMAGE_H

#include "engine/cpu/unicorn/state.h"
#include "engine/instruments/cpu_image.h"

struct cpu_image {
    bool mode_stale;
    bool iret_stale;
    bool trap_lost;
    uint64_t debug[DEBUG_REGISTER_COUNT];
    // Without the walks, which are looked at again before they are believed.
    uint8_t progress[offsetof(struct cpu_progress, walks)];
    _Alignas(max_align_t) uint8_t context[];
};

#endif // ENGINE_CPU_UNICORN_CPU_IMAGE_H
