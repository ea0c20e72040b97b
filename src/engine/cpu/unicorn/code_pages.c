// SPDX-License-Identifier: MIT
//
// Guarding, and dropping translations.

#include "engine/cpu/unicorn/code_pages.h"

#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/nested.h"
#include "engine/cpu/unicorn/window.h"

bool code_pages_unguarded(const struct code_pages *code, uint64_t page) {
    return page == code->unguarded[0] || page == code->unguarded[1];
}

void code_pages_translated(struct code_pages *code, uint64_t page) {
    struct window_slot *slot = window_slot_of(code->window, page);
    const uint64_t index = window_slot_index(slot, page);
    if (watch_contains(&slot->watch, index)) {
        return;
    }
    watch_add(&slot->watch, index);
    if (!code_pages_unguarded(code, page) && nested_protect(code->nested, page)) {
        code->engine->tlb_stale = true;
    }
}

void code_pages_forget(struct code_pages *code, uint64_t page) {
    struct window_slot *slot = window_slot_of(code->window, page);
    const uint64_t index = window_slot_index(slot, page);
    if (watch_contains(&slot->watch, index)) {
        engine_forget_code(code->engine, page << 12);
        watch_remove(&slot->watch, index);
    }
}

bool code_pages_noted(const struct code_pages *code) {
    return atomic_load_explicit(&code->window->written, memory_order_relaxed);
}

static void drop_noted_in(struct code_pages *code, struct window_slot *slot) {
    const uint64_t first = slot->base >> 12;
    uint64_t page = watch_next_written(&slot->watch, 0);
    while (page < slot->watch.pages) {
        code_pages_forget(code, first + page);
        page = watch_next_written(&slot->watch, page + 1);
    }
}

void code_pages_drop_noted(struct code_pages *code) {
    struct window *window = code->window;
    if (atomic_exchange(&window->written, false)) {
        for (size_t i = 0; i < window->count; i++) {
            drop_noted_in(code, window->slots[i]);
        }
    }
}
