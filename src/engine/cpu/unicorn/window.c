// SPDX-License-Identifier: MIT
//
// Where VMOs lie in the window.

#include "engine/cpu/unicorn/window.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "objects/unmapped.h"
#include "platform/check.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

// --- Host addresses ---

#define WINDOW_ALIGNMENT (1ull << 30)
#define LOWEST_WINDOW (1ull << 32)

// Hosts give addresses downwards from the last ones, most of them.
uint8_t *window_choose(uint8_t *hidden, size_t hidden_size) {
    const uint64_t at = (uintptr_t)hidden;
    if (at >= LOWEST_WINDOW + WINDOW_SIZE + WINDOW_ALIGNMENT) {
        return hidden - WINDOW_SIZE - at % WINDOW_ALIGNMENT;
    }
    const uint64_t above = (at + hidden_size + WINDOW_ALIGNMENT - 1) & ~(WINDOW_ALIGNMENT - 1);
    return above + WINDOW_SIZE <= platform_address_limit() ? hidden + (above - at) : NULL;
}

enum { PROBES = 64 };

// A place for the nth probe, different for engines whose windows lie on each other. The same for
// the next guest of an engine: Unicorn keeps something for each stretch that ever held code.
static uint64_t probe(const struct window *window, uint64_t n) {
    const uint64_t golden = 0x9e3779b97f4a7c15ull;
    return (window->seed * golden * golden + n * golden) >> 26; // Of 38 bits.
}

void window_open(struct window *window, uint8_t *base, const uint8_t *hidden,
                 struct exit_request *request) {
    *window = (struct window){
        .base = base,
        .seed = (uintptr_t)hidden / HIDDEN_SIZE,
        .request = request,
    };
}

// The host's own choice is tried first, then places all over the window.
uint8_t *window_take(struct window *window, size_t size) {
    if (size > WINDOW_SIZE) {
        return NULL;
    }
    const uint64_t last = WINDOW_SIZE - size;
    const uint64_t page = platform_page_size();
    unmapped_cover();
    uint8_t *any = platform_reserve(size);
    unmapped_uncover();
    if (any == NULL || (uintptr_t)any - (uintptr_t)window->base <= last) {
        return any;
    }
    platform_unmap(any, size);
    for (int i = 0; i < PROBES; i++) {
        const uint64_t offset = probe(window, window->probes++) % (last + 1) / page * page;
        bool taken = false;
        if (platform_reserve_at(window->base + offset, size, &taken)) {
            return window->base + offset;
        }
    }
    return NULL;
}

// --- Slots ---

// The index of the first slot behind the address.
static size_t index_behind(const struct window *window, uint64_t base) {
    size_t low = 0;
    size_t high = window->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (window->slots[middle]->base <= base) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct window_slot *window_slot_of(struct window *window, uint64_t page) {
    const uint64_t address = page << 12;
    if (window->last == NULL || address - window->last->base >= window->last->size) {
        window->last = window->slots[index_behind(window, address) - 1];
    }
    CHECK(address - window->last->base < window->last->size);
    return window->last;
}

bool window_watches(struct window *window, uint64_t page) {
    const struct window_slot *slot = window_slot_of(window, page);
    return watch_contains(&slot->watch, window_slot_index(slot, page));
}

static struct window_slot *find(const struct window *window, const struct vmo *vmo,
                                uint64_t offset) {
    for (size_t i = 0; i < window->count; i++) {
        struct window_slot *slot = window->slots[i];
        if (slot->vmo == vmo && offset >= slot->vmo_offset &&
            offset - slot->vmo_offset < slot->size) {
            return slot;
        }
    }
    return NULL;
}

static bool grow(struct window *window) {
    const size_t room = window->room == 0 ? 4 : 2 * window->room;
    struct window_slot **slots = realloc(window->slots, room * sizeof(struct window_slot *));
    if (slots == NULL) {
        return false;
    }
    window->slots = slots;
    window->room = room;
    return true;
}

static bool insert(struct window *window, struct window_slot *slot) {
    if (window->count == window->room && !grow(window)) {
        return false;
    }
    const size_t index = index_behind(window, slot->base);
    struct window_slot **place = &window->slots[index];
    CHECK(index == 0 || slot->base - place[-1]->base >= place[-1]->size);
    CHECK(index == window->count || place[0]->base - slot->base >= slot->size);
    memmove(place + 1, place, (window->count - index) * sizeof(struct window_slot *));
    *place = slot;
    window->count++;
    window->pages += slot->size >> 12;
    return true;
}

static void free_slot(struct window_slot *slot) {
    free(slot->places);
    watch_free(&slot->watch);
    free(slot);
}

static struct window_slot *make_slot(uint64_t size) {
    struct window_slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL) {
        return NULL;
    }
    slot->size = size;
    slot->places = calloc(size >> 12, sizeof *slot->places);
    if (!watch_init(&slot->watch, size >> 12) || slot->places == NULL) {
        free_slot(slot);
        return NULL;
    }
    return slot;
}

