// SPDX-License-Identifier: MIT
//
// What happens when Unicorn translates a block of guest code.

#ifndef ENGINE_CPU_UNICORN_TRANSLATION_H
#define ENGINE_CPU_UNICORN_TRANSLATION_H

#include <unicorn/unicorn.h>

struct machine;

// Why Unicorn was kept from translating a block.
enum refusal {
    REFUSAL_NONE,
    REFUSAL_NOT_EXECUTABLE, // The guest may not execute a page that the block lies in.
    REFUSAL_CROSSES,        // The block must begin again, to be read ahead in its second page.
    REFUSAL_CUT_FIRST,      // It must end where it begins: translate it so.
    REFUSAL_CUT_UNCACHED,   // The same where Unicorn cannot: the guest is before a cut.
    REFUSAL_NOT_READ,       // It goes where it was not read ahead. This must not happen.
};

// UC_HOOK_MEM_FETCH_PROT, for each byte before it is translated; UC_HOOK_EDGE_GENERATED, after each
// block. `context` is the struct machine.
bool translation_fetch(uc_engine *engine, uc_mem_type type, uint64_t address, int size,
                       int64_t value, void *context);
void translation_done(uc_engine *engine, uc_tb *block, uc_tb *previous, void *context);

// Before a run, which may have to begin with the cut that the last translation was refused for.
// False when the engine fails.
bool translation_start(struct machine *machine);

// Before the run ends: Unicorn would translate the addresses that it ends at through the guest's
// tables.
void translation_forget_exits(struct machine *machine);

// Translation has ended with a report, without a block.
void translation_abandon(struct machine *machine);

#endif // ENGINE_CPU_UNICORN_TRANSLATION_H
