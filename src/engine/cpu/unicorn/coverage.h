// SPDX-License-Identifier: MIT
//
// Coverage of guest code (zirconia/coverage.h), from the hook of blocks.
//
// Unicorn's blocks are not the guest's: they end early before what the library carries out, and
// where they became long enough, and begin again behind each raw exit. Every one of these ends is a
// raw exit, so it is noted there where the guest's block goes on; the next block of Unicorn's that
// begins there, or behind the instruction there, is its continuation. A block of the guest's whose
// first instruction is one that blocks are cut before is announced by no hook, but its raw exit
// tells of it.

#ifndef ENGINE_CPU_UNICORN_COVERAGE_H
#define ENGINE_CPU_UNICORN_COVERAGE_H

#include "engine/instruments/coverage.h"

#include <stdbool.h>
#include <stdint.h>

// How far a VCPU has come in its code. Addresses are those that Unicorn counts by.
struct coverage_place {
    uint64_t block;    // The last block that Unicorn began, and its size.
    uint64_t went_out; // The instruction of the last raw exit, if `goes_on`.
    uint32_t size;
    uint32_t previous; // The part of the next edge that comes from the last block that was counted.
    bool goes_on;      // The guest's block goes on behind a raw exit.
    unsigned era;      // The `era` of the coverage that this place belongs to.
};

struct coverage {
    bool on; // Something is wanted of it.
    struct coverage_wish wish;
    struct coverage_place *place; // The place of the VCPU that runs.
    unsigned era;                 // Grows with each wish.
};

// Has the next block be one that no block precedes.
void coverage_begin(struct coverage_place *place);

// Called when the VCPU of this place is about to run.
void coverage_run(struct coverage *coverage, struct coverage_place *place);

bool coverage_has(const struct coverage *coverage, uint64_t address);

// May the block that begins there be the rest of the last one, which was translated in parts? Then
// that it is.
bool coverage_may_go_on(const struct coverage *coverage, uint64_t address);
void coverage_go_on(struct coverage *coverage, uint64_t address);

// Called when a block of Unicorn's runs, with or without code.
void coverage_block(struct coverage *coverage, uint64_t address, uint32_t size);

// Operands of a comparison, with more than their bits. The thread is not to be cancelled in the
// callback: that is off during the whole run.
void coverage_compare(const struct coverage *coverage, uint64_t address, uint64_t left,
                      uint64_t right, unsigned bits);

#endif // ENGINE_CPU_UNICORN_COVERAGE_H
