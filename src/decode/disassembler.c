// SPDX-License-Identifier: MIT
//
// The disassemblers that lie idle, and how one is made.

#include "decode/disassembler.h"

#include "platform/platform.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic(struct disassembler *) idle[3];
static struct platform_mutex opening = PLATFORM_MUTEX_INIT(LOCK_DISASSEMBLER);

static _Atomic(struct disassembler *) *idle_slot(enum code_mode mode) {
    return &idle[mode / 32]; // 16, 32, 64
}

static void destroy(struct disassembler *disassembler) {
    for (unsigned i = 0; i < KEPT_INSTRUCTIONS; i++) {
        if (disassembler->kept[i].found != NULL)
            cs_free(disassembler->kept[i].found, 1);
    }
    (void)cs_close(&disassembler->handle);
    free(disassembler);
}

// Details are asked for first: cs_malloc() makes room for them only then.
static bool prepare(struct disassembler *disassembler) {
    if (cs_option(disassembler->handle, CS_OPT_DETAIL, CS_OPT_ON) != CS_ERR_OK)
        return false;
    for (unsigned i = 0; i < KEPT_INSTRUCTIONS; i++) {
        disassembler->kept[i].found = cs_malloc(disassembler->handle);
        if (disassembler->kept[i].found == NULL)
            return false;
    }
    return true;
}

static struct disassembler *open_capstone(enum code_mode mode) REQUIRES(opening) {
    cs_mode capstone_mode = mode == CODE_16   ? CS_MODE_16
                            : mode == CODE_32 ? CS_MODE_32
                                              : CS_MODE_64;
    struct disassembler *disassembler = calloc(1, sizeof(*disassembler));

    if (disassembler == NULL)
        return NULL;
    disassembler->mode = mode;
    if (cs_open(CS_ARCH_X86, capstone_mode, &disassembler->handle) != CS_ERR_OK) {
        free(disassembler);
        return NULL;
    }
    static const uint8_t nop = 0x90;
    if (prepare(disassembler) && disassembler_read(disassembler, &nop, 1, 0))
        return disassembler;
    destroy(disassembler);
    return NULL;
}

// Capstone sorts a table of the process at the first instruction that it reads with details, and
// takes no lock for it. So each new disassembler reads its first instruction while no other does.
static struct disassembler *create(enum code_mode mode) {
    platform_mutex_lock(&opening);
    struct disassembler *disassembler = open_capstone(mode);
    platform_mutex_unlock(&opening);
    return disassembler;
}

struct disassembler *disassembler_take(enum code_mode mode) {
    struct disassembler *disassembler = atomic_exchange(idle_slot(mode), NULL);
    return disassembler != NULL ? disassembler : create(mode);
}

void disassembler_give_back(struct disassembler *disassembler) {
    struct disassembler *other = atomic_exchange(idle_slot(disassembler->mode), disassembler);
    if (other != NULL)
        destroy(other);
}

static const struct kept_instruction *find_kept(const struct disassembler *disassembler,
                                                const uint8_t *bytes, size_t length,
                                                uint64_t address) {
    for (unsigned i = 0; i < KEPT_INSTRUCTIONS; i++) {
        const struct kept_instruction *kept = &disassembler->kept[i];
        if (kept->length == length && kept->address == address &&
            memcmp(kept->bytes, bytes, length) == 0)
            return kept;
    }
    return NULL;
}

// Reads an instruction into the place of the oldest one. NULL, and an empty place, when Capstone
// disagrees on its length.
static const struct kept_instruction *read_anew(struct disassembler *disassembler,
                                                const uint8_t *bytes, size_t length,
                                                uint64_t address) {
    struct kept_instruction *kept = &disassembler->kept[disassembler->oldest];
    const uint8_t *next = bytes;
    uint64_t next_address = address;
    size_t left = length;

    kept->length = 0;
    if (!cs_disasm_iter(disassembler->handle, &next, &left, &next_address, kept->found) ||
        left != 0)
        return NULL;
    memcpy(kept->bytes, bytes, length);
    kept->length = (uint8_t)length;
    kept->address = address;
    disassembler->oldest = (disassembler->oldest + 1) % KEPT_INSTRUCTIONS;
    return kept;
}

bool disassembler_read(struct disassembler *disassembler, const uint8_t *bytes, size_t length,
                       uint64_t address) {
    const struct kept_instruction *kept = NULL;

    if (length != 0 && length <= INSTRUCTION_MAX_LENGTH) {
        kept = find_kept(disassembler, bytes, length, address);
        if (kept == NULL)
            kept = read_anew(disassembler, bytes, length, address);
    }
    disassembler->instruction = kept != NULL ? kept->found : NULL;
    return kept != NULL;
}
