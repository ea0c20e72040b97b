// SPDX-License-Identifier: MIT
//
// Delivery of interrupts and exceptions through the guest's interrupt vector or descriptor table,
// which Unicorn never does (SDM volume 3A, chapter 6; volume 1, section 6.5), in every mode.

#ifndef ENGINE_CPU_DELIVER_H
#define ENGINE_CPU_DELIVER_H

#include "engine/cpu/cpu.h"

struct fault;

// The instruction at RIP was carried out: RIP goes past it, and a single-step trap follows if the
// program asked for one.
enum delivery deliver_completion(struct cpu *cpu, uint8_t length);

// The instruction at RIP was carried out and goes to `rip`, with these flags afterwards. The
// single-step trap looks at TF as it is then.
enum delivery deliver_arrival(struct cpu *cpu, uint64_t rip, uint64_t flags);

// The instruction at RIP raises an exception.
enum delivery deliver_fault(struct cpu *cpu, uint8_t vector, uint32_t error_code);

// A single-step trap is due, and nothing else follows the instruction before RIP.
enum delivery deliver_single_step(struct cpu *cpu);

// The fault of an instruction that is carried out here; see deliver_mode.h.
enum delivery fault_deliver(struct cpu *cpu, const struct fault *fault);

enum delivery deliver_unbacked(struct cpu *cpu, uint64_t guest_physical);
enum delivery deliver_operand_unbacked(struct cpu *cpu, uint64_t guest_physical, bool write);

#endif // ENGINE_CPU_DELIVER_H
