// SPDX-License-Identifier: MIT
//
// The x87 unit around its operations (SDM volume 1, chapter 8): the register stack and the status
// word, while an instruction is carried out.

#ifndef ENGINE_CPU_X86_X87_UNIT_H
#define ENGINE_CPU_X86_X87_UNIT_H

#include "engine/cpu/x86/deliver.h"
#include "engine/cpu/x86/extended.h"

struct x87_unit {
    struct cpu *cpu;
    unsigned control;
    unsigned status; // Goes to the CPU at the end.
};

// Is the unit to be had now? False with the fault delivered. An exception that an earlier
// instruction left unmasked is raised first.
bool x87_begin(struct cpu *cpu, struct x87_unit *unit, enum delivery *failure);
enum delivery x87_finish(const struct x87_unit *unit, const struct instruction *instruction);

// ST(index).
bool x87_is_empty(const struct x87_unit *unit, unsigned index);
struct extended x87_get(const struct x87_unit *unit, unsigned index);
void x87_set(const struct x87_unit *unit, unsigned index, struct extended value);
void x87_push(struct x87_unit *unit, struct extended value);
void x87_pop(struct x87_unit *unit);

// Clears the condition codes and adds exceptions and others. False when an exception is not masked
// that keeps the operation from its result.
bool x87_record(struct x87_unit *unit, unsigned status, unsigned codes);

#endif // ENGINE_CPU_X86_X87_UNIT_H
