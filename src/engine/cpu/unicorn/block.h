// SPDX-License-Identifier: MIT
//
// The block of guest code that Unicorn is about to translate. It is read ahead of Unicorn when its
// first byte is fetched, so that Unicorn never sees what it must not translate.

#ifndef ENGINE_CPU_UNICORN_BLOCK_H
#define ENGINE_CPU_UNICORN_BLOCK_H

#include "decode/scan.h"
#include "decode/x87_use.h"
#include "engine/cpu/unicorn/stand_in.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cuts;
struct x87_blocks;

struct block {
    bool under_way;         // The first byte of the block has been fetched.
    uint64_t pc;            // Where the block begins, as Unicorn counts: RIP and the base of CS.
    uint64_t pages[2];      // Pages of the arena; the second may be NO_ARENA_PAGE.
    uint64_t first;         // The offset of the first byte in the first page.
    size_t read;            // How many bytes were read ahead.
    enum cut cut;           // Why the block ends behind the bytes that were read.
    bool divided;           // The block ends there for a reason that is not in its code.
    bool x87;               // Some instruction depends on the register stack.
    struct x87_track track; // What all instructions want of the register stack.
    struct stand_ins stand_ins; // The stand-ins for instructions in the first page.
    uint64_t host_bytes;        // The most that the block is translated to.
    uint64_t crossed_pc;        // Where the last block that went on into another page began.
    uint64_t crossed_to;        // The page that the last block that did so went on into.
};

// The code of a block, and how it is to be read.
struct block_code {
    const uint8_t *bytes; // The first byte of the block, in its first page.
    const uint8_t *next;  // The second page; NULL where it is not known.
    enum code_mode mode;
    unsigned conditions;          // As cut_before() has them.
    unsigned most;                // The block ends after so many instructions.
    bool is_short;                // Another time the same code has more instructions.
    uint64_t most_host_bytes;     // The block ends before it is translated to more.
    uint64_t end;                 // The block ends at this address, as Unicorn counts.
    bool stand_ins;               // Some instructions are to be seen as others.
    bool calls;                   // Some instructions are to be seen as calls.
    bool knows_flags;             // SETcc is left to Unicorn where it knows the flags.
    bool joins;                   // Where the block is long enough a jump is to be seen.
    const struct x87_blocks *x87; // Knows where blocks are divided; may be NULL.
    const struct breakpoints *breakpoints;
    bool measures; // Only how much Unicorn would take of the code is of interest.
};

// The next byte to be fetched, with RIP at its instruction, is this one of the arena.
void block_begin(struct block *block, uint64_t pc, uint64_t offset);

// Reads to the block's end: an instruction that ends it, or that it must end before, which is noted
// among the cuts unless they are NULL, or one that Unicorn finds a fault with by itself.
void block_read_ahead(struct block *block, const struct block_code *code, struct cuts *cuts);

// True if the byte of the arena was read ahead, as part of the block.
bool block_contains(const struct block *block, uint64_t offset);

// The byte of the arena is the first of another page that the block goes on in. It must begin
// again: only then is the page read ahead.
bool block_crosses(struct block *block, uint64_t offset);

#endif // ENGINE_CPU_UNICORN_BLOCK_H
