// SPDX-License-Identifier: MIT
//
// Whether any thread can stop Unicorn at any moment exactly, that is, between two blocks. By itself
// Unicorn looks for a stop after each load and store, in the middle of an instruction, and then
// says that the block has not begun. With a byte of its own set (no_exit_request) its translations
// do not look. The byte has no name outside of Unicorn: it is found by the bytes around it, and
// relied on when an engine then behaves as it should.

#ifndef ENGINE_CPU_UNICORN_EXACT_STOP_H
#define ENGINE_CPU_UNICORN_EXACT_STOP_H

#include <stdbool.h>
#include <unicorn/unicorn.h>

// Whether stops can be exact. False, too, when the environment says ZIRCONIA_EXIT_REQUESTS=hook.
// Any thread; the first call makes an engine.
bool exact_stop_have(void);

// Why exact_stop_have() is false, in a few words; NULL where it is true.
const char *exact_stop_obstacle(void);

// Makes stops of this engine exact from now on. It must have translated nothing so far, and
// exact_stop_have() must be true.
void exact_stop_set(uc_engine *unicorn);

#endif // ENGINE_CPU_UNICORN_EXACT_STOP_H
