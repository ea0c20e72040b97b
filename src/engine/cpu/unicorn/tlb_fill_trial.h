// SPDX-License-Identifier: MIT
//
// Unicorn's functions that fill its TLB, and where it keeps which of them it calls.

#ifndef ENGINE_CPU_UNICORN_TLB_FILL_TRIAL_H
#define ENGINE_CPU_UNICORN_TLB_FILL_TRIAL_H

#include "engine/cpu/unicorn/layout.h"
#include "engine/cpu/unicorn/tlb_numbers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicorn/unicorn.h>

// True when the TLB has an entry; false only for a probe. A fault does not return.
typedef bool fill_function(void *processor, uint64_t linear, int size, int access, int mode,
                           bool probe, uintptr_t return_address);

struct tlb_miss {
    void *processor;
    uint64_t linear;
    int size;
    int access;
    int mode;
    bool probe;
    uintptr_t return_address;
};

static inline bool fill_by(fill_function *function, const struct tlb_miss *miss) {
    return function(miss->processor, miss->linear, miss->size, miss->access, miss->mode,
                    miss->probe, miss->return_address);
}

struct fill_functions {
    size_t slot;           // From the processor to the pointer. 0: not found.
    fill_function *walk;   // Walks the tables.
    fill_function *answer; // Asks the hook UC_HOOK_TLB_FILL.
};

struct fill_functions tlb_fill_try(const struct layout *layout);

// Where this engine has the pointer; NULL where it does not lead to Unicorn's walk.
uint8_t *fill_slot(uc_engine *unicorn, const struct layout *layout,
                   const struct fill_functions *functions);

#endif // ENGINE_CPU_UNICORN_TLB_FILL_TRIAL_H
