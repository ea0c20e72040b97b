// SPDX-License-Identifier: MIT
//
// Delivery of interrupts and exceptions through the guest's interrupt vector or descriptor table,
// which Unicorn never does (SDM volume 3A, chapter 6; volume 1, section 6.5), in every mode.

#ifndef ENGINE_CPU_DELIVER_H
#define ENGINE_CPU_DELIVER_H

#include "engine/cpu/unicorn/state.h"

enum event_kind {
    EVENT_EXTERNAL, // Also NMI.
    EVENT_EXCEPTION,
    EVENT_SOFTWARE, // INT n, INT3, INTO: the gate's DPL is checked.
};

struct event {
    enum event_kind kind;
    uint8_t vector;
    bool has_error_code;
    uint32_t error_code;
    uint64_t return_rip;
};

enum delivery {
    DELIVERED,
    DELIVERY_TRIPLE_FAULT,
    DELIVERY_UNSUPPORTED, // A task gate.
    DELIVERY_UNBACKED,    // It needs guest-physical memory that is not there: `cpu->unbacked`.
};

bool vector_has_error_code(uint8_t vector);

// All need an open CPU. Faults on the way are delivered in the event's place: first the fault, then
// a double fault, then the verdict is a triple fault. Without DELIVERED, RIP stays.
enum delivery deliver_event(struct cpu *cpu, const struct event *event);

// An exception of the instruction at RIP.
enum delivery deliver_fault(struct cpu *cpu, uint8_t vector, uint32_t error_code);

// The instruction at RIP was carried out here: RIP goes past it, and a single-step trap follows if
// the program asked for one.
enum delivery deliver_completion(struct cpu *cpu, uint8_t length);

// The single-step trap alone.
enum delivery deliver_single_step(struct cpu *cpu);

enum delivery deliver_unbacked(struct cpu *cpu, uint64_t guest_physical);

#endif // ENGINE_CPU_DELIVER_H
