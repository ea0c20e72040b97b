// SPDX-License-Identifier: MIT
//
// The control block that every guest starts from: which exits there are, and a state, of which each
// VCPU gets its own.

#ifndef ENGINE_CPU_UNICORN_CONTROL_BLOCK_H
#define ENGINE_CPU_UNICORN_CONTROL_BLOCK_H

#include <stdint.h>

// `nested_root` is the physical address of the root of the nested page tables.
void control_block_fill(uint8_t *vmcb, uint64_t nested_root);

#endif // ENGINE_CPU_UNICORN_CONTROL_BLOCK_H
