// SPDX-License-Identifier: MIT
//
// The state where an engine has it, which no call of Unicorn's tells: an engine's handle points to
// the processor, and that to its state. Both pointers are found by experiment, and what they lead
// to is believed only when it is all that a saved context says, before and after a register is
// changed, and when a register that is changed there is changed for Unicorn.

#ifndef ENGINE_CPU_UNICORN_LIVE_H
#define ENGINE_CPU_UNICORN_LIVE_H

#include "engine/cpu/unicorn/layout.h"

// Finds the pointers, in an engine whose general registers are unlike any other memory, and stand
// in the context, too. Both are for its use. Fills in `live`, or `copied` with the reason.
void live_find(uc_engine *engine, uc_context *context, struct layout *layout);

// Where an engine has its state. NULL when it is to be copied. The context is for its use.
uint8_t *live_state(uc_engine *engine, uc_context *context, const struct layout *layout);

#endif // ENGINE_CPU_UNICORN_LIVE_H
