// SPDX-License-Identifier: MIT
//
// Finding places for VMOs in the arena.

#include "engine/cpu/unicorn/arena.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "objects/unmapped.h"
#include "platform/check.h"
#include "platform/platform.h"
#include "platform/publish.h"

#include <stdlib.h>
#include <string.h>

// --- Host addresses ---

#define ARENA_ALIGNMENT (1ull << 30)
#define LOWEST_ARENA (1ull << 32)

// Most hosts give out addresses downwards from the last ones.
uint8_t *arena_choose(uint8_t *hidden, size_t hidden_size) {
    const uint64_t at = (uintptr_t)hidden;
    if (at >= LOWEST_ARENA + ARENA_SIZE + ARENA_ALIGNMENT) {
        return hidden - ARENA_SIZE - at % ARENA_ALIGNMENT;
    }
    const uint64_t above = (at + hidden_size + ARENA_ALIGNMENT - 1) & ~(ARENA_ALIGNMENT - 1);
    return above + ARENA_SIZE <= platform_address_limit() ? hidden + (above - at) : NULL;
}

enum { PROBES = 64 };

// What is small is tried to be put near the arena's start, away from the host's own choices, so
// that a large VMO finds the rest in one piece.
#define SMALL (1ull << 30)
#define SMALL_END (ARENA_SIZE / 16)

// The place of the nth probe. Engines whose arenas overlap probe different places; later guests of
// one engine probe the same, because Unicorn keeps something for each stretch that ever held code.
static uint64_t probe(const struct arena *arena, uint64_t n) {
    const uint64_t golden = 0x9e3779b97f4a7c15ull;
    return (arena->seed * golden * golden + n * golden) >> 26; // A number of 38 bits.
}

void arena_open(struct arena *arena, uint8_t *base, const uint8_t *hidden,
                struct exit_request *request) {
    *arena = (struct arena){
        .base = base,
        .seed = (uintptr_t)hidden / HIDDEN_SIZE,
        .request = request,
    };
    host_stores_open(&arena->stores);
}

// Tries the host's own choice first, then places all over the arena.
uint8_t *arena_take(struct arena *arena, size_t size) {
    if (size > ARENA_SIZE) {
        return NULL;
    }
    const uint64_t last = ARENA_SIZE - size;
    const uint64_t page = platform_page_size();
    unmapped_cover();
    uint8_t *any = platform_reserve(size);
    unmapped_uncover();
    if (any == NULL || (uintptr_t)any - (uintptr_t)arena->base <= last) {
        return any;
    }
    platform_unmap(any, size);
    for (int i = 0; i < PROBES; i++) {
        const uint64_t end = size < SMALL && i < PROBES / 2 ? SMALL_END : last;
        const uint64_t offset = probe(arena, arena->probes++) % (end + 1) / page * page;
        bool taken = false;
        if (platform_reserve_at(arena->base + offset, size, &taken)) {
            return arena->base + offset;
        }
    }
    return NULL;
}

// Another thread may take a place that was found, so the search goes on. Its outcome must not
// matter otherwise: the place of memory decides how often a guest faults, and in virtual time that
// must repeat.
enum { ALIGNED_TRIES = 64 };

// At an address that is `phase` behind a multiple of the alignment, from the arena's start on.
static uint8_t *take_aligned(struct arena *arena, size_t size, uint64_t alignment, uint64_t phase) {
    bool taken = phase % platform_page_size() == 0;
    for (int i = 0; i < ALIGNED_TRIES && taken; i++) {
        uint8_t *any = arena_take(arena, size + alignment);
        if (any == NULL) {
            return NULL;
        }
        uint8_t *at = any + ((phase - (uint64_t)(any - arena->base)) & (alignment - 1));
        platform_unmap(any, size + alignment);
        if (platform_reserve_at(at, size, &taken)) {
            return at;
        }
    }
    return NULL;
}

// --- Memslots ---

