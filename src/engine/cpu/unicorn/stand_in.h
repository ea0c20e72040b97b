// SPDX-License-Identifier: MIT
//
// Stand-ins: what Unicorn is shown, while it translates, in place of an instruction that it would
// carry out in its own way or not in the middle of a block. RDTSC is shown as an IN, for which
// there is a hook; others as a SYSCALL. Memory keeps what it has. Unicorn fetches code through an
// entry of its TLB that leads to the host's memory; for the bytes of that one instruction the entry
// is made to lead elsewhere. It is known by what it says: the page, and the distance to where the
// page lies.

#ifndef ENGINE_CPU_UNICORN_STAND_IN_H
#define ENGINE_CPU_UNICORN_STAND_IN_H

#include "decode/instruction.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The ports of the INs: no other IN ever reaches the engine (decode/scan.h).
enum stand_in_port {
    STAND_IN_RDTSC = 0x31,
    STAND_IN_RDTSCP = 0xf9,
};

enum { STAND_IN_LONGEST = 3, STAND_IN_ENTRIES = 3, STAND_INS_PER_BLOCK = 8 };

// The places in a page of a block's instructions that others stand in for.
struct stand_ins {
    unsigned count;
    struct stand_in_site {
        uint16_t offset;
        uint8_t length;
        bool calls;                      // Nothing but the stand-in may be translated.
        uint8_t bytes[STAND_IN_LONGEST]; // To be shown.
    } sites[STAND_INS_PER_BLOCK];
};

// Whether a call of the library can stand in for the instruction, in 64-bit code: SYSCALL, for
// which there is a hook, which may change all of the state, and behind which the block ends. What
// the hook leaves as RIP is counted from there: Unicorn adds the instruction's length.
bool is_callable(const struct instruction *instruction);

// Adds such an instruction at this offset in its page, all of which is in that page. False when
// there is no room.
bool stand_ins_add_call(struct stand_ins *stand_ins, const struct instruction *instruction,
                        size_t offset);

// Adds an instruction at this offset in its page, all of which is in that page, if another can
// stand in for it.
void stand_ins_add(struct stand_ins *stand_ins, const struct instruction *instruction,
                   size_t offset);

// What is being shown, until the next byte behind it is fetched or the translation ends.
struct stand_in_view {
    const struct stand_in_site *site; // NULL: nothing.
    unsigned count;
    uint8_t *entries[STAND_IN_ENTRIES]; // Words of Unicorn's that were changed.
    uint64_t distance;                  // By so much.
    uint8_t page[0x1000];               // A page of which nothing counts but those bytes.
};

// The byte at this linear address is about to be fetched from `host`: the instruction that begins
// there is to be seen as the stand-in. `state` is the engine's, in place. Without effect where the
// entry is not found.
void stand_in_show(struct stand_in_view *view, const struct stand_in_site *site,
                   const uint8_t *state, uint64_t linear, const uint8_t *host);

// As it was. Nothing but code may have been read in between.
void stand_in_end(struct stand_in_view *view);

// The byte at this offset, of a page or of what begins with one, is about to be fetched: if it is
// beyond what is shown, all is as it was before.
static inline void stand_in_pass(struct stand_in_view *view, uint64_t offset) {
    if (view->site != NULL && offset % 0x1000 - view->site->offset - 1 >= view->site->length - 1u) {
        stand_in_end(view);
    }
}

#endif // ENGINE_CPU_UNICORN_STAND_IN_H
