// SPDX-License-Identifier: MIT
//
// The instructions that blocks were cut before, decoded, with the cause of each cut. Only a cache:
// what it has forgotten is decoded anew.

#ifndef ENGINE_CPU_UNICORN_CUTS_H
#define ENGINE_CPU_UNICORN_CUTS_H

#include "decode/scan.h"

enum { CUTS = 64 };

struct cut_site {
    uint64_t pc; // As Unicorn counts.
    enum code_mode mode;
    enum cut cut; // CUT_NONE in an entry that is free.
    struct instruction instruction;
    uint64_t head; // Its first eight bytes, as far as it has them, which are the bits of the mask.
    uint64_t mask;
    uint8_t bytes[INSTRUCTION_MAX_LENGTH];
};

struct cuts {
    struct cut_site sites[CUTS];
};

// The bytes are as many as the instruction has.
void cuts_note(struct cuts *cuts, uint64_t pc, enum code_mode mode, enum cut cut,
               const struct instruction *instruction, const uint8_t *bytes);

// The entry of that place, if these 15 bytes are still what it is about; else NULL.
const struct cut_site *cuts_find(const struct cuts *cuts, uint64_t pc, enum code_mode mode,
                                 const uint8_t *bytes);

#endif // ENGINE_CPU_UNICORN_CUTS_H
