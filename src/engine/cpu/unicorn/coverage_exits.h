// SPDX-License-Identifier: MIT
//
// Where the guest's blocks go on behind raw exits: what coverage.h has to know of them.

#ifndef ENGINE_CPU_UNICORN_COVERAGE_EXITS_H
#define ENGINE_CPU_UNICORN_COVERAGE_EXITS_H

#include "engine/cpu/unicorn/coverage.h"
#include "engine/cpu/unicorn/raw_exit.h"

// A raw exit was made, by the instruction at RIP, before anything is done about it.
void coverage_raw_exit(struct coverage *coverage, struct cpu *cpu, const struct raw_exit *raw);

// And afterwards, with what it came to: is it known now that the guest goes on elsewhere?
void coverage_raw_exit_done(struct coverage *coverage, const struct cpu *cpu,
                            const struct cpu_exit *exit);

// Unicorn has ended a block before the instruction at RIP, which runs next.
void coverage_divided(struct coverage *coverage, struct cpu *cpu);

#endif // ENGINE_CPU_UNICORN_COVERAGE_EXITS_H
