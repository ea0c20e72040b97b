// SPDX-License-Identifier: MIT
//
// What a guest has of the processor: one Unicorn engine, from the first VCPU on, and what belongs
// to it. A machine serves all VCPUs of one guest, which take turns on it; whoever holds the guest's
// turn may use it, nobody else.

#ifndef ENGINE_CPU_UNICORN_MACHINE_H
#define ENGINE_CPU_UNICORN_MACHINE_H

#include "engine/cpu/unicorn/coverage.h"
#include "engine/cpu/unicorn/memory.h"
#include "engine/cpu/unicorn/step.h"
#include "engine/cpu/unicorn/translation.h"
#include "engine/cpu/unicorn/work.h"

struct engine;
struct layout;
struct run;

struct machine {
    const struct layout *layout;
    struct engine *engine; // From the first VCPU on.
    bool failed;           // The engine has failed, and is to serve no other guest.
    struct memory memory;
    struct translation translation;
    struct step step;
    struct work work;
    struct coverage coverage;
    uint64_t breakpoints_version; // The breakpoints before which translated blocks end.
    struct run *run;              // NULL outside of cpu_run().
};

#endif // ENGINE_CPU_UNICORN_MACHINE_H
