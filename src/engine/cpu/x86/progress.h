// SPDX-License-Identifier: MIT
//
// What the architecture's rules remember of a VCPU beside its registers. Each VCPU has one.

#ifndef ENGINE_CPU_X86_PROGRESS_H
#define ENGINE_CPU_X86_PROGRESS_H

#include "decode/instruction.h"
#include "engine/cpu/cpu.h"
#include "engine/cpu/x86/walk_cache.h"
#include "engine/instruments/accessed.h"

#include <stdbool.h>
#include <stdint.h>

enum nmi_state {
    NMI_OPEN,
    NMI_BLOCKED,
    NMI_RETURNS, // The handler's IRET is being carried out.
};

// The event that the guest has taken, for those who watch.
struct taken_event {
    bool any;
    uint8_t vector;
    uint32_t error_code;
};

// Short instructions that made exits. What they are follows from their bytes and the mode alone.
enum { DECODED_INSTRUCTIONS = 16 };
struct decoded_instruction {
    enum code_mode mode; // 0 in an entry that is free.
    uint64_t bytes;
    uint64_t mask; // Selects the bytes of the eight that belong to the instruction.
    struct instruction instruction;
};

struct cpu_progress {
    struct taken_event taken;
    struct failed_delivery failed[FAILED_DELIVERIES];
    unsigned failed_count;
    uint64_t unbacked;   // Address of the last DELIVERY_UNBACKED or DELIVERY_OPERAND_UNBACKED.
    bool unbacked_write; // Whether the last DELIVERY_OPERAND_UNBACKED was a store.
    enum nmi_state nmi;
    uint64_t nmi_return; // The linear address of the IRET, with NMI_RETURNS.
    struct walk_cache walks;
    struct accessed *accessed; // What a debugger watches.
    size_t accessed_count;
    struct decoded_instruction decoded[DECODED_INSTRUCTIONS];
};

#endif // ENGINE_CPU_X86_PROGRESS_H
