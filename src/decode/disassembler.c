// SPDX-License-Identifier: MIT
//
// The disassemblers that lie idle, and how one is made.

#include "decode/disassembler.h"

#include "platform/platform.h"

#include <stdatomic.h>
#include <stdlib.h>

static _Atomic(struct disassembler *) idle[3];
static struct platform_mutex opening = PLATFORM_MUTEX_INIT(LOCK_DISASSEMBLER);

static _Atomic(struct disassembler *) *idle_slot(enum code_mode mode) {
    return &idle[mode / 32]; // 16, 32, 64
}

static void destroy(struct disassembler *disassembler) {
    if (disassembler->instruction != NULL)
        cs_free(disassembler->instruction, 1);
    (void)cs_close(&disassembler->handle);
    free(disassembler);
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
    // Details first: cs_malloc() makes room for them only then.
    if (cs_option(disassembler->handle, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK)
        disassembler->instruction = cs_malloc(disassembler->handle);
    static const uint8_t nop = 0x90;
    if (disassembler->instruction != NULL && disassembler_read(disassembler, &nop, 1, 0))
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

bool disassembler_read(struct disassembler *disassembler, const uint8_t *bytes, size_t length,
                       uint64_t address) {
    return cs_disasm_iter(disassembler->handle, &bytes, &length, &address,
                          disassembler->instruction) &&
           length == 0;
}
