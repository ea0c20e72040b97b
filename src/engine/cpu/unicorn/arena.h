// SPDX-License-Identifier: MIT
//
// The arena: Unicorn takes it for ARENA_SIZE bytes of memory at ARENA_BASE, and it stands for the
// host's addresses from `base` on. It reserves none of them. The pages of mapped VMOs, a memslot
// for each VMO, and those of nested page tables are put where the host has room inside of it. The
// guest reaches them, and nothing else, through its nested page tables.

#ifndef ENGINE_CPU_UNICORN_ARENA_H
#define ENGINE_CPU_UNICORN_ARENA_H

#include "engine/cpu/unicorn/exit_request.h"
#include "engine/cpu/unicorn/host_stores.h"
#include "engine/cpu/unicorn/nested_levels.h"
#include "engine/cpu/unicorn/watch.h"
#include "objects/vmo.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/types.h>

#define NO_ARENA_PAGE UINT64_MAX

// A VMO that has grown has several memslots, each for the part that the earlier ones do not cover.
struct memslot {
    struct vmo_listener listener; // First: note_write() goes from it to the memslot.
    struct arena *arena;
    struct vmo *vmo;
    uint64_t vmo_offset;
    uint64_t base; // Offset from the start of the arena.
    uint64_t size;
    // For each page, and each 2 MiB and 1 GiB of the arena, which entry leads there; see nested.c.
    uint64_t **places[NESTED_LEVELS];
    struct watch watch;
    uint8_t *stored; // For each page, see dirty_pages.c. NULL before the first image.
    unsigned mapped; // The value of vmo->mapped at the first image, or at the last look.
};

struct arena {
    uint8_t *base;             // NULL before it is opened.
    uint64_t seed;             // For the search of free places.
    uint64_t probes;           // How many places were tried.
    struct memslot **memslots; // By base.
    size_t count;
    size_t room;
    struct memslot *last;         // The memslot that was looked up last.
    uint64_t pages;               // The pages of all memslots.
    struct host_stores stores;    // For images.
    atomic_bool written;          // The host wrote to a page that is watched.
    struct exit_request *request; // The machine's exit request, made when `written` is set.
};

// Where the arena of an engine begins: beside the engine's hidden region, because host addresses
// must tell Unicorn which of the two is meant. NULL if the host has too few.
uint8_t *arena_choose(uint8_t *hidden, size_t hidden_size);

// The arena of that engine.
void arena_open(struct arena *arena, uint8_t *base, const uint8_t *hidden,
                struct exit_request *request);

// Empties the arena. An arena that was never opened is empty.
void arena_close(struct arena *arena);

// The host's address of a byte of the arena, good to the end of its page.
static inline uint8_t *arena_pointer(const struct arena *arena, uint64_t offset) {
    return arena->base + offset;
}

// Reserves inaccessible host addresses inside of the arena, for platform_unmap(); NULL if there are
// none.
uint8_t *arena_take(struct arena *arena, size_t size);

// Makes room for the VMO's pages, as many as it has now. A page that will be mapped at its offset
// in the VMO plus `shift` is put where large entries of the nested tables can lead to it, if
// possible.
zx_status_t arena_add_vmo(struct arena *arena, struct vmo *vmo, uint64_t shift);

// The memslot of a page of the arena that has one.
struct memslot *memslot_of(struct arena *arena, uint64_t page);

static inline uint64_t memslot_index(const struct memslot *memslot, uint64_t page) {
    return page - (memslot->base >> 12);
}

// Where the page's entry of that level is noted.
static inline uint64_t **memslot_place(const struct memslot *memslot, unsigned level,
                                       uint64_t page) {
    const uint64_t first = memslot->base >> nested_shift(level);
    return &memslot->places[level][(page << 12 >> nested_shift(level)) - first];
}

// No nested table leads to any page: what was noted of their entries is forgotten.
void arena_forget_entries(struct arena *arena);

// The arena's page of a page of the VMO, which gets a place if need be; NO_ARENA_PAGE when there is
// none.
uint64_t arena_page_for(struct arena *arena, struct vmo *vmo, uint64_t vmo_offset, uint64_t shift);

// Whether the VMO has been mapped somewhere since the last look.
static inline bool memslot_is_mapped_anew(const struct memslot *memslot) {
    return atomic_load_explicit(&memslot->vmo->mapped, memory_order_relaxed) != memslot->mapped;
}

// Whether stores to the page are watched.
bool arena_watches(struct arena *arena, uint64_t page);

#endif // ENGINE_CPU_UNICORN_ARENA_H
