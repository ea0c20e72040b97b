// SPDX-License-Identifier: MIT
//
// Where VMOs lie in the window.

#include "engine/cpu/unicorn/window.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/machine.h"
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
static uint64_t probe(const struct machine *machine, uint64_t n) {
    const uint64_t golden = 0x9e3779b97f4a7c15ull;
    const uint64_t engine = (uintptr_t)machine->hidden / HIDDEN_SIZE;
    return (engine * golden * golden + n * golden) >> 26; // Of 38 bits.
}

// The host's own choice is tried first, then places all over the window.
uint8_t *window_take(struct machine *machine, size_t size) {
    if (size > WINDOW_SIZE) {
        return NULL;
    }
    const uint64_t last = WINDOW_SIZE - size;
    const uint64_t page = platform_page_size();
    uint8_t *any = platform_reserve(size);
    if (any == NULL || (uintptr_t)any - (uintptr_t)machine->window <= last) {
        return any;
    }
    platform_unmap(any, size);
    for (int i = 0; i < PROBES; i++) {
        const uint64_t offset = probe(machine, machine->probes++) % (last + 1) / page * page;
        bool taken = false;
        if (platform_reserve_at(machine->window + offset, size, &taken)) {
            return machine->window + offset;
        }
    }
    return NULL;
}

// --- Slots ---

// The index of the first slot behind the address.
static size_t index_behind(const struct window_slots *slots, uint64_t base) {
    size_t low = 0;
    size_t high = slots->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (slots->all[middle]->base <= base) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct window_slot *window_slot_of(struct machine *machine, uint64_t window_page) {
    struct window_slots *slots = &machine->slots;
    const uint64_t address = window_page << 12;
    if (slots->last == NULL || address - slots->last->base >= slots->last->size) {
        slots->last = slots->all[index_behind(slots, address) - 1];
    }
    CHECK(address - slots->last->base < slots->last->size);
    return slots->last;
}

static struct window_slot *find(const struct window_slots *slots, const struct vmo *vmo,
                                uint64_t offset) {
    for (size_t i = 0; i < slots->count; i++) {
        struct window_slot *slot = slots->all[i];
        if (slot->vmo == vmo && offset >= slot->vmo_offset &&
            offset - slot->vmo_offset < slot->size) {
            return slot;
        }
    }
    return NULL;
}

static bool insert(struct window_slots *slots, struct window_slot *slot) {
    if (slots->count == slots->room) {
        const size_t room = slots->room == 0 ? 4 : 2 * slots->room;
        struct window_slot **all = realloc(slots->all, room * sizeof(struct window_slot *));
        if (all == NULL) {
            return false;
        }
        slots->all = all;
        slots->room = room;
    }
    const size_t index = index_behind(slots, slot->base);
    CHECK(index == 0 || slot->base - slots->all[index - 1]->base >= slots->all[index - 1]->size);
    CHECK(index == slots->count || slots->all[index]->base - slot->base >= slot->size);
    memmove(&slots->all[index + 1], &slots->all[index],
            (slots->count - index) * sizeof(struct window_slot *));
    slots->all[index] = slot;
    slots->count++;
    slots->pages += slot->size >> 12;
    return true;
}

static void free_slot(struct window_slot *slot) {
    free(slot->places);
    free(slot->translated);
    free(slot->written);
    free(slot);
}

static struct window_slot *make_slot(uint64_t size) {
    struct window_slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL) {
        return NULL;
    }
    slot->size = size;
    slot->places = calloc(size >> 12, sizeof *slot->places);
    slot->translated = calloc((size >> 15) + 1, sizeof *slot->translated);
    slot->written = calloc((size >> 15) + 1, sizeof *slot->written);
    if (slot->places == NULL || slot->translated == NULL || slot->written == NULL) {
        free_slot(slot);
        return NULL;
    }
    return slot;
}

static bool place(struct machine *machine, struct window_slot *slot) {
    uint8_t *at = window_take(machine, slot->size);
    if (at == NULL) {
        return false;
    }
    slot->base = (uint64_t)(at - machine->window);
    if (platform_memory_map(slot->vmo->memory, slot->vmo_offset, slot->size,
                            PLATFORM_READ | PLATFORM_WRITE, at) == NULL ||
        !insert(&machine->slots, slot)) {
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
    if (start < end) {
        const uint64_t first = (start - slot->vmo_offset) >> 12;
        const uint64_t last = (end - 1 - slot->vmo_offset) >> 12;
        code_pages_note(slot, first, last + 1 - first);
    }
}

// A place for the part of the VMO from `offset` to its present end.
static zx_status_t add_slot(struct machine *machine, struct vmo *vmo, uint64_t offset,
                            uint64_t end) {
    const uint64_t page = platform_page_size();
    struct window_slot *slot = make_slot((end - offset + page - 1) / page * page);
    if (slot == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    slot->machine = machine;
    slot->vmo = vmo;
    slot->vmo_offset = offset;
    if (!place(machine, slot)) {
        free_slot(slot);
        return ZX_ERR_NO_MEMORY;
    }
    vmo_ref(vmo);
    slot->listener.written = note_write;
    vmo_listener_add(vmo, &slot->listener);
    return ZX_OK;
}

zx_status_t machine_add_vmo(struct machine *machine, struct vmo *vmo) {
    const uint64_t size = vmo->size;
    if (size > WINDOW_SIZE) {
        return ZX_ERR_NO_MEMORY;
    }
    if (machine->lent == NULL) {
        return ZX_OK; // When it is needed.
    }
    uint64_t placed = 0;
    const struct window_slot *slot = find(&machine->slots, vmo, 0);
    while (slot != NULL) {
        placed = slot->vmo_offset + slot->size;
        slot = find(&machine->slots, vmo, placed);
    }
    return placed < size ? add_slot(machine, vmo, placed, size) : ZX_OK;
}

struct window_slot *window_slot_for(struct machine *machine, const struct backing *backing) {
    struct window_slot *slot = find(&machine->slots, backing->vmo, backing->vmo_offset);
    if (slot == NULL && machine_add_vmo(machine, backing->vmo) == ZX_OK) {
        slot = find(&machine->slots, backing->vmo, backing->vmo_offset);
    }
    return slot;
}

void window_clear(struct machine *machine) {
    for (size_t i = 0; i < machine->slots.count; i++) {
        struct window_slot *slot = machine->slots.all[i];
        vmo_listener_remove(slot->vmo, &slot->listener);
        platform_unmap(machine->window + slot->base, slot->size);
        vmo_unref(slot->vmo);
        free_slot(slot);
    }
    free(machine->slots.all);
    machine->slots = (struct window_slots){0};
}
