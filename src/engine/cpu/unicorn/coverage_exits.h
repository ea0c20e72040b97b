// SPDX-License-Identifier: MIT
//
// Tells coverage where the guest's blocks go on behind raw exits.

#ifndef ENGINE_CPU_UNICORN_COVERAGE_EXITS_H
#define ENGINE_CPU_UNICORN_COVERAGE_EXITS_H

#include "engine/cpu/unicorn/coverage.h"
#include "engine/cpu/unicorn/raw_exit.h"

// Called when the instruction at RIP has made a raw exit, before that is handled.
void coverage_raw_exit(struct coverage *coverage, struct cpu *cpu, const struct raw_exit *raw);

// Called when the raw exit has been handled, with the exit that it became: the guest may go on
// elsewhere.
void coverage_raw_exit_done(struct coverage *coverage, const struct cpu *cpu,
                            const struct cpu_exit *exit);

// Unicorn has ended a block before the instruction at RIP, which runs next.
void coverage_divided(struct coverage *coverage, struct cpu *cpu);

#endif // ENGINE_CPU_UNICORN_COVERAGE_EXITS_H
