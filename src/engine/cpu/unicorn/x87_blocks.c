// SPDX-License-Identifier: MIT
//
// The register stack before each block; see the header.

#include "engine/cpu/unicorn/x87_blocks.h"

#include "engine/cpu/x86/extended.h"
#include "engine/cpu/x86/registers.h"

#include <stddef.h>
#include <string.h>

void x87_blocks_forget(struct x87_blocks *blocks) {
    memset(blocks, 0, offsetof(struct x87_blocks, slots));
}

// --- Translation ---

static bool see(struct x87_blocks *blocks, uint64_t pc) {
    const unsigned number = (unsigned)(pc ^ pc >> 19) % X87_SEEN;
    const uint8_t bit = (uint8_t)(1u << number % 8);
    const bool before = (blocks->seen[number / 8] & bit) != 0;
    blocks->seen[number / 8] |= bit;
    return before;
}

static bool does_the_same(const struct x87_track *a, const struct x87_track *b) {
    return a->used == b->used && a->empty == b->empty && a->top == b->top && a->stack == b->stack &&
           a->mmx == b->mmx;
}

static void merge(struct x87_track *all, const struct x87_track *track) {
    all->wanted_used |= track->wanted_used;
    all->wanted_empty |= track->wanted_empty;
    all->mmx_written |= track->mmx_written;
    all->wants_top |= track->wants_top;
    all->wants_all |= track->wants_all;
}

void x87_blocks_note(struct x87_blocks *blocks, uint64_t pc, const struct x87_track *track) {
    const unsigned number = x87_slot_of(pc);
    struct x87_slot *slot = &blocks->slots[number];
    const bool seen = see(blocks, pc);
    blocks->known = false;
    if (track == NULL) {
        // A slot that is not taken may have what an earlier guest left.
        if (blocks->taken[number] && slot->pc == pc) {
            slot->vague = true;
        }
        return;
    }
    if (!blocks->taken[number]) {
        *slot = (struct x87_slot){.pc = pc, .vague = seen, .all = *track};
    }
    blocks->any = true;
    blocks->taken[number] = true;
    blocks->passed.any = false;
    slot->several = slot->several || slot->pc != pc;
    slot->vague = slot->vague || slot->several || !does_the_same(&slot->all, track);
    slot->whole = false;
    merge(&slot->all, track);
}

void x87_blocks_done(struct x87_blocks *blocks, uint64_t pc, bool whole) {
    struct x87_slot *slot = &blocks->slots[x87_slot_of(pc)];
    if (blocks->taken[x87_slot_of(pc)] && slot->pc == pc) {
        slot->whole = whole;
        slot->vague = slot->vague || !whole;
    }
}

static unsigned division_of(uint64_t place) {
    return (unsigned)(place ^ place >> 12) % X87_DIVISIONS;
}

void x87_blocks_divide(struct x87_blocks *blocks, uint64_t place) {
    blocks->divisions[division_of(place)] = place + 1;
}

bool x87_blocks_divided(const struct x87_blocks *blocks, uint64_t place) {
    return blocks->divisions[division_of(place)] == place + 1;
}

// --- Before a block ---

// Which of these registers have an exponent of all ones?
static unsigned with_ones(uc_engine *unicorn, unsigned registers) {
    unsigned found = 0;
    for (int i = 0; registers >> i != 0; i++) {
        uint8_t bytes[X87_REGISTER_SIZE] = {0};
        if ((registers >> i & 1) != 0) {
            uc_reg_read(unicorn, UC_X86_REG_FP0 + i, bytes);
            found |= (unsigned)(bytes[X87_REGISTER_SIZE - 2] == 0xff &&
                                bytes[X87_REGISTER_SIZE - 1] == 0xff)
                     << i;
        }
    }
    return found;
}

static struct x87_state read_state(uc_engine *unicorn) {
    uint16_t status = 0;
    uint16_t tags = 0;
    uc_reg_read(unicorn, UC_X86_REG_FPSW, &status);
    uc_reg_read(unicorn, UC_X86_REG_FPTAG, &tags);
    struct x87_state state = {
        .top = status >> FSW_TOP_SHIFT & 7,
        .pending = (status & X87_ES) != 0,
    };
    for (unsigned i = 0; i < X87_REGISTERS; i++) {
        const bool empty = (tags >> (2 * ((state.top + i) % X87_REGISTERS)) & 3) == 3;
        state.empty |= (uint8_t)(empty << i);
    }
    return state;
}

// As far as the slot wants to know it.
static const struct x87_state *present_state(struct x87_blocks *blocks, uc_engine *unicorn,
                                             const struct x87_slot *slot) {
    if (!blocks->known) {
        blocks->state = read_state(unicorn);
        blocks->known = true;
    }
    const unsigned missing = slot->all.mmx_written & ~blocks->state.mmx & 0xffu;
    if (missing != 0) {
        blocks->state.mmx |= (uint8_t)with_ones(unicorn, missing);
    }
    return &blocks->state;
}

static bool in_order(const struct x87_track *all, const struct x87_state *state) {
    return (all->wanted_used & state->empty) == 0 && (all->wanted_empty & ~state->empty) == 0 &&
           !state->pending && (!all->wants_top || state->top == 0) &&
           (!all->wants_all || state->empty == 0) && (all->mmx_written & ~state->mmx) == 0;
}

// What the state is behind the block.
static void pass(struct x87_blocks *blocks, const struct x87_slot *slot) {
    const struct x87_track *all = &slot->all;
    struct x87_state *state = &blocks->state;
    if (slot->vague || !slot->whole) {
        blocks->known = false;
        return;
    }
    const unsigned empty = (state->empty & ~(unsigned)all->used) | all->empty;
    state->empty = (uint8_t)x87_rotated(empty, all->top);
    state->top = all->mmx ? (uint8_t)all->top : (uint8_t)((state->top + all->top) % X87_REGISTERS);
    state->mmx = all->stack ? 0 : state->mmx;
}

static bool is_same(const struct x87_state *a, const struct x87_state *b) {
    return a->empty == b->empty && a->top == b->top && a->mmx == b->mmx && a->pending == b->pending;
}

static bool has_passed(const struct x87_blocks *blocks, uc_engine *unicorn, uint64_t pc,
                       const struct x87_state *state) {
    const struct x87_passed *passed = &blocks->passed;
    uint64_t cr3 = 0;
    uc_reg_read(unicorn, UC_X86_REG_CR3, &cr3);
    return passed->any && passed->pc == pc && passed->cr3 == cr3 && is_same(&passed->state, state);
}

bool x87_blocks_look(struct x87_blocks *blocks, uc_engine *unicorn, uint64_t pc) {
    const struct x87_slot *slot = &blocks->slots[x87_slot_of(pc)];
    if (slot->pc != pc && !slot->several) {
        return false;
    }
    const struct x87_state *state = present_state(blocks, unicorn, slot);
    if (in_order(&slot->all, state)) {
        pass(blocks, slot);
        return false;
    }
    blocks->known = false;
    return !has_passed(blocks, unicorn, pc, state);
}

void x87_blocks_note_passed(struct x87_blocks *blocks, uc_engine *unicorn, uint64_t pc,
                            uint64_t cr3) {
    const struct x87_slot *slot = &blocks->slots[x87_slot_of(pc)];
    blocks->known = false;
    blocks->passed = (struct x87_passed){true, pc, cr3, *present_state(blocks, unicorn, slot)};
    blocks->known = false;
}
