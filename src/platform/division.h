// SPDX-License-Identifier: MIT
//
// The one quotient of two's complement that does not fit: the most negative number by -1. Of IDIV
// an x86 processor makes a fault of it, other processors give the dividend back (Intel's manual,
// volume 2A, IDIV). Code of others that divides first and looks at the quotient afterwards works
// there alone, until it is learned here.

#ifndef PLATFORM_DIVISION_H
#define PLATFORM_DIVISION_H

#include <stdbool.h>
#include <stdint.h>

// Calls `divide`, on whose way others' code makes such a division. From then on the division at
// that place, and no other, gives the dividend back and the remainder 0, in every thread that has
// called platform_let_divide(). One thread at a time. False when a fault came that is none such, or
// whose place is not told, as under Valgrind: `divide` was left where it stood.
bool platform_learn_division(void (*divide)(void *context), void *context);

// A fault whose signal is blocked ends the process: lets it through on the calling thread.
void platform_let_divide(void);

// --- For the handlers of faults ---

// The registers of the thread that faulted.
struct division_registers {
    uint64_t instruction;
    uint64_t rax;
    uint64_t rdx;
};

// Around the call of `divide`.
void division_learning(bool now);

// True when the fault was such a division at a place that is known, or is being learned: the
// registers are then as after it.
bool division_complete(struct division_registers *registers);

#endif // PLATFORM_DIVISION_H
