// SPDX-License-Identifier: MIT
//
// The guest-physical memory of a machine: what the guest's mappings say of a page, and the nested
// tables and the arena that follow them.

#ifndef ENGINE_CPU_UNICORN_MEMORY_H
#define ENGINE_CPU_UNICORN_MEMORY_H

#include "engine/cpu/cpu.h"
#include "engine/cpu/unicorn/arena.h"
#include "engine/cpu/unicorn/code_pages.h"
#include "engine/cpu/unicorn/dirty_pages.h"
#include "engine/cpu/unicorn/nested.h"

struct engine;

struct memory {
    struct machine_client client;
    struct engine *engine; // NULL until it is open.
    struct arena arena;
    struct nested nested;
    struct code_pages code;
    struct dirty_pages dirty;
    bool any_not_executable; // Some page was made present that may not be executed.
    bool starved;            // The last page that could not be made present had no memory for it.
    bool dirtied;            // The last page that became writable is dirty since then.
};

void memory_open(struct memory *memory, struct engine *engine, struct exit_request *request);
void memory_close(struct memory *memory);

// Sees to it that the tables that an instruction may need can be had; what is in them may go for
// it. Where nobody holds an entry.
void memory_provide(struct memory *memory);

// Makes the page present in the nested tables if it is backed. False if it is not, or if `write`
// and the mapping is read-only, or when memory for it cannot be had.
bool memory_make_present(struct memory *memory, uint64_t guest_physical, bool write);

// Whether the guest's mappings have the page.
bool memory_is_backed(const struct memory *memory, uint64_t guest_physical);

bool memory_may_execute(struct memory *memory, uint64_t guest_physical);

// A store hit a page that is not writable in the nested tables. True if it was so only because of
// its translations: they are gone and the page is writable, until its code runs again.
bool memory_written(struct memory *memory, uint64_t guest_physical);

// The page is dirty from now on. False if it was before. If it has tables, entries of the TLB from
// before the last image go (guest_tables.h).
bool memory_dirty(struct memory *memory, uint64_t page);

uint8_t *memory_host_address(struct memory *memory, uint64_t guest_physical, bool write);

void memory_unmap(struct memory *memory, uint64_t guest_physical, uint64_t length);

#endif // ENGINE_CPU_UNICORN_MEMORY_H
