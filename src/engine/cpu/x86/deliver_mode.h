// SPDX-License-Identifier: MIT
//
// What the delivery of a vectored event in each processor mode shares. An attempt changes nothing
// of the VCPU unless it succeeds.

#ifndef ENGINE_CPU_DELIVER_MODE_H
#define ENGINE_CPU_DELIVER_MODE_H

#include "engine/cpu/x86/linear.h"

// Why an attempt failed: an exception to deliver instead, or what becomes of the delivery.
struct fault {
    enum delivery verdict; // DELIVERED: `vector` is to be delivered.
    uint8_t vector;
    uint32_t error_code;
    uint64_t address; // #PF
    bool write;       // Whether the access to memory that is not there writes.
};

bool deliver_real(struct cpu *cpu, const struct vectored_event *event, struct fault *fault);
bool deliver_legacy(struct cpu *cpu, const struct vectored_event *event, struct fault *fault);
bool deliver_long(struct cpu *cpu, const struct vectored_event *event, struct fault *fault);

// --- deliver_mode.c: all that return bool are false with `fault` filled in ---

bool fault_raise(struct fault *fault, uint8_t vector, uint32_t error_code);

// A failed access; `vector` is for an address that is not canonical.
bool fault_access(struct cpu *cpu, struct fault *fault, enum access_result result,
                  const struct access_fault *access, uint8_t vector);

// The EXT bit of error codes: 0 when a program's own INT led to the fault.
uint32_t external_bit(const struct vectored_event *event);

struct gate {
    uint64_t offset;
    uint16_t selector;
    uint8_t stack; // IST number, 0 for none.
    uint8_t type;  // With the S bit.
};

enum gate_type {
    GATE_TASK = 5,
    GATE_INTERRUPT_16 = 6,
    GATE_TRAP_16 = 7,
    GATE_INTERRUPT = 14,
    GATE_TRAP = 15,
};

// `size` is that of an IDT entry: 8, or 16 in long mode. Of the right type, present and open to the
// program if it is the program's own INT.
bool read_gate(struct cpu *cpu, const struct vectored_event *event, unsigned size,
               struct gate *gate, struct fault *fault);

// The segment of a handler: code, present, of no less privilege. Nothing else is checked.
bool read_handler_segment(struct cpu *cpu, const struct vectored_event *event, uint16_t selector,
                          struct segment *code, struct fault *fault);

bool read_system(struct cpu *cpu, uint64_t linear, void *out, size_t size, struct fault *fault);

// A segment register is loaded from the descriptor: sets its accessed bit (SDM volume 3A, section
// 3.4.5.1) unless the second word has it.
bool mark_accessed(struct cpu *cpu, uint64_t linear, uint32_t high_word, struct fault *fault);

// Whether the frame of the event has an error code (SDM volume 3A, table 6-1).
bool has_error_code(const struct vectored_event *event);

// RFLAGS as the frame has it, and as the handler gets it.
uint64_t saved_flags(const struct cpu *cpu, const struct vectored_event *event);
uint64_t handler_flags(const struct cpu *cpu, const struct gate *gate);

#endif // ENGINE_CPU_DELIVER_MODE_H
