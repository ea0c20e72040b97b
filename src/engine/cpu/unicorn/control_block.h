// SPDX-License-Identifier: MIT
//
// The control block that every guest starts from: which exits there are, and a state, of which each
// VCPU gets its own.

#ifndef ENGINE_CPU_UNICORN_CONTROL_BLOCK_H
#define ENGINE_CPU_UNICORN_CONTROL_BLOCK_H

#include <stdint.h>

void control_block_fill(uint8_t *vmcb);

#endif // ENGINE_CPU_UNICORN_CONTROL_BLOCK_H
