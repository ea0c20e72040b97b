// SPDX-License-Identifier: MIT
//
// Which pages of the arena hold code that Unicorn has translated, and what happens when they are
// written. Unicorn 2.1.1 misses stores through an alias, repeated stores and every store of the
// host, so this library finds them itself: such a page is watched, and read-only in the nested
// tables.

#ifndef ENGINE_CPU_UNICORN_CODE_PAGES_H
#define ENGINE_CPU_UNICORN_CODE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct nested;
struct arena;

struct code_pages {
    struct engine *engine;
    struct arena *arena;
    struct nested *nested;
    // Pages that stay writable in spite of their translations; see step.h. Unused entries are
    // NO_ARENA_PAGE.
    uint64_t unguarded[2];
};

// Unicorn is about to translate from the page: guards it.
void code_pages_translated(struct code_pages *code, uint64_t arena_page);

// Lets a store to the page go through: drops the page's translations, and keeps it writable until
// code in it is translated again.
void code_pages_stored_to(struct code_pages *code, uint64_t arena_page);

// The page has new contents or is mapped differently: its translations go.
void code_pages_forget(struct code_pages *code, uint64_t arena_page);

bool code_pages_unguarded(const struct code_pages *code, uint64_t arena_page);

// The host has written to such pages: theirs are to go, between runs.
bool code_pages_noted(const struct code_pages *code);
void code_pages_drop_noted(struct code_pages *code);

#endif // ENGINE_CPU_UNICORN_CODE_PAGES_H
