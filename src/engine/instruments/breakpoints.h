// SPDX-License-Identifier: MIT
//
// Where a VCPU stops for a debugger: before instructions at breakpoints, which are linear
// addresses, or behind each instruction; and what it then has accessed.

#ifndef ENGINE_INSTRUMENTS_BREAKPOINTS_H
#define ENGINE_INSTRUMENTS_BREAKPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/instruments/accessed.h"

struct cpu;
struct machine;

struct breakpoints {
    uint64_t version; // Another one for other addresses; 0 while there have been none.
    size_t count;
    uint64_t addresses[]; // Ascending.
};

// NULL has none.
static inline bool breakpoints_contain(const struct breakpoints *breakpoints, uint64_t address) {
    size_t first = 0;
    size_t end = breakpoints != NULL ? breakpoints->count : 0;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (breakpoints->addresses[middle] == address) {
            return true;
        }
        if (breakpoints->addresses[middle] < address) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return false;
}

// From the next run on there is an EXIT_BREAKPOINT before each instruction that begins at a
// breakpoint; the addresses stay as they are while the VCPU runs. With `steps` there is none, but
// an EXIT_STEPPED behind each instruction, or iteration of a repeated string instruction, or when
// it has raised an exception instead. Neither is work, nor divides it.
void cpu_debug(struct cpu *cpu, const struct breakpoints *breakpoints, bool steps);

// From the next run on the list is told of accesses that instructions make.
void cpu_note_accesses(struct cpu *cpu, struct accessed *list, size_t count);

// The breakpoints are about to go, perhaps while a VCPU that waits for the turn is in a run.
void machine_forget_breakpoints(struct machine *machine);

#endif // ENGINE_INSTRUMENTS_BREAKPOINTS_H
