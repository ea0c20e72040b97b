// SPDX-License-Identifier: MIT
//
// The table of cuts; see the header.

#include "engine/cpu/unicorn/cuts.h"

#include <string.h>

static unsigned slot_of(uint64_t pc) {
    return (unsigned)(pc ^ pc >> 6 ^ pc >> 12) % CUTS;
}

void cuts_note(struct cuts *cuts, uint64_t pc, enum code_mode mode, enum cut cut,
               const struct instruction *instruction, const uint8_t *bytes) {
    struct cut_site *site = &cuts->sites[slot_of(pc)];
    *site = (struct cut_site){.pc = pc, .mode = mode, .cut = cut, .instruction = *instruction};
    memcpy(site->bytes, bytes, instruction->length);
}

const struct cut_site *cuts_find(const struct cuts *cuts, uint64_t pc, enum code_mode mode,
                                 const uint8_t *bytes) {
    const struct cut_site *site = &cuts->sites[slot_of(pc)];
    const bool same = site->cut != CUT_NONE && site->pc == pc && site->mode == mode &&
                      memcmp(site->bytes, bytes, site->instruction.length) == 0;
    return same ? site : NULL;
}