// The index of the first memslot behind the address.
static size_t index_behind(const struct arena *arena, uint64_t base) {
    size_t low = 0;
    size_t high = arena->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (arena->memslots[middle]->base <= base) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct memslot *memslot_of(struct arena *arena, uint64_t page) {
    const uint64_t address = page << 12;
    if (arena->last == NULL || address - arena->last->base >= arena->last->size) {
        arena->last = arena->memslots[index_behind(arena, address) - 1];
    }
    CHECK(address - arena->last->base < arena->last->size);
    return arena->last;
}

bool arena_watches(struct arena *arena, uint64_t page) {
    const struct memslot *memslot = memslot_of(arena, page);
    return watch_contains(&memslot->watch, memslot_index(memslot, page));
}

static struct memslot *find(const struct arena *arena, const struct vmo *vmo, uint64_t offset) {
    for (size_t i = 0; i < arena->count; i++) {
        struct memslot *memslot = arena->memslots[i];
        if (memslot->vmo == vmo && offset >= memslot->vmo_offset &&
            offset - memslot->vmo_offset < memslot->size) {
            return memslot;
        }
    }
    return NULL;
}

static bool grow(struct arena *arena) {
    const size_t room = arena->room == 0 ? 4 : 2 * arena->room;
    struct memslot **memslots = realloc(arena->memslots, room * sizeof(struct memslot *));
    if (memslots == NULL) {
        return false;
    }
    arena->memslots = memslots;
    arena->room = room;
    return true;
}

static bool insert(struct arena *arena, struct memslot *memslot) {
    if (arena->count == arena->room && !grow(arena)) {
        return false;
    }
    const size_t index = index_behind(arena, memslot->base);
    struct memslot **place = &arena->memslots[index];
    CHECK(index == 0 || memslot->base - place[-1]->base >= place[-1]->size);
    CHECK(index == arena->count || place[0]->base - memslot->base >= memslot->size);
    memmove(place + 1, place, (arena->count - index) * sizeof(struct memslot *));
    *place = memslot;
    arena->count++;
    arena->pages += memslot->size >> 12;
    return true;
}

static void free_memslot(struct memslot *memslot) {
    for (unsigned level = 0; level < NESTED_LEVELS; level++) {
        free(memslot->places[level]);
    }
    free(memslot->stored);
    watch_free(&memslot->watch);
    free(memslot);
}

// The most stretches of a level's size that a memslot can meet.
static size_t place_count(const struct memslot *memslot, unsigned level) {
    return (memslot->size >> nested_shift(level)) + 2;
}

static bool make_places(struct memslot *memslot) {
    bool made = true;
    for (unsigned level = 0; level < NESTED_LEVELS; level++) {
        memslot->places[level] = calloc(place_count(memslot, level), sizeof(uint64_t *));
        made = made && memslot->places[level] != NULL;
    }
    return made;
}

static struct memslot *make_memslot(uint64_t size) {
    struct memslot *memslot = calloc(1, sizeof *memslot);
    if (memslot == NULL) {
        return NULL;
    }
    memslot->size = size;
    if (!watch_init(&memslot->watch, size >> 12) || !make_places(memslot)) {
        free_memslot(memslot);
        return NULL;
    }
    return memslot;
}

void arena_forget_entries(struct arena *arena) {
    for (size_t i = 0; i < arena->count; i++) {
        struct memslot *memslot = arena->memslots[i];
        for (unsigned level = 0; level < NESTED_LEVELS; level++) {
            const size_t count = place_count(memslot, level);
            memset(memslot->places[level], 0, count * sizeof(uint64_t *));
        }
        watch_spare_none(&memslot->watch);
    }
}

// Finds host addresses for a memslot. A page at `offset` in the VMO, which will be at `offset` +
// `shift` in guest-physical memory, gets the same place in its 2 MiB or 1 GiB as there.
static uint8_t *take_for(struct arena *arena, const struct memslot *memslot, uint64_t shift) {
    uint8_t *at = NULL;
    for (unsigned level = NESTED_LEVELS - 1; level > 0 && at == NULL; level--) {
        const uint64_t alignment = 1ull << nested_shift(level);
        if (memslot->size >= alignment) {
            at = take_aligned(arena, memslot->size, alignment, memslot->vmo_offset + shift);
        }
    }
    return at != NULL ? at : arena_take(arena, memslot->size);
}

static bool place(struct arena *arena, struct memslot *memslot, uint64_t shift) {
    uint8_t *at = take_for(arena, memslot, shift);
    if (at == NULL) {
        return false;
    }
    memslot->base = (uint64_t)(at - arena->base);
    if (platform_memory_map(memslot->vmo->memory, memslot->vmo_offset, memslot->size,
                            PLATFORM_READ | PLATFORM_WRITE, at) == NULL ||
        !insert(arena, memslot)) {
        platform_unmap(at, memslot->size);
        return false;
    }
    return true;
}

// The memslot begins with its listener.
static void note_write(struct vmo_listener *listener, uint64_t offset, uint64_t length) {
    struct memslot *memslot = (struct memslot *)listener;
    ASSERT_HELD(&memslot->vmo->lock);
    const uint64_t slot_end = memslot->vmo_offset + memslot->size;
    const uint64_t start = offset > memslot->vmo_offset ? offset : memslot->vmo_offset;
    const uint64_t end = offset + length < slot_end ? offset + length : slot_end;
    if (start >= end) {
        return;
    }
    const uint64_t first = (start - memslot->vmo_offset) >> 12;
    const uint64_t last = (end - 1 - memslot->vmo_offset) >> 12;
    platform_published(); // Who begins to watch the pages reads them behind that, or is seen here.
    host_stores_note(&memslot->arena->stores, (memslot->base >> 12) + first, last + 1 - first);
    if (watch_note(&memslot->watch, first, last + 1 - first)) {
        atomic_store(&memslot->arena->written, true);
        exit_request_make(memslot->arena->request);
    }
}

// A place for the part of the VMO from `offset` to its present end.
static zx_status_t add_memslot(struct arena *arena, struct vmo *vmo, uint64_t offset, uint64_t end,
                               uint64_t shift) {
    const uint64_t page = platform_page_size();
    struct memslot *memslot = make_memslot((end - offset + page - 1) / page * page);
    if (memslot == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    memslot->arena = arena;
    memslot->vmo = vmo;
    memslot->vmo_offset = offset;
    if (!place(arena, memslot, shift)) {
        free_memslot(memslot);
        return ZX_ERR_NO_MEMORY;
    }
    vmo_ref(vmo);
    memslot->listener.written = note_write;
    vmo_listener_add(vmo, &memslot->listener);
    return ZX_OK;
}

zx_status_t arena_add_vmo(struct arena *arena, struct vmo *vmo, uint64_t shift) {
    const uint64_t size = vmo->size;
    if (size > ARENA_SIZE) {
        return ZX_ERR_NO_MEMORY;
    }
    if (arena->base == NULL) {
        return ZX_OK; // The rest gets a memslot when it is needed.
    }
    uint64_t placed = 0;
    const struct memslot *memslot = find(arena, vmo, 0);
    while (memslot != NULL) {
        placed = memslot->vmo_offset + memslot->size;
        memslot = find(arena, vmo, placed);
    }
    return placed < size ? add_memslot(arena, vmo, placed, size, shift) : ZX_OK;
}

uint64_t arena_page_for(struct arena *arena, struct vmo *vmo, uint64_t vmo_offset, uint64_t shift) {
    const struct memslot *memslot = find(arena, vmo, vmo_offset);
    if (memslot == NULL && arena_add_vmo(arena, vmo, shift) == ZX_OK) {
        memslot = find(arena, vmo, vmo_offset);
    }
    return memslot != NULL ? (memslot->base + (vmo_offset - memslot->vmo_offset)) >> 12
                           : NO_ARENA_PAGE;
}

void arena_close(struct arena *arena) {
    for (size_t i = 0; i < arena->count; i++) {
        struct memslot *memslot = arena->memslots[i];
        vmo_listener_remove(memslot->vmo, &memslot->listener);
        platform_unmap(arena->base + memslot->base, memslot->size);
        vmo_unref(memslot->vmo);
        free_memslot(memslot);
    }
    free(arena->memslots);
    if (arena->base != NULL) {
        host_stores_close(&arena->stores);
    }
    *arena = (struct arena){0};
}
