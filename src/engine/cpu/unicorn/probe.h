// SPDX-License-Identifier: MIT
//
// The self-check of what this library takes Unicorn's saved contexts to be: an engine is started in
// guest mode with a recognisable value in every field, and then a few instructions confirm that the
// fields behave.

#ifndef ENGINE_CPU_UNICORN_PROBE_H
#define ENGINE_CPU_UNICORN_PROBE_H

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/layout.h"

#include <stdbool.h>

struct probe {
    uc_engine *engine;
    uint8_t *hidden;
    uc_context *context; // As it is now, or at the last exit.
    uint32_t exit;
    struct layout layout;
    zx_status_t status; // Why there is no engine at all.
    const char *fault;  // What did not fit.
};

// Fills in `layout`. False with `status` or `fault`. The engine and the context are left.
bool probe_examine(struct probe *probe);

// --- Its parts: false with `fault` ---

// probe_registers.c, before guest mode: where the state begins, in a context and in the engine.
bool probe_find_state(struct probe *probe);
void probe_fill_vmcb(uint8_t *vmcb);
// In guest mode: where the registers are in the state.
bool probe_find_registers(struct probe *probe);

// probe_media.c
bool probe_find_media(struct probe *probe);

// probe_behaviour.c
void probe_fill_memory(uint8_t *hidden);
bool probe_check_behaviour(struct probe *probe);

// --- What they share: offsets are from `layout.state` ---

bool probe_reject(struct probe *probe, const char *what);

uint8_t *probe_at(struct probe *probe, size_t offset);
uint32_t probe_get32(struct probe *probe, size_t offset);
uint64_t probe_get64(struct probe *probe, size_t offset);

// A value that stands nowhere else.
uint64_t probe_mark(unsigned i);

// The only place from `start` on that holds `value`; SIZE_MAX if there is none or more than one.
size_t probe_find(struct probe *probe, size_t start, const void *value, size_t size);

// Behind the last control register, where less is known.
#define PROBE_BEHIND_CR4 (STATE_CR + 40)

// Offset of the nested page tables in the hidden region.
#define PROBE_TABLES 0x10000u

// The MSR that has this mark.
#define PROBE_TSC_AUX 80u

#endif // ENGINE_CPU_UNICORN_PROBE_H
