// SPDX-License-Identifier: MIT
//
// Answers in the middle of a block, to what Unicorn calls the library for.

#ifndef ENGINE_CPU_UNICORN_RUN_ANSWERS_H
#define ENGINE_CPU_UNICORN_RUN_ANSWERS_H

#include "engine/cpu/unicorn/run.h"

// Carries out CPUID, where it makes no exit.
void run_cpuid(struct run *run);

// Carries out what Unicorn calls the library for; RIP is at it.
void run_call(struct run *run);

// Carries out RDTSC or, with `auxiliary`, RDTSCP, but for EAX, whose new value is returned.
uint32_t run_time_stamp(struct run *run, bool auxiliary);

#endif // ENGINE_CPU_UNICORN_RUN_ANSWERS_H
