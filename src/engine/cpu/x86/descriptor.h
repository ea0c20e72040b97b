// SPDX-License-Identifier: MIT
//
// Segment descriptors of the guest's tables, and what a loaded segment permits.

#ifndef ENGINE_CPU_DESCRIPTOR_H
#define ENGINE_CPU_DESCRIPTOR_H

#include "engine/cpu/x86/linear.h"

// The segment as it is when loaded, from the two doublewords of its descriptor.
struct segment segment_from_descriptor(uint16_t selector, const uint32_t words[2]);

// Where in linear memory the descriptor of a selector is. False: outside of its table.
bool descriptor_address(const struct cpu *cpu, uint16_t selector, uint64_t *linear);

// Outside of 64-bit code: are `size` bytes at `offset` inside the limit?
bool segment_contains(const struct segment *segment, uint64_t offset, uint32_t size);

// Does a return to this outer privilege make the segment null? Not only one that is too privileged:
// a new VCPU has null selectors, and so may have what was in real mode, with segments that it can
// use (SDM volume 2, IRET: RETURN-TO-OUTER-PRIVILEGE-LEVEL).
bool segment_is_lost(const struct segment *segment, unsigned privilege);

#endif // ENGINE_CPU_DESCRIPTOR_H
