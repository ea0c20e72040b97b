// SPDX-License-Identifier: MIT
//
// The window: what Unicorn takes for WINDOW_SIZE bytes of memory at WINDOW_BASE, with the host's
// addresses from `base` on behind it. Nothing of that is reserved. The pages of mapped VMOs and of
// nested page tables are put where the host has room inside of it, one slot a VMO, and the guest
// reaches them, and nothing else, through its nested page tables.

#ifndef ENGINE_CPU_UNICORN_WINDOW_H
#define ENGINE_CPU_UNICORN_WINDOW_H

#include "engine/cpu/unicorn/exit_request.h"
#include "engine/cpu/unicorn/watch.h"
#include "objects/vmo.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/types.h>

#define NO_WINDOW_PAGE UINT64_MAX

// A VMO that has grown has several, each for the part that the ones before do not have.
struct window_slot {
    struct vmo_listener listener; // First: note_write() goes from it to the slot.
    struct window *window;
    struct vmo *vmo;
    uint64_t vmo_offset;
    uint64_t base; // From the start of the window.
    uint64_t size;
    uint64_t **places; // For each page, which entry leads there; see nested.c.
    struct watch watch;
};

struct window {
    uint8_t *base;              // NULL before it is opened.
    uint64_t seed;              // For the search of free places.
    uint64_t probes;            // How many places were tried.
    struct window_slot **slots; // By base.
    size_t count;
    size_t room;
    struct window_slot *last;     // The slot that was looked up last.
    uint64_t pages;               // The pages of all slots.
    atomic_bool written;          // The host wrote to a page that is watched.
    struct exit_request *request; // The machine's, made then.
};

// Where the window of an engine begins: beside the engine's hidden region, because host addresses
// must tell Unicorn which of the two is meant. NULL if the host has too few.
uint8_t *window_choose(uint8_t *hidden, size_t hidden_size);

// The window of that engine.
void window_open(struct window *window, uint8_t *base, const uint8_t *hidden,
                 struct exit_request *request);

// Empty again. One that was never opened is empty.
void window_close(struct window *window);

// The host's address of a byte of the window, good to the end of its page.
static inline uint8_t *window_pointer(const struct window *window, uint64_t offset) {
    return window->base + offset;
}

// Inaccessible host addresses inside of the window, for platform_unmap(); NULL without.
uint8_t *window_take(struct window *window, size_t size);

// Makes room for the VMO's pages, as many as it has now.
zx_status_t window_add_vmo(struct window *window, struct vmo *vmo);

// The slot of a page of the window that has one.
struct window_slot *window_slot_of(struct window *window, uint64_t page);

static inline uint64_t window_slot_index(const struct window_slot *slot, uint64_t page) {
    return page - (slot->base >> 12);
}

// The page of the VMO, which is given a place if need be; NO_WINDOW_PAGE when there is none.
uint64_t window_page_for(struct window *window, struct vmo *vmo, uint64_t vmo_offset);

// Whether the page is watched.
bool window_watches(struct window *window, uint64_t page);

#endif // ENGINE_CPU_UNICORN_WINDOW_H
