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
