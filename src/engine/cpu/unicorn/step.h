// SPDX-License-Identifier: MIT
//
// One instruction that runs alone, from pages that are not guarded meanwhile and are translated
// anew behind it. So do those that store into a page that they are themselves in, or have the
// processor do so, as when their page tables lie there: guarding that page again would fault for
// ever.

#ifndef ENGINE_CPU_UNICORN_STEP_H
#define ENGINE_CPU_UNICORN_STEP_H

#include "engine/cpu/unicorn/memory.h"

struct step {
    struct memory *memory; // Which knows the pages of the step (code_pages.h).
    uint64_t start;        // The linear address of the instruction.
    uint64_t end;          // The linear address after it.
    bool under_way;
    bool translated;       // The instruction was translated, for this step only.
    bool over;             // The instruction was carried out; what is reported comes from it.
    uint64_t last;         // The page of the last step.
    unsigned short_blocks; // How many of the next blocks are to be short.
};

void step_open(struct step *step, struct memory *memory);

// The instruction at RIP is about to store to this guest-physical address. True if that is in the
// page of the instruction, or in the next one where the block may end: then the instruction is the
// next step. `length` is 0 for an instruction that is undefined or not all there.
bool step_must_store(struct step *step, struct cpu *cpu, uint64_t guest_physical, unsigned length,
                     bool may_cross);

// Unicorn translates ahead, and a fault that it meets on the page after RIP's looks like one of the
// instruction at RIP. True if that instruction lies before the page and has not run alone yet: it
// is the next step.
bool step_must_come_first(struct step *step, struct cpu *cpu, unsigned length);

// The instruction at RIP is the next step, for a debugger. False when its page is not there.
bool step_choose(struct step *step, struct cpu *cpu);

// A block is about to be translated. True if code has just stored to its own page, and not for the
// first time: it is to be short, because such a store has all that follows translated anew.
bool step_makes_short(struct step *step);

// Drops the translations of the step's pages, before its instruction is translated.
void step_forget(struct step *step);

// The instruction that is under way was translated and is about to run. Its translation is dropped,
// so that whatever leads to its pages from there is noticed: that must be translated first.
void step_translated(struct step *step);

// Called at the start and the end of a run. A step that is to be made is under way in between.
void step_begin(struct step *step);
void step_end(struct step *step);

// Forgets all that was, between runs: the next run does not begin with a step. If it must, that is
// found out again.
void step_cancel(struct step *step);

#endif // ENGINE_CPU_UNICORN_STEP_H
