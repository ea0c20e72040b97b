// SPDX-License-Identifier: MIT
//
// Whether Unicorn can be stopped from any thread at any moment, exactly: between two blocks. By
// itself it looks for a stop after each load and store, in the middle of an instruction, and then
// says that the block has not begun. A byte of its own (no_exit_request) leaves those looks out of
// what it translates. That byte has no name outside of Unicorn: it is found by what surrounds it,
// and believed when an engine behaves as it should.

#ifndef ENGINE_CPU_UNICORN_EXACT_STOP_H
#define ENGINE_CPU_UNICORN_EXACT_STOP_H

#include <stdbool.h>
#include <unicorn/unicorn.h>

// False also when the environment says ZIRCONIA_EXIT_REQUESTS=hook. Any thread; the first call
// makes an engine.
bool exact_stop_have(void);

// Why exact_stop_have() is false, in a few words; NULL where it is true.
const char *exact_stop_obstacle(void);

// Makes stops of this engine exact from now on: it has translated nothing so far. Where
// exact_stop_have().
void exact_stop_set(uc_engine *unicorn);

#endif // ENGINE_CPU_UNICORN_EXACT_STOP_H
