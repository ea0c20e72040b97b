// SPDX-License-Identifier: MIT
//
// The client is asked what is next, and the run does what it has said.

#ifndef ENGINE_CPU_UNICORN_RUN_ASK_H
#define ENGINE_CPU_UNICORN_RUN_ASK_H

#include "engine/cpu/unicorn/run.h"

// Clears what an exit without an instruction would otherwise show of the exit before.
void run_begin_exit(struct run *run);

// Tells the client of the exit, and notes in `next` what it wants. With `inside`, Unicorn has not
// left the guest yet.
void run_ask(struct run *run, bool inside);

// Asks the client about what a raw exit has become, if it became an exit. True when the guest goes
// on inside Unicorn.
bool run_apply(struct run *run, enum raw_exit_result result);

// The engine failed, or this library.
void run_fail(struct run *run);

#endif // ENGINE_CPU_UNICORN_RUN_ASK_H
