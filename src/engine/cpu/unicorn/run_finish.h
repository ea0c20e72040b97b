// SPDX-License-Identifier: MIT
//
// Once Unicorn has left the guest: what it was kept from, what was put off until then, and where a
// debugger steps.

#ifndef ENGINE_CPU_UNICORN_RUN_FINISH_H
#define ENGINE_CPU_UNICORN_RUN_FINISH_H

#include "engine/cpu/unicorn/run.h"

// Deals with what could not be handled before Unicorn had left the guest.
void run_finish(struct run *run);

#endif // ENGINE_CPU_UNICORN_RUN_FINISH_H
