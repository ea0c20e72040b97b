// SPDX-License-Identifier: MIT
//
// The x87 unit around its operations; see the header.

#include "engine/cpu/x86/x87_unit.h"

#include "engine/cpu/state.h"

#include <string.h>

#define X87_BEFORE (X87_IE | X87_DE | X87_ZE) // Exceptions that keep an operation from its result.

// --- The register stack ---

static unsigned place_of(const struct x87_unit *unit, unsigned index) {
    return ((unit->status >> FSW_TOP_SHIFT) + index) % X87_COUNT;
}

bool x87_is_empty(const struct x87_unit *unit, unsigned index) {
    return (cpu_get(unit->cpu, FTW) >> place_of(unit, index) & 1) == 0;
}

struct extended x87_get(const struct x87_unit *unit, unsigned index) {
    uint8_t bytes[10];
    struct extended value;
    cpu_get_x87(unit->cpu, place_of(unit, index), bytes);
    memcpy(&value.significand, bytes, sizeof value.significand);
    memcpy(&value.exponent, bytes + sizeof value.significand, sizeof value.exponent);
    return value;
}

void x87_set(const struct x87_unit *unit, unsigned index, struct extended value) {
    uint8_t bytes[10];
    memcpy(bytes, &value.significand, sizeof value.significand);
    memcpy(bytes + sizeof value.significand, &value.exponent, sizeof value.exponent);
    cpu_set_x87(unit->cpu, place_of(unit, index), bytes);
    cpu_set(unit->cpu, FTW, cpu_get(unit->cpu, FTW) | 1u << place_of(unit, index));
}

static void move_top(struct x87_unit *unit, unsigned by) {
    const unsigned top = ((unit->status >> FSW_TOP_SHIFT) + by) % X87_COUNT;
    unit->status = (unit->status & ~FSW_TOP_BITS) | top << FSW_TOP_SHIFT;
}

void x87_push(struct x87_unit *unit, struct extended value) {
    move_top(unit, X87_COUNT - 1);
    x87_set(unit, 0, value);
}

void x87_pop(struct x87_unit *unit) {
    cpu_set(unit->cpu, FTW, cpu_get(unit->cpu, FTW) & ~(1ull << place_of(unit, 0)));
    move_top(unit, 1);
}

// --- Exceptions ---

bool x87_record(struct x87_unit *unit, unsigned status, unsigned codes) {
    unit->status = (unit->status & ~codes) | status;
    const unsigned unmasked = status & ~unit->control & X87_EXCEPTIONS;
    unit->status |= unmasked != 0 ? X87_ES | X87_BUSY : 0;
    return (unmasked & X87_BEFORE) == 0;
}

// Is the unit to be had now? False with the fault delivered. An exception that an earlier
// instruction left unmasked is raised first.
bool x87_begin(struct cpu *cpu, struct x87_unit *unit, enum delivery *failure) {
    const uint64_t cr0 = cpu_get(cpu, CR0);
    *unit = (struct x87_unit){cpu, (unsigned)cpu_get(cpu, FCW), (unsigned)cpu_get(cpu, FSW)};
    if ((cr0 & (CR0_EM | CR0_TS)) != 0) {
        *failure = deliver_fault(cpu, VECTOR_DEVICE_NOT_AVAILABLE, 0);
        return false;
    }
    if ((unit->status & X87_ES) != 0 && (cr0 & CR0_NE) != 0) {
        *failure = deliver_fault(cpu, VECTOR_X87, 0);
        return false;
    }
    return true;
}

enum delivery x87_finish(const struct x87_unit *unit, const struct instruction *instruction) {
    cpu_set(unit->cpu, FSW, (uint16_t)unit->status);
    return deliver_completion(unit->cpu, instruction->length);
}
