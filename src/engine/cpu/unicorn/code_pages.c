// SPDX-License-Identifier: MIT
//
// Guarding, and dropping translations.

#include "engine/cpu/unicorn/code_pages.h"

#include "engine/cpu/unicorn/arena.h"
#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/nested.h"

bool code_pages_unguarded(const struct code_pages *code, uint64_t page) {
    return page == code->unguarded[0] || page == code->unguarded[1];
}

// Code lies beside code, and making a page read-only costs the guest its whole TLB. So the pages of
// a group become read-only together: translating from another of them later costs nothing more, and
// a store to one costs one fault, once for all. An instruction may need its own page translated and
// several others writable, for example the page tables that lead to it; making these read-only
// whenever its page is translated would keep it from ever finishing.
#define GROUP_PAGES 16u

static void protect_group(struct code_pages *code, const struct memslot *memslot, uint64_t index) {
    const uint64_t first = index & ~(uint64_t)(GROUP_PAGES - 1);
    const uint64_t pages = memslot->size >> 12;
    for (uint64_t i = first; i < first + GROUP_PAGES && i < pages; i++) {
        const uint64_t page = (memslot->base >> 12) + i;
        if (!code_pages_unguarded(code, page) && !watch_spares(&memslot->watch, i)) {
            nested_protect_if_single(code->nested, page);
        }
    }
}

void code_pages_translated(struct code_pages *code, uint64_t page) {
    struct memslot *memslot = memslot_of(code->arena, page);
    const uint64_t index = memslot_index(memslot, page);
    if (watch_contains(&memslot->watch, index)) {
        return;
    }
    watch_add(&memslot->watch, index);
    if (code_pages_unguarded(code, page)) {
        nested_isolate(code->nested, page);
    } else if (nested_protect(code->nested, page)) {
        protect_group(code, memslot, index);
        code->engine->tlb_stale = true;
    }
}

void code_pages_forget(struct code_pages *code, uint64_t page) {
    struct memslot *memslot = memslot_of(code->arena, page);
    const uint64_t index = memslot_index(memslot, page);
    if (watch_contains(&memslot->watch, index)) {
        engine_forget_code(code->engine, page << 12);
        watch_remove(&memslot->watch, index);
    }
}

void code_pages_stored_to(struct code_pages *code, uint64_t page) {
    struct memslot *memslot = memslot_of(code->arena, page);
    code_pages_forget(code, page);
    watch_spare(&memslot->watch, memslot_index(memslot, page));
}

bool code_pages_noted(const struct code_pages *code) {
    return atomic_load_explicit(&code->arena->written, memory_order_relaxed);
}

static void drop_noted_in(struct code_pages *code, struct memslot *memslot) {
    const uint64_t first = memslot->base >> 12;
    uint64_t page = watch_next_written(&memslot->watch, 0);
    while (page < memslot->watch.pages) {
        code_pages_forget(code, first + page);
        page = watch_next_written(&memslot->watch, page + 1);
    }
}

void code_pages_drop_noted(struct code_pages *code) {
    struct arena *arena = code->arena;
    if (atomic_exchange(&arena->written, false)) {
        for (size_t i = 0; i < arena->count; i++) {
            drop_noted_in(code, arena->memslots[i]);
        }
    }
}
