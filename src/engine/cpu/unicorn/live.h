// SPDX-License-Identifier: MIT
//
// The state inside an engine, whose place no call of Unicorn's tells: the engine's handle points to
// the processor, and that to its state. Both pointers are found by experiment. The memory that they
// lead to is relied on only if it equals a saved context, before and after a register is changed,
// and if a register that is changed there is changed for Unicorn.

#ifndef ENGINE_CPU_UNICORN_LIVE_H
#define ENGINE_CPU_UNICORN_LIVE_H

#include "engine/cpu/unicorn/layout.h"

// Finds the pointers, in an engine whose general registers are unlike any other memory and are in
// the context, too. It may change both. Fills in `live`, or `copied` with the reason.
void live_find(uc_engine *engine, uc_context *context, struct layout *layout);

// The address of an engine's state, or NULL when the state is to be copied. It may change the
// context.
uint8_t *live_state(uc_engine *engine, uc_context *context, const struct layout *layout);

#endif // ENGINE_CPU_UNICORN_LIVE_H
