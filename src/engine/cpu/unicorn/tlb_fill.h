// SPDX-License-Identifier: MIT
//
// Filling Unicorn's TLB. Where an address is missing there, Unicorn walks the guest's tables
// through the nested ones by its own functions for physical memory, some twenty of them one after
// the other. The library knows where in the host all that memory lies, and finds out in a tenth of
// the time where nothing stands against the access. It then has Unicorn make the entry. Where a
// load or a store meets nothing but a page that the guest does not have, it has Unicorn end the run
// in the middle of the instruction, as at the end of its own walk. It leaves everything else to
// that walk: faults, bits that are to be set, tables that are not there, and the first of the large
// pages, for which Unicorn keeps account.
//
// Unicorn calls its walk through a pointer, between which and another, of functions that answer
// from a hook, its interface lets users choose. So the pointer is where a choice is seen to change
// memory, and believed after a trial.

#ifndef ENGINE_CPU_UNICORN_TLB_FILL_H
#define ENGINE_CPU_UNICORN_TLB_FILL_H

#include "engine/cpu/unicorn/layout.h"
#include "engine/cpu/unicorn/tlb_numbers.h"

#include <stdbool.h>
#include <stdint.h>
#include <unicorn/unicorn.h>

struct nested;

enum { NESTED_PAGES_KEPT = 256 };

// Whether the run ends, with the instruction not carried out, because it accesses a guest-physical
// page that the nested tables do not have.
typedef bool fill_absent(void *context, uint64_t guest_physical, bool write);

// Whether a walk may go through tables in the page: it is writable, or read-only for no other
// reason than that stores to it are to be noticed.
typedef bool fill_table(void *context, uint64_t guest_physical);

// A store meets a page that is read-only in the nested tables. Whether it is writable now, because
// a store had only to be noticed.
typedef bool fill_store(void *context, uint64_t guest_physical);

struct fill_hooks {
    fill_absent *absent;
    fill_table *table;
    fill_store *store;
};

// What an engine has for filling its TLB.
struct tlb_fill {
    const struct layout *layout;
    uint8_t *state;            // The state in the engine. NULL: misses do not come to the library.
    struct nested *nested;     // The guest's tables. NULL without a guest: misses do not come then.
    bool flat;                 // Addresses are physical for a moment, and Unicorn's to walk.
    bool leaves_large;         // Where Unicorn keeps account of large pages is not known.
    bool accounts[FILL_MODES]; // It is known for this mode, so the library does it itself.
    const struct fill_hooks *hooks;
    void *context;
    bool walked;   // Unicorn has filled entries since a flush, from tables that it walked alone.
    bool unmarked; // The library has, from tables in pages without a mark.
    bool ends_run; // There is no entry to be made.
    uc_tlb_entry entry; // To be made.
    // The page of code that was in the TLB until Unicorn was shown a copy of it.
    struct {
        bool known;
        uint64_t linear;
        uc_tlb_entry entry;
    } code;
    // Pages that the nested tables were asked for; see nested_lookup().
    struct nested_page_kept {
        uint64_t page;
        uint64_t found;
        uint64_t changes; // The tables' count of them, and one more: 0 is none.
        bool table;       // Walks may go through it.
    } kept[NESTED_PAGES_KEPT];
};

// Makes an engine to find out, and fills in `layout->fill`. Not where the state is copied, and when
// the environment says ZIRCONIA_TLB=engine.
void tlb_fill_find(struct layout *layout);

// Has misses of this engine, whose state is there in place and which is in guest mode, come to the
// library, which asks the hooks about pages. Without effect where they cannot.
void tlb_fill_install(struct tlb_fill *fill, uc_engine *unicorn, const struct layout *layout,
                      uint8_t *state, const struct fill_hooks *hooks, void *context);

// Whether all entries of the TLB come from tables in pages that are marked (dirty_pages.h).
bool tlb_fill_knows_tables(const struct tlb_fill *fill);

// The guest that has the engine from now on; NULL: none has.
void tlb_fill_serve(struct tlb_fill *fill, struct nested *nested);

// Whose guest this thread runs, or NULL: the misses of this thread are the guest's.
void tlb_fill_run(struct tlb_fill *fill);

#endif // ENGINE_CPU_UNICORN_TLB_FILL_H
