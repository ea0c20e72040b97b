// SPDX-License-Identifier: MIT
//
// What the guest's pages are.

#include "engine/cpu/unicorn/memory.h"

#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/flat_engine.h"

#define ALL_MEMORY (1ull << 48)

void memory_open(struct memory *memory, struct engine *engine, struct exit_request *request) {
    memory->engine = engine;
    arena_open(&memory->arena, engine->arena, engine->hidden, request);
    nested_open(&memory->nested, &memory->arena, engine->hidden);
    memory->code = (struct code_pages){
        .engine = engine,
        .arena = &memory->arena,
        .nested = &memory->nested,
        .unguarded = {NO_ARENA_PAGE, NO_ARENA_PAGE},
    };
}

void memory_close(struct memory *memory) {
    arena_close(&memory->arena);
    nested_close(&memory->nested);
    memory->engine = NULL;
}

static void forget(void *context, uint64_t arena_page) {
    code_pages_forget(context, arena_page);
}

void memory_unmap(struct memory *memory, uint64_t guest_physical, uint64_t length) {
    if (memory->engine == NULL) {
        return;
    }
    nested_clear(&memory->nested, guest_physical, length, forget, &memory->code);
    memory->engine->tlb_stale = true;
}

// Translations go with the entries: what is translated can be reached through some entry, so that
// an unmapping finds it.
void memory_provide(struct memory *memory) {
    if (!table_pages_provide(&memory->nested.pages)) {
        memory_unmap(memory, 0, ALL_MEMORY);
    }
}

static bool find_page(const struct memory *memory, uint64_t guest_physical, struct backing *out) {
    return memory->client.find_page(memory->client.context, guest_physical, out);
}

bool memory_make_present(struct memory *memory, uint64_t guest_physical, bool write) {
    struct backing backing;
    memory->starved = false;
    if (guest_physical >= ALL_MEMORY || !find_page(memory, guest_physical, &backing) ||
        (write && !backing.writable)) {
        return false;
    }
    const uint64_t page = arena_page_for(&memory->arena, backing.vmo, backing.vmo_offset);
    if (page == NO_ARENA_PAGE) {
        memory->starved = true;
        return false;
    }
    const bool writable = backing.writable && !arena_watches(&memory->arena, page);
    memory->any_not_executable |= !backing.executable;
    memory->starved = !nested_map(&memory->nested, guest_physical, page, writable);
    return !memory->starved;
}

bool memory_may_execute(struct memory *memory, uint64_t guest_physical) {
    struct backing backing;
    return find_page(memory, guest_physical, &backing) && backing.executable;
}

bool memory_written(struct memory *memory, uint64_t guest_physical) {
    struct backing backing;
    const uint64_t page = nested_page(&memory->nested, guest_physical);
    if (page == NO_ARENA_PAGE || !find_page(memory, guest_physical, &backing) ||
        !backing.writable) {
        return false;
    }
    code_pages_forget(&memory->code, page);
    *nested_entry(&memory->nested, guest_physical, false) |= NESTED_WRITABLE;
    memory->engine->tlb_stale = true;
    return true;
}

uint8_t *memory_host_address(struct memory *memory, uint64_t guest_physical, bool write) {
    uint64_t *entry = nested_entry(&memory->nested, guest_physical, false);
    if (entry == NULL || (*entry & NESTED_PRESENT) == 0) {
        if (!memory_make_present(memory, guest_physical, write)) {
            return NULL;
        }
        entry = nested_entry(&memory->nested, guest_physical, false);
    }
    if (write && (*entry & NESTED_WRITABLE) == 0 && !memory_written(memory, guest_physical)) {
        return NULL;
    }
    return arena_pointer(&memory->arena, (*entry & NESTED_ADDRESS) - ARENA_BASE) +
           (guest_physical & 0xfff);
}
