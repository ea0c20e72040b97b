// SPDX-License-Identifier: MIT
//
// The window: what Unicorn takes for WINDOW_SIZE bytes of memory at WINDOW_BASE, with the host's
// addresses from `machine->window` on behind it. Nothing of that is reserved. The pages of mapped
// VMOs and of nested page tables are put where the host has room inside of it, one slot a VMO, and
// the guest reaches them, and nothing else, through its nested page tables.

#ifndef ENGINE_CPU_UNICORN_WINDOW_H
#define ENGINE_CPU_UNICORN_WINDOW_H

#include "objects/vmo.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/types.h>

struct machine;
struct backing;

// A VMO that has grown has several, each for the part that the ones before do not have.
struct window_slot {
    struct vmo_listener listener; // First: note_write() goes from it to the slot.
    struct machine *machine;
    struct vmo *vmo;
    uint64_t vmo_offset;
    uint64_t base; // From the start of the window.
    uint64_t size;
    uint64_t **places;        // For each page, which entry leads there; see nested.c.
    atomic_uchar *translated; // For each page a bit; see code_pages.c.
    atomic_uchar *written;
};

struct window_slots {
    struct window_slot **all; // By base.
    size_t count;
    size_t room;
    struct window_slot *last; // That was asked for.
    uint64_t pages;           // Of all together.
};

// Where the window of an engine is to begin, whose hidden region is that one: beside it, because
// host addresses must tell Unicorn which of the two is meant. NULL if the host has too few.
uint8_t *window_choose(uint8_t *hidden, size_t hidden_size);

// Inaccessible host addresses inside of the window, for platform_unmap(); NULL without.
uint8_t *window_take(struct machine *machine, size_t size);

// The slot of a page of the window that has one.
struct window_slot *window_slot_of(struct machine *machine, uint64_t window_page);

// The slot of the page, which is given one if need be; NULL when there is no place for it.
struct window_slot *window_slot_for(struct machine *machine, const struct backing *backing);

void window_clear(struct machine *machine);

#endif // ENGINE_CPU_UNICORN_WINDOW_H