static bool place(struct window *window, struct window_slot *slot) {
    uint8_t *at = window_take(window, slot->size);
    if (at == NULL) {
        return false;
    }
    slot->base = (uint64_t)(at - window->base);
    if (platform_memory_map(slot->vmo->memory, slot->vmo_offset, slot->size,
                            PLATFORM_READ | PLATFORM_WRITE, at) == NULL ||
        !insert(window, slot)) {
        platform_unmap(at, slot->size);
        return false;
    }
    return true;
}

// The slot begins with its listener.
static void note_write(struct vmo_listener *listener, uint64_t offset, uint64_t length) {
    struct window_slot *slot = (struct window_slot *)listener;
    ASSERT_HELD(&slot->vmo->lock);
    const uint64_t slot_end = slot->vmo_offset + slot->size;
    const uint64_t start = offset > slot->vmo_offset ? offset : slot->vmo_offset;
    const uint64_t end = offset + length < slot_end ? offset + length : slot_end;
    if (start >= end) {
        return;
    }
    const uint64_t first = (start - slot->vmo_offset) >> 12;
    const uint64_t last = (end - 1 - slot->vmo_offset) >> 12;
    if (watch_note(&slot->watch, first, last + 1 - first)) {
        atomic_store(&slot->window->written, true);
        exit_request_make(slot->window->request);
    }
}

// A place for the part of the VMO from `offset` to its present end.
static zx_status_t add_slot(struct window *window, struct vmo *vmo, uint64_t offset, uint64_t end) {
    const uint64_t page = platform_page_size();
    struct window_slot *slot = make_slot((end - offset + page - 1) / page * page);
    if (slot == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    slot->window = window;
    slot->vmo = vmo;
    slot->vmo_offset = offset;
    if (!place(window, slot)) {
        free_slot(slot);
        return ZX_ERR_NO_MEMORY;
    }
    vmo_ref(vmo);
    slot->listener.written = note_write;
    vmo_listener_add(vmo, &slot->listener);
    return ZX_OK;
}

zx_status_t window_add_vmo(struct window *window, struct vmo *vmo) {
    const uint64_t size = vmo->size;
    if (size > WINDOW_SIZE) {
        return ZX_ERR_NO_MEMORY;
    }
    if (window->base == NULL) {
        return ZX_OK; // When it is needed.
    }
    uint64_t placed = 0;
    const struct window_slot *slot = find(window, vmo, 0);
    while (slot != NULL) {
        placed = slot->vmo_offset + slot->size;
        slot = find(window, vmo, placed);
    }
    return placed < size ? add_slot(window, vmo, placed, size) : ZX_OK;
}

uint64_t window_page_for(struct window *window, struct vmo *vmo, uint64_t vmo_offset) {
    const struct window_slot *slot = find(window, vmo, vmo_offset);
    if (slot == NULL && window_add_vmo(window, vmo) == ZX_OK) {
        slot = find(window, vmo, vmo_offset);
    }
    return slot != NULL ? (slot->base + (vmo_offset - slot->vmo_offset)) >> 12 : NO_WINDOW_PAGE;
}

void window_close(struct window *window) {
    for (size_t i = 0; i < window->count; i++) {
        struct window_slot *slot = window->slots[i];
        vmo_listener_remove(slot->vmo, &slot->listener);
        platform_unmap(window->base + slot->base, slot->size);
        vmo_unref(slot->vmo);
        free_slot(slot);
    }
    free(window->slots);
    *window = (struct window){0};
}
