// SPDX-License-Identifier: MIT
//
// Delivery of interrupts and exceptions through the guest's interrupt descriptor table, which
// Unicorn never does (SDM volume 3A, chapter 6). IA-32e mode only so far.

#ifndef ENGINE_CPU_DELIVER_H
#define ENGINE_CPU_DELIVER_H

#include "engine/cpu/state.h"

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
    DELIVERY_UNSUPPORTED, // Not in this processor mode.
};

bool vector_has_error_code(uint8_t vector);

// Needs an open CPU. Faults on the way are delivered in the event's place: first the fault, then a
// double fault, then the verdict is a triple fault.
enum delivery deliver_event(struct cpu *cpu, const struct event *event);

#endif // ENGINE_CPU_DELIVER_H
