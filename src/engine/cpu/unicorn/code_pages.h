// SPDX-License-Identifier: MIT
//
// Which pages of the window hold code that Unicorn has translated, and what happens when they are
// written. Unicorn 2.1.1 misses stores through an alias, repeated stores and every store of the
// host, so this library finds them itself: such a page is read-only in the nested tables.

#ifndef ENGINE_CPU_CODE_PAGES_H
#define ENGINE_CPU_CODE_PAGES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define NO_WINDOW_PAGE UINT64_MAX

struct cpu;
struct machine;
struct window_slot;

struct code_pages {
    atomic_bool any_written; // The host wrote to some page with translations.
    uint64_t stepped;        // The page that stays writable while one instruction runs, and the
    uint64_t step_start;     // instruction's linear address
    uint64_t step_end;       // and its end.
    bool stepped_now;        // What is being reported comes from an instruction that ran alone.
};

bool code_pages_contain(struct machine *machine, uint64_t window_page);

// Unicorn is about to translate from the page: guards it.
void code_pages_translated(struct machine *machine, uint64_t window_page);

// A store of the guest hit a page that is not writable in the nested tables. True if it was so only
// because of its translations: they are gone and the page is writable, until its code runs again.
bool code_pages_written(struct machine *machine, uint64_t guest_physical);

// The page is mapped differently from now on: its translations go. Between runs.
void code_pages_forget(struct machine *machine, uint64_t window_page);

// zx_vmo_write() changed `count` pages of the slot. Any thread, and it must not wait: the next
// entry drops the translations.
void code_pages_note(struct window_slot *slot, uint64_t first, uint64_t count);
bool code_pages_noted(const struct machine *machine);
void code_pages_drop_noted(struct machine *machine);

// An instruction that stores into the page that it is itself in: guarding that page again would
// fault for ever. It runs alone, the page unguarded, and then is translated anew.
bool code_pages_must_step(struct cpu *cpu, uint64_t guest_physical, unsigned length);

// Unicorn translates ahead, and a fault that it meets on the page after RIP's looks like one of the
// instruction at RIP. True if that instruction lies before the page and has not run alone yet: it
// is to do so, like one that stores into its page.
bool code_pages_must_step_first(struct cpu *cpu, unsigned length);

bool code_pages_begin_step(struct machine *machine); // False when there is nothing to step.
void code_pages_end_step(struct machine *machine);

#endif // ENGINE_CPU_CODE_PAGES_H
