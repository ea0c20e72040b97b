// SPDX-License-Identifier: MIT
//
// The x87 register stack, which the engine does not look after: it reads registers that are empty
// and pushes onto ones that are not. What each block wants of the stack is noted when it is
// translated, and compared with what is there before the block runs: the engine never runs an x87
// instruction that would fault. A block in whose middle one would is divided before it, and what a
// block begins with is carried out by the library (x86/x87_fault.h). An exception that waits in the
// status word stops a block likewise. What the engine leaves out where MMX instructions begin (TOP,
// the tags, exponents) is done before their block.

#ifndef ENGINE_CPU_UNICORN_X87_BLOCKS_H
#define ENGINE_CPU_UNICORN_X87_BLOCKS_H

#include "decode/x87_use.h"

#include <stdbool.h>
#include <stdint.h>

#include <unicorn/unicorn.h>

enum { X87_SLOTS = 4096, X87_DIVISIONS = 64, X87_SEEN = 1 << 19 };

#define X87_REGISTER_SIZE 10u // 8 bytes, and the exponent.

// What the blocks want of the stack that begin at the addresses of this slot.
struct x87_slot {
    uint64_t pc;          // The address of the first block.
    bool several;         // Blocks at other addresses share the slot.
    bool vague;           // Several blocks: what any of them wants is known, but not what they do.
    bool whole;           // The last block was translated as it was read ahead.
    struct x87_track all; // `used`, `empty` and `top` are what they are after the block.
};

struct x87_state {
    uint8_t empty; // A bit for each ST(i)
    uint8_t top;
    uint8_t mmx;  // Registers known to have an exponent of all ones.
    bool pending; // An exception waits.
};

// The block that was last found to be in order in spite of what its slot says, and the state in
// which it was.
struct x87_passed {
    bool any;
    uint64_t pc;
    uint64_t cr3;
    struct x87_state state;
};

struct x87_blocks {
    bool any;               // A block that depends on the stack was translated.
    bool known;             // `state` is valid.
    struct x87_state state; // From the last look at the unit, and the blocks that ran since.
    bool taken[X87_SLOTS];
    uint64_t divisions[X87_DIVISIONS]; // Places in the arena plus 1.
    struct x87_passed passed;
    uint8_t seen[X87_SEEN / 8];       // A bit for each place where a block of any kind begins.
    struct x87_slot slots[X87_SLOTS]; // Last, because slots that are not taken are not initialised.
};

// Registers, by the number that they have where TOP is higher by that much.
static inline unsigned x87_rotated(unsigned registers, unsigned by) {
    return (registers >> by | registers << (X87_REGISTERS - by)) & 0xff;
}

static inline unsigned x87_slot_of(uint64_t pc) {
    return (unsigned)(pc ^ pc >> 12) % X87_SLOTS;
}

// Forgets the blocks of a guest that is gone.
void x87_blocks_forget(struct x87_blocks *blocks);

// A block is about to be translated; `track` is NULL if it does not depend on the stack.
void x87_blocks_note(struct x87_blocks *blocks, uint64_t pc, const struct x87_track *track);

// The block was translated, `whole` if as it was read ahead.
void x87_blocks_done(struct x87_blocks *blocks, uint64_t pc, bool whole);
bool x87_blocks_divided(const struct x87_blocks *blocks, uint64_t place);

// Whether the block that is about to run might have a fault. Called from the hook of blocks; the
// block must run if it is false.
bool x87_blocks_look(struct x87_blocks *blocks, uc_engine *unicorn, uint64_t pc);

static inline bool x87_blocks_suspect(struct x87_blocks *blocks, uc_engine *unicorn, uint64_t pc) {
    return blocks->taken[x87_slot_of(pc)] && x87_blocks_look(blocks, unicorn, pc);
}

// Something but blocks may have changed the state, or a block was left in its middle.
static inline void x87_blocks_changed(struct x87_blocks *blocks) {
    blocks->known = false;
}

// The block at `pc` is to run now. Its slot may say that it should not, for other blocks' sake.
void x87_blocks_note_passed(struct x87_blocks *blocks, uc_engine *unicorn, uint64_t pc,
                            uint64_t cr3);

// Has every block end at this place in the arena that is translated from now on. The caller drops
// those that go on beyond it.
void x87_blocks_divide(struct x87_blocks *blocks, uint64_t place);

#endif // ENGINE_CPU_UNICORN_X87_BLOCKS_H
