// SPDX-License-Identifier: MIT
//
// The table of cuts; see the header.

#include "engine/cpu/unicorn/cuts.h"

#include <string.h>

enum { HEAD = sizeof(uint64_t) };

static unsigned slot_of(uint64_t pc) {
    return (unsigned)(pc ^ pc >> 6 ^ pc >> 12) % CUTS;
}

void cuts_note(struct cuts *cuts, uint64_t pc, enum code_mode mode, enum cut cut,
               const struct instruction *instruction, const uint8_t *bytes) {
    struct cut_site *site = &cuts->sites[slot_of(pc)];
    *site = (struct cut_site){.pc = pc, .mode = mode, .cut = cut, .instruction = *instruction};
    memcpy(site->bytes, bytes, instruction->length);
    site->mask = instruction->length < HEAD ? (1ull << 8 * instruction->length) - 1 : UINT64_MAX;
    memcpy(&site->head, site->bytes, HEAD);
}

// Nearly all such instructions are short, and comparing words is faster than a call of memcmp().
static bool is_there(const struct cut_site *site, const uint8_t *bytes) {
    const size_t length = site->instruction.length;
    uint64_t head;
    memcpy(&head, bytes, HEAD);
    return ((head ^ site->head) & site->mask) == 0 &&
           (length <= HEAD || memcmp(site->bytes + HEAD, bytes + HEAD, length - HEAD) == 0);
}

const struct cut_site *cuts_find(const struct cuts *cuts, uint64_t pc, enum code_mode mode,
                                 const uint8_t *bytes) {
    const struct cut_site *site = &cuts->sites[slot_of(pc)];
    return site->pc == pc && site->cut != CUT_NONE && site->mode == mode && is_there(site, bytes)
               ? site
               : NULL;
}
