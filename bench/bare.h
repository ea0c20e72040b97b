// SPDX-License-Identifier: MIT
//
// The other side of bench_guest: the same programs on bare Unicorn, without paging, with no hook or
// with one.

#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include "programs.h"

#include <unicorn/unicorn.h>

enum bare_hook {
    BARE_NO_HOOK,
    BARE_BLOCK_HOOK,  // A function that does nothing, at each block.
    BARE_CPUID_HOOK,  // A function in place of each CPUID.
    BARE_OUTPUT_HOOK, // A function at each OUT that stops the run.
    BARE_STOP_HOOK,   // A function that stops the run at each block.
};

struct bare {
    uc_engine *engine;
    uint64_t hooked; // How often the hook was called; the empty one does not count.
};

void bare_open(struct bare *bare, enum bare_hook hook);
void bare_close(struct bare *bare);

// Runs a program to its end, starting again after each stop; returns RAX.
uint64_t bare_run(struct bare *bare, enum program program, uint64_t count);

// With BARE_STOP_HOOK: starts and stops `count` times, running no instruction.
void bare_start_and_stop(struct bare *bare, uint64_t count);

#endif // BENCH_BARE_H
