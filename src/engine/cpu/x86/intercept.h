// SPDX-License-Identifier: MIT
//
// What a backend has stopped at, with RIP at the instruction. Either the guest goes on, behind the
// instruction or in the handler of a vectored event, or a VMX processor would exit (SDM volume 3C,
// chapter 25): then the functions return true and have filled in `exit`.

#ifndef ENGINE_CPU_X86_INTERCEPT_H
#define ENGINE_CPU_X86_INTERCEPT_H

#include "engine/cpu/cpu.h"

// --- intercept.c ---

// Decodes the instruction at RIP into `exit`. False, and a length of 0, when there is none.
bool intercept_decode(struct cpu *cpu, struct cpu_exit *exit);

// What follows an instruction that was carried out, or the delivery of a vectored event.
bool intercept_delivered(struct cpu *cpu, enum delivery result, struct cpu_exit *exit);
bool intercept_fault(struct cpu *cpu, uint8_t vector, uint32_t error_code, struct cpu_exit *exit);

// A fetch is neither a read nor a write, and what modifies its operand is both.
bool intercept_ept_violation(uint64_t guest_physical, bool read, bool write, struct cpu_exit *exit);

// An exit whatever the instruction is.
bool intercept_always(struct cpu *cpu, enum exit_reason reason, struct cpu_exit *exit);

// --- intercept_exception.c ---

// An opcode that the backend does not have, or must not.
bool intercept_invalid_opcode(struct cpu *cpu, struct cpu_exit *exit);

// INT n, INT3 or INTO.
bool intercept_software_interrupt(struct cpu *cpu, struct cpu_exit *exit);
bool intercept_decoded_interrupt(struct cpu *cpu, struct cpu_exit *exit);

// --- intercept_instruction.c, by instruction ---

bool intercept_control_register(struct cpu *cpu, struct cpu_exit *exit);
// CLTS or MOV, whose privilege was not looked at.
bool intercept_decoded_control_register(struct cpu *cpu, struct cpu_exit *exit);
bool intercept_debug_register(struct cpu *cpu, struct cpu_exit *exit);
bool intercept_iret(struct cpu *cpu, struct cpu_exit *exit);
bool intercept_msr(struct cpu *cpu, bool write, struct cpu_exit *exit);
bool intercept_port_access(struct cpu *cpu, struct cpu_exit *exit); // Decoded already.
// What RDTSC does and, with TSC_AUX, RDTSCP. Returns EAX.
uint32_t time_stamp_give(struct cpu *cpu, uint64_t time, bool auxiliary);
bool intercept_time_stamp(struct cpu *cpu, uint64_t time, struct cpu_exit *exit);
bool intercept_wbinvd(struct cpu *cpu, struct cpu_exit *exit); // INVD, too.
bool intercept_xsetbv(struct cpu *cpu, struct cpu_exit *exit); // Decoded already.

#endif // ENGINE_CPU_X86_INTERCEPT_H
