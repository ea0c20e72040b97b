// SPDX-License-Identifier: MIT
//
// What happens when Unicorn translates a block of guest code.

#ifndef ENGINE_CPU_TRANSLATION_H
#define ENGINE_CPU_TRANSLATION_H

#include <unicorn/unicorn.h>

// UC_HOOK_MEM_FETCH_PROT, for each byte before it is translated; UC_HOOK_EDGE_GENERATED, after each
// block. `context` is the struct machine.
bool translation_fetch(uc_engine *engine, uc_mem_type type, uint64_t address, int size,
                       int64_t value, void *context);
void translation_done(uc_engine *engine, uc_tb *block, uc_tb *previous, void *context);

#endif // ENGINE_CPU_TRANSLATION_H
