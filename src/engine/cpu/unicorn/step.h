// SPDX-License-Identifier: MIT
//
// One instruction that runs alone, from a page that is not guarded meanwhile and is translated anew
// behind it. So do those that store into the page that they are themselves in: guarding that page
// again would fault for ever.

#ifndef ENGINE_CPU_UNICORN_STEP_H
#define ENGINE_CPU_UNICORN_STEP_H

#include "engine/cpu/unicorn/memory.h"

struct step {
    struct memory *memory; // Whose page it is, code_pages.h knows.
    uint64_t start;        // The instruction's linear address
    uint64_t end;          // and its end.
    bool under_way;
    bool over; // What is being reported comes from it.
};

// Does the instruction at RIP store into its own page, at this guest-physical address? It is the
// next step then.
bool step_must_store(struct step *step, struct cpu *cpu, uint64_t guest_physical, unsigned length);

// Unicorn translates ahead, and a fault that it meets on the page after RIP's looks like one of the
// instruction at RIP. True if that instruction lies before the page and has not run alone yet: it
// is the next step.
bool step_must_come_first(struct step *step, struct cpu *cpu, unsigned length);

// At the start and the end of a run: one that is to be made is under way in it.
void step_begin(struct step *step);
void step_end(struct step *step);

#endif // ENGINE_CPU_UNICORN_STEP_H
