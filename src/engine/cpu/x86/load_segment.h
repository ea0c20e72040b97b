// SPDX-License-Identifier: MIT
//
// Loading data and stack segments in protected mode (SDM volume 2, MOV).

#ifndef ENGINE_CPU_X86_LOAD_SEGMENT_H
#define ENGINE_CPU_X86_LOAD_SEGMENT_H

#include "engine/cpu/x86/deliver_mode.h"

// A descriptor of the guest's tables for a segment, not a system descriptor, before any check.
struct descriptor {
    uint64_t linear;
    uint32_t words[2];
    struct segment segment;
};

// False with #GP of the selector when it is outside of its table, or a fault in reading it.
bool read_descriptor(struct cpu *cpu, uint16_t selector, struct descriptor *out,
                     struct fault *fault);

// Ends the loading of a segment: the accessed bit.
bool descriptor_loaded(struct cpu *cpu, const struct descriptor *descriptor, struct fault *fault);

// A null selector has neither base nor rights; for SS, CPL is its DPL.
struct segment null_segment(uint16_t selector, unsigned privilege);

// A stack segment for code of this privilege. A null selector is refused with #GP(0).
bool load_stack_segment(struct cpu *cpu, uint16_t selector, unsigned privilege, struct segment *out,
                        struct fault *fault);

#endif // ENGINE_CPU_X86_LOAD_SEGMENT_H
