// SPDX-License-Identifier: MIT
//
// What happens when Unicorn translates a block of guest code: it guards pages that hold code, and
// ends blocks before what Unicorn must not translate in them, or at all.

#ifndef ENGINE_CPU_UNICORN_TRANSLATION_H
#define ENGINE_CPU_UNICORN_TRANSLATION_H

#include "engine/cpu/unicorn/block.h"
#include "engine/cpu/unicorn/code_copy.h"
#include "engine/cpu/unicorn/cuts.h"
#include "engine/cpu/unicorn/page_swap.h"

struct cpu;
struct engine;
struct memory;
struct step;
struct work;

// Why Unicorn was kept from translating a block.
enum refusal {
    REFUSAL_NONE,
    REFUSAL_NOT_EXECUTABLE, // The guest may not execute a page that the block lies in.
    REFUSAL_CROSSES,        // The block must begin again, to be read ahead in its second page.
    REFUSAL_CUT_FIRST,      // It must end where it begins: translate it so.
    REFUSAL_CUT_UNCACHED,   // It would end where it begins, which Unicorn cannot do.
    REFUSAL_NOT_SHOWN,      // A call cannot be shown: the block must be translated without.
    REFUSAL_UNHOOKED,       // It must be translated with a hook: translate it so.
    REFUSAL_STEP_OVER,      // It follows an instruction that runs alone.
    REFUSAL_CHANGED,        // What was read ahead is something else by now: read it once more.
    REFUSAL_NOT_READ,       // It goes where it was not read ahead. This must not happen.
};

struct translation {
    struct engine *engine;
    struct memory *memory;
    struct step *step;
    struct work *work;
    struct block block;            // The block under translation.
    bool announced;                // A translation was: so will all that follow be.
    struct code_copy copy;         // What is translated.
    struct page_swap swap;         // How it is where the TLB cannot show it.
    bool shows;                    // Either of the two may have to be taken back.
    unsigned lost;                 // How often in a row a block went where it was not read ahead.
    struct cuts cuts;              // The cuts of translated blocks.
    uint8_t divisions[0x1000 / 8]; // Where in a page some have been divided: a bit a byte.
    enum refusal refusal;          // Why the last block was refused.
    bool exits_set;                // In the engine, for the block.
    uint64_t executable_page;      // The page of the arena that translation may go on in.
    const struct breakpoints *breakpoints; // Blocks end before them, but for a step.
};

void translation_open(struct translation *translation, struct engine *engine, struct memory *memory,
                      struct step *step, struct work *work);

// Nothing that was translated is left, nor what it was translated from.
void translation_begin_anew(struct translation *translation);

void translation_close(struct translation *translation);

// Drops what has been translated of the page with the code at this linear address.
void translation_forget(struct translation *translation, struct cpu *cpu, uint64_t linear);

// Up to 8 bytes of the arena, in a page, are about to be fetched, with RIP at their block.
// `refusal` says whether not.
void translation_fetch(struct translation *translation, struct cpu *cpu, uint64_t offset,
                       size_t size);

// May a block have been divided before this address, as Unicorn counts, for a reason that is not in
// its code?
static inline bool translation_may_have_divided(const struct translation *translation,
                                                uint64_t pc) {
    return (translation->divisions[pc % 0x1000 / 8] >> pc % 8 & 1) != 0;
}

// The size of the block that begins at this linear address, as Unicorn counts, where nothing but
// its code divides it; with the first byte of what it ends before and the library carries out, or
// without.
uint64_t translation_undivided(const struct translation *translation, struct cpu *cpu, uint64_t pc,
                               bool with_next);

// Unicorn reads memory again where it was shown a copy of the code. Each exit asks for it several
// times, and hardly ever is there one.
void translation_take_back(struct translation *translation);
static inline void translation_end_copy(struct translation *translation) {
    if (translation->shows) {
        translation_take_back(translation);
    }
}

// False where the host has not given back a page of the guest's memory: the guest cannot go on.
static inline bool translation_has_memory(const struct translation *translation) {
    return translation->swap.count == 0;
}

// Translation has ended, with a block or with a raw exit; and in the first case.
void translation_end(struct translation *translation);
void translation_done(struct translation *translation);

// Before a run, which may have to begin with the cut that the last translation was refused for.
// False when the engine fails.
bool translation_start(struct translation *translation);

// Before the run ends: Unicorn would translate the addresses that it ends at through the guest's
// tables.
void translation_forget_exits(struct translation *translation);

#endif // ENGINE_CPU_UNICORN_TRANSLATION_H
